; ports, reading, writing (datum labels are written, but not read)
(let ((p (open-input-string "ab\ncd"))) (list (read-char p) (peek-char p) (read-char p) (read-line p) (read-line p) (read-char p) (eof-object? (peek-char p))))
=> (#\a #\b #\b "" "cd" #<eof> #t)
(let ((p (open-input-string "one\ntwo\n"))) (let* ((a (read-line p)) (b (read-line p)) (c (read-line p))) (list a b (eof-object? c))))
=> ("one" "two" #t)
(let ((p (open-input-string "hello world"))) (list (read-string 5 p) (read-string 0 p) (read-string 100 p) (eof-object? (read-string 1 p))))
=> ("hello" "" " world" #t)
(let ((p (open-input-string "(1 . 2) sym \"str\" #\\a #(1) 'q ; c\n 5"))) (let loop ((x (read p)) (out '())) (if (eof-object? x) (reverse out) (loop (read p) (cons x out)))))
=> ((1 . 2) sym "str" #\a #(1) 'q 5)
(read (open-input-string "(1 2"))
=! read
(read (open-input-string ")"))
=! read
(eof-object? (read (open-input-string "  ; nothing")))
=> #t
(let ((p (open-input-string "a b"))) (read p) (list (read-char p) (read-char p)))
=> (#\space #\b)
(read (open-input-string "#;(hidden) #| block #| nested |# |# seen"))
=> seen
(let ((p (open-output-string))) (write 'abc p) (display " " p) (write "q\"x" p) (write-char #\! p) (newline p) (write-string "hello" p 1 3) (get-output-string p))
=> "abc \"q\\\"x\"!\nel"
(let ((p (open-output-string))) (write-string "hello" p 1 3) (write-string "xyz" p 2) (get-output-string p))
=> "elz"
(let ((p (open-input-bytevector #u8(1 2 3 4 5)))) (list (read-u8 p) (peek-u8 p) (read-u8 p) (u8-ready? p) (read-bytevector 2 p) (read-bytevector 9 p) (eof-object? (read-u8 p)) (eof-object? (read-bytevector 1 p))))
=> (1 2 2 #t #u8(3 4) #u8(5) #t #t)
(let ((b (make-bytevector 4 0)) (p (open-input-bytevector #u8(1 2 3)))) (list (read-bytevector! b p 1 3) b (read-bytevector! b p) b (eof-object? (read-bytevector! b p))))
=> (2 #u8(3 1 2 0) 1 #u8(3 1 2 0) #t)
(let ((p (open-output-bytevector))) (write-u8 1 p) (write-bytevector #u8(2 3 4) p 1) (get-output-bytevector p))
=> #u8(1 3 4)
(let ((p (open-input-string "x"))) (list (port? p) (input-port? p) (output-port? p) (textual-port? p) (binary-port? p) (input-port-open? p) (begin (close-port p) (input-port-open? p)) (port? 5)))
=> (#t #t #f #t #f #t #f #f)
(let ((p (open-input-string "x"))) (close-input-port p) (read-char p))
=! file
(read-char (open-input-bytevector #u8(1)))
=! type
(write-char #\a (open-input-string ""))
=! type
(call-with-port (open-input-string "abc") (lambda (p) (read-char p)))
=> #\a
(call-with-port (open-output-string) (lambda (p) (write 1 p) (get-output-string p)))
=> "1"
(begin (display "to standard output") (newline) (write #\x))
=~ "to standard output\n#\\x"
(begin (display '(1 "two" #\3 (4 . 5))) (write '(1 "two" #\3)))
=~ "(1 two 3 (4 . 5))(1 \"two\" #\\3)"
(parameterize ((current-output-port (open-output-string))) (display "hidden") (get-output-string (current-output-port)))
=> "hidden"
(begin (parameterize ((current-output-port (open-output-string))) (display "hidden")) (display "seen"))
=~ "seen"
(with-output-to-string (lambda () (write 'x) (display "y")))
=> "xy"
(call-with-output-string (lambda (p) (write '(a . b) p)))
=> "(a . b)"
(let ((x (list 1 2))) (set-cdr! (cdr x) x) (write x))
=~ "#0=(1 2 . #0#)"
(let ((x (list 1 2))) (set-car! x x) (display x))
=~ "#0=(#0# 2)"
(let ((x (list 1))) (write (list x x)) (write-shared (list x x)) (write-simple (list x x)))
=~ "((1) (1))(#0=(1) #0#)((1) (1))"
(let ((v (vector 1 2))) (vector-set! v 0 v) (write v))
=~ "#0=#(#0# 2)"
(let* ((a (list 1)) (b (list a a))) (set-cdr! (cdr b) b) (write b))
=~ "#0=((1) (1) . #0#)"
(write '|foo bar|)
=~ "|foo bar|"
(display '|foo bar|)
=~ "foo bar"
(write (list 'quote 'a))
=~ "'a"
(write ''())
=~ "'()"
(write '(quote a b))
=~ "(quote a b)"
(write (list #t #f '() 1.5 #\space "" 'sym))
=~ "(#t #f () 1.5 #\\space \"\" sym)"
(write (list car (lambda (x) x) (let ((named (lambda (x) x))) 1)))
=~ "(#<procedure car> #<procedure> 1)"
(write "tab\there\a")
=~ "\"tab\\there\\a\""
(list (eof-object) (eof-object? (eof-object)) (eof-object? 5))
=> (#<eof> #t #f)
(let ((p (open-input-string "ab\nc"))) (read-char p) (let ((c1 (port-column p))) (read-line p) (list c1 (port-line p) (port-column p))))
=> (2 2 1)
(read (open-input-string "#0=(a b)"))
=! read
(let loop ((i 0) (x '())) (if (< i 100000) (loop (+ i 1) (list x)) (string-length (call-with-output-string (lambda (p) (write x p))))))
=> 200002
