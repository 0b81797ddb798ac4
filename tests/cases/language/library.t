; what the library has beyond R7RS
(sort '(3 1 2) <)
=> (1 2 3)
(sort (vector 3 1 2) >)
=> #(3 2 1)
(sort '((1 . a) (0 . b) (1 . c) (0 . d)) (lambda (x y) (< (car x) (car y))))
=> ((0 . b) (0 . d) (1 . a) (1 . c))
(let ((l (map (lambda (i) (modulo (* i 7919) 1009)) (iota 1000)))) (apply < (delete-duplicates (sort l <))))
=> #t
(list (sort '() <) (sort (list 1) <))
=> (() (1))
(list (filter odd? '(1 2 3)) (remove odd? '(1 2 3)) (reduce + 0 '(1 2 3)) (reduce + 0 '()) (fold-left list 0 '(1 2)) (fold-right list 0 '(1 2)) (fold cons '() '(1 2)) (fold-left + 0 '(1 2) '(10 20)) (fold-right cons* '() '(a b) '(1 2)))
=> ((1 3) (2) 6 0 ((0 1) 2) (1 (2 0)) (2 1) 33 (a 1 b 2))
(list (iota 3) (iota 3 1) (iota 3 0 5) (last '(1 2 3)) (list-head '(1 2 3) 2) (delete 2 '(1 2 3 2)) (list-index even? '(1 3 4)) (cons* 1 2 '(3)) (append-reverse '(2 1) '(3)))
=> ((0 1 2) (1 2 3) (0 5 10) 3 (1 2) (1 3) 2 (1 2 3) (1 2 3))
(list (any odd? '(2 3)) (every odd? '(1 3)) (any odd? '()) (every odd? '()) (any + '(1) '(2)) (every (lambda (a b) (< a b)) '(1 2) '(2 3)) (find even? '(1 2)) (find even? '(1)) (count odd? '(1 2 3)))
=> (#t #t #f #t 3 #t 2 #f 2)
(call-with-values (lambda () (partition odd? '(1 2 3))) list)
=> ((1 3) (2))
(list (append-map list '(1 2) '(a b)) (filter-map (lambda (x) (and (odd? x) (* x x))) '(1 2 3)) (take-while odd? '(1 3 4 5)) (drop-while odd? '(1 3 4 5)) (list-tabulate 3 square))
=> ((1 a 2 b) (1 9) (1 3) (4 5) (0 1 4))
(list (string-index "hello" #\l) (string-index "hello" #\z) (string-search "lo" "hello") (string-prefix? "he" "hello") (string-suffix? "lo" "hello") (string-prefix? "hello" "he"))
=> (2 #f 3 #t #t #f)
(list (string-trim "  a b ") (string-trim-left "  a") (string-trim-right "a...." #\.) (string-join '("a" "b" "c") ", ") (string-join '("a" "b")) (string-split "a,b,,c" #\,) (string-split "  a  b ") (string-reverse "abc"))
=> ("a b" "a" "a" "a, b, c" "a b" ("a" "b" "" "c") ("a" "b") "cba")
(let ((h (make-hash-table))) (hash-table-set! h 'a 1) (hash-table-set! h "b" 2) (hash-table-set! h '(c 1) 3) (list (hash-table-ref/default h 'a 0) (hash-table-ref/default h (string #\b) 0) (hash-table-ref h (list 'c 1)) (hash-table-ref/default h 'z 'none) (hash-table-size h) (hash-table-contains? h "b")))
=> (1 2 3 none 3 #t)
(let ((h (make-hash-table))) (for-each (lambda (i) (hash-table-set! h i (* i i))) (iota 1000)) (for-each (lambda (i) (hash-table-delete! h (* 2 i))) (iota 500)) (list (hash-table-size h) (hash-table-ref/default h 501 #f) (hash-table-ref/default h 500 #f) (apply + (hash-table-keys h)) (list-head (hash-table-keys h) 3)))
=> (500 251001 #f 250000 (1 3 5))
(let ((h (make-hash-table))) (hash-table-update! h 'n (lambda (x) (+ x 1)) (lambda () 0)) (hash-table-update!/default h 'n (lambda (x) (+ x 1)) 0) (hash-table->alist h))
=> ((n . 2))
(hash-table-ref (make-hash-table) 'missing)
=! error
(hash-table-ref (make-hash-table) 'missing (lambda () 'thunk))
=> thunk
(let ((h (alist->hash-table '((a . 1) (b . 2) (a . 3)))) (sum 0)) (hash-table-walk h (lambda (k v) (set! sum (+ sum v)))) (list sum (hash-table-values h) (hash-table-fold h (lambda (k v n) (+ v n)) 0)))
=> (3 (1 2) 3)
(let* ((a (make-hash-table)) (b (begin (hash-table-set! a 1 2) (hash-table-copy a)))) (hash-table-clear! a) (list (hash-table-size a) (hash-table-size b)))
=> (0 1)
(list (bitwise-and 12 10) (bitwise-or 12 10) (bitwise-xor 12 10) (bitwise-not 0) (arithmetic-shift 1 10) (arithmetic-shift -1024 -3) (arithmetic-shift 1 -100) (bit-count 255) (integer-length 255))
=> (8 14 6 -1 1024 -128 0 8 8)
(arithmetic-shift 1 60)
=! integer-range
(list (u8+ 200 100) (u8- 1 2) (s8+ 100 100) (u32* 65536 65536) (u16-not 0) (s32-quotient -7 2) (s32-remainder -7 2) (u8-shift-left 255 4) (s8-shift-right -128 3) (u8-shift-left 1 8) (u32->s8 255) (s8->u16 -1))
=> (44 255 -56 0 65535 -3 -1 240 -16 0 -1 65535)
(map (lambda (f) (f 200 100)) (list u8+ u8- u8* u8-and u8-or u8-xor u8-quotient u8-remainder))
=> (44 100 32 64 236 172 2 0)
(list (u8< 1 2) (s8< -1 1) (u64= 5 5) (u8? 255) (u8? 256) (s8? -128) (u64? -1) (u8-bit? 4 2) (u8-bit? 4 1))
=> (#t #t #t #t #f #t #f #t #f)
(let ((f u8+)) (f 256 1))
=! range
(u8+ 256 1)
=! range
(u8-quotient 1 0)
=! divide-by-zero
(s8-quotient -128 -1)
=> -128
(let ((f s8-quotient)) (f -128 -1))
=> -128
(u64- 0 1)
=! integer-range
(let ((f u64-)) (f 0 1))
=! integer-range
(u8+ "a" 1)
=! type
(list (symbol? (generate-symbol)) (eq? (generate-symbol) (generate-symbol)) (symbol-append 'a 'b))
=> (#t #f ab)
(read-lines (open-input-string "a\nb"))
=> ("a" "b")
