; dynamic-wind, escapes, multiple values
(let ((path '()))
  (dynamic-wind (lambda () (set! path (cons 'in path))) (lambda () (set! path (cons 'body path))) (lambda () (set! path (cons 'out path))))
  (reverse path))
=> (in body out)
(dynamic-wind (lambda () 1) (lambda () 2) (lambda () 3))
=> 2
(call-with-values (lambda () (dynamic-wind (lambda () 1) (lambda () (values 2 3)) (lambda () 4))) list)
=> (2 3)
(let ((path '()))
  (call/cc (lambda (k)
    (dynamic-wind (lambda () (set! path (cons 'in path))) (lambda () (k 1)) (lambda () (set! path (cons 'out path))))))
  (reverse path))
=> (in out)
(let ((path '()))
  (define (note x) (set! path (cons x path)))
  (call/cc (lambda (k)
    (dynamic-wind (lambda () (note 'in1))
      (lambda () (dynamic-wind (lambda () (note 'in2)) (lambda () (k 'x)) (lambda () (note 'out2))))
      (lambda () (note 'out1)))))
  (reverse path))
=> (in1 in2 out2 out1)
(let ((path '()))
  (define (note x) (set! path (cons x path)))
  (dynamic-wind (lambda () (note 'a))
    (lambda ()
      (call/cc (lambda (k) (dynamic-wind (lambda () (note 'b)) (lambda () (k #f)) (lambda () (note 'c)))))
      (note 'd))
    (lambda () (note 'e)))
  (reverse path))
=> (a b c d e)
(let ((path '()))
  (guard (e (#t (set! path (cons e path))))
    (dynamic-wind (lambda () (set! path (cons 'in path))) (lambda () (raise 'boom)) (lambda () (set! path (cons 'out path)))))
  (reverse path))
=> (in out boom)
(let ((out #f))
  (guard (e (#t (list e out)))
    (call/cc (lambda (k) (dynamic-wind (lambda () #f) (lambda () (k 1)) (lambda () (set! out 'left)))))
    (raise 'later)))
=> (later left)
(call/cc (lambda (k) (+ 1 (k 42))))
=> 42
(+ 1 (call/cc (lambda (k) 10)))
=> 11
(call-with-current-continuation (lambda (exit) (for-each (lambda (x) (if (negative? x) (exit x))) '(54 0 37 -3 245 19)) #t))
=> -3
(define (list-length obj)
  (call/cc (lambda (return)
    (letrec ((r (lambda (obj) (cond ((null? obj) 0) ((pair? obj) (+ (r (cdr obj)) 1)) (else (return #f))))))
      (r obj)))))
(list (list-length '(1 2 3 4)) (list-length '(a b . c)))
=> (4 #f)
(call-with-values (lambda () (call/cc (lambda (k) (k 1 2 3)))) list)
=> (1 2 3)
(call/cc procedure?)
=> #t
(let ((k2 #f)) (call/cc (lambda (k) (set! k2 k))) (k2 1))
=! escape
(let ((k2 (call/cc (lambda (k) k)))) (if (procedure? k2) (k2 5) k2))
=! escape
(let ((x '())) (call/cc (lambda (a) (call/cc (lambda (b) (set! x (cons 1 x)) (a 0))) (set! x (cons 2 x)))) x)
=> (1)
(let loop ((i 0)) (let ((r (call/cc (lambda (k) (if (< i 1000) (k #f) 'end))))) (if r r (loop (+ i 1)))))
=> end
(define (find-first p l) (call/cc (lambda (return) (for-each (lambda (x) (when (p x) (return x))) l) #f)))
(list (find-first even? '(1 3 4 5)) (find-first even? '(1 3)))
=> (4 #f)
(map (lambda (x) (call/cc (lambda (k) (if (odd? x) (k 'odd) x)))) '(1 2 3))
=> (odd 2 odd)
(call-with-values (lambda () (values 4 5)) (lambda (a b) b))
=> 5
(call-with-values * -)
=> -1
(call-with-values values list)
=> ()
(receive (a b . c) (values 1 2 3 4) (list a b c))
=> (1 2 (3 4))
(receive all (values) all)
=> ()
(let-values (((a b) (values 1 2)) ((c) (values 3)) (d (values 4 5))) (list a b c d))
=> (1 2 3 (4 5))
(let ((a 'a) (b 'b) (x 'x) (y 'y)) (let*-values (((a b) (values x y)) ((x y) (values a b))) (list a b x y)))
=> (x y x y)
(let ((a 'a) (b 'b) (x 'x) (y 'y)) (let-values (((a b) (values x y)) ((x y) (values a b))) (list a b x y)))
=> (x y a b)
(let-values (((root rem) (exact-integer-sqrt 32))) (* root rem))
=> 35
(let () (define-values (x y . z) (values 1 2 3 4)) (list x y z))
=> (1 2 (3 4))
(define-values (dx dy) (values 8 9))
(list dx dy)
=> (8 9)
(define-values all (values 1 2))
all
=> (1 2)
(begin (values 1 2) 3)
=> 3
(+ 1 (values 1 2))
=! values
(let-values (((a b) (values 1))) a)
=! values
(receive (a) (values 1 2) a)
=! values
(apply + 1 2 '(3 4 5))
=> 15
(apply list '())
=> ()
(apply + '(1 . 2))
=! type
(define (compose f g) (lambda args (f (apply g args))))
((compose sqrt *) 12 75)
=> 30
(map + '(1 2 3) '(10 20 30))
=> (11 22 33)
(map + '(1 2) '(10 20 30) '(100 200))
=> (111 222)
(map cadr '((a b) (d e) (g h)))
=> (b e h)
(let ((v (make-vector 5))) (for-each (lambda (i) (vector-set! v i (* i i))) '(0 1 2 3 4)) v)
=> #(0 1 4 9 16)
(let ((n 0)) (for-each (lambda (a b) (set! n (+ n (* a b)))) '(1 2 3) '(4 5 6)) n)
=> 32
(map car 5)
=! type
(map (lambda (x) x) '(1 . 2))
=! type
(vector-map + #(1 2) #(10 20 30))
=> #(11 22)
(vector-map cadr '#((a b) (d e)))
=> #(b e)
(let ((v '())) (vector-for-each (lambda (x) (set! v (cons x v))) #(1 2 3)) v)
=> (3 2 1)
(string-map char-upcase "abc")
=> "ABC"
(string-map (lambda (c k) (if (eqv? k #\u) (char-upcase c) (char-downcase c))) "studlycaps xxx" "ululululul")
=> "StUdLyCaPs"
(let ((v '())) (string-for-each (lambda (a b) (set! v (cons (list a b) v))) "ab" "cde") v)
=> ((#\b #\d) (#\a #\c))
(procedure? car)
=> #t
(procedure? 'car)
=> #f
(procedure? (lambda (x) x))
=> #t
(procedure? '(lambda (x) x))
=> #f
(list (procedure? (make-parameter 1)) (call/cc procedure?) (procedure? (case-lambda (() 1))))
=> (#t #t #t)
(5 5)
=! not-a-procedure
((lambda (x) x))
=! arguments
((lambda (x) x) 1 2)
=! arguments
(car 1 2)
=! arguments
(let ((f car)) (f))
=! arguments
(let ((f +)) (f 1 2 3))
=> 6
(map (lambda (f) (f 9)) (list sqrt - square list))
=> (3 -9 81 (9))
