; characters and strings
'(#\a #\A #\( #\space #\newline #\tab #\x41 #\λ #\null #\delete #\escape #\alarm #\backspace #\return)
=> (#\a #\A #\( #\space #\newline #\tab #\A #\λ #\null #\delete #\escape #\alarm #\backspace #\return)
(list (char->integer #\A) (integer->char 955) (char->integer #\x1F600))
=> (65 #\λ 128512)
(integer->char 55296)
=! range
(integer->char 1114112)
=! bounds
(list (char<? #\a #\b #\c) (char=? #\a #\a #\b) (char-ci=? #\a #\A) (char>=? #\c #\c #\b) (char>? #\b #\a) (char<=? #\a #\a))
=> (#t #f #t #t #t #t)
(list (char-upcase #\i) (char-downcase #\Ä) (char-upcase #\ß) (char-foldcase #\Σ) (char-upcase #\я) (char-upcase #\ς))
=> (#\I #\ä #\ß #\σ #\Я #\Σ)
(list (char-alphabetic? #\a) (char-alphabetic? #\1) (char-numeric? #\7) (char-whitespace? #\newline) (char-whitespace? #\xa0) (char-upper-case? #\A) (char-lower-case? #\A) (char-alphabetic? #\λ))
=> (#t #f #t #t #t #t #f #t)
(list (digit-value #\3) (digit-value #\x0664) (digit-value #\x0AE6) (digit-value #\x0EA6) (digit-value #\a))
=> (3 4 0 #f #f)
(char-upcase "a")
=! type
(list (make-string 3 #\x) (string #\a #\b) (string) (string-length "héλ") (string-ref "héλ" 2))
=> ("xxx" "ab" "" 3 #\λ)
(string-ref "abc" 3)
=! bounds
(string-ref "abc" -1)
=! bounds
(string-length 'abc)
=! type
(let ((s (make-string 3 #\*))) (string-set! s 1 #\?) s)
=> "*?*"
(string-set! "constant" 0 #\x)
=! frozen
(string-set! (symbol->string 'immutable) 0 #\x)
"reached"
=> "reached"
(list (string=? "abc" "abc") (string=? "a" "a" "b") (string<? "abc" "abd") (string<? "ab" "abc") (string>? "b" "a") (string<=? "a" "a" "b") (string>=? "b" "a") (string-ci=? "AbC" "aBc") (string-ci<? "a" "B"))
=> (#t #f #t #t #t #t #t #t #t)
(list (substring "hello" 1 3) (string-append "foo" "bar" "") (string-append) (string-copy "hello" 2) (string-copy "hello" 1 4))
=> ("el" "foobar" "" "llo" "ell")
(substring "hello" 3 2)
=! bounds
(substring "hello" 0 6)
=! bounds
(list (string->list "apple") (string->list "apple" 2) (string->list "apple" 2 4) (list->string '(#\a #\b)) (list->string '()))
=> ((#\a #\p #\p #\l #\e) (#\p #\l #\e) (#\p #\l) "ab" "")
(list->string '(#\a 5))
=! type
(let ((s (make-string 5 #\-))) (string-copy! s 1 "abc") (string-copy! s 3 s 0 2) s)
=> "-ab-a"
(let ((s (string #\a #\b #\c #\d #\e))) (string-copy! s 1 s 0 4) s)
=> "aabcd"
(string-copy! (make-string 2) 1 "abc")
=! bounds
(let ((s (make-string 4 #\a))) (string-fill! s #\b 1 3) s)
=> "abba"
(list (string-upcase "abc ÄÖ") (string-downcase "ABC") (string-foldcase "AbC"))
=> ("ABC ÄÖ" "abc" "abc")
"a\nb\t\"q\"\\ \x41; end"
=> "a\nb\t\"q\"\\ A end"
"line\
    continued"
=> "linecontinued"
(list (string? "x") (string? 'x) (string? #\x))
=> (#t #f #f)
(list (symbol? 'foo) (symbol? "bar") (symbol? '()) (symbol->string 'flying-fish) (string->symbol "mISSISSIppi") (symbol=? 'a 'a 'a) (symbol=? 'a 'b))
=> (#t #f #f "flying-fish" mISSISSIppi #t #f)
(eq? 'bitBlt (string->symbol "bitBlt"))
=> #t
(list (string->symbol "hello world") (string->symbol "") (string->symbol "1") '|a b| (string->symbol "a|b") '+ '- '... '|| '->x)
=> (|hello world| || |1| |a b| |a\|b| + - ... || ->x)
(eq? 'abc 'ABC)
=> #f
(list (string->vector "ABC") (vector->string #(#\1 #\2 #\3)) (vector->string #(#\a #\b #\c) 1) (string->vector "abcd" 1 3))
=> (#(#\A #\B #\C) "123" "bc" #(#\b #\c))
(list (utf8->string #u8(#x41 #xce #xbb)) (string->utf8 "Aλ") (string->utf8 "abc" 1) (utf8->string #u8(65 66 67) 1 2))
=> ("Aλ" #u8(65 206 187) #u8(98 99) "B")
(string-append "a" 5)
=! type
(let ((s (string-copy "abc"))) (eq? s (string-copy s)))
=> #f
(string-map (lambda (c) 5) "abc")
=! type
(make-string -1)
=! range
(string<? "a" 5)
=! type
