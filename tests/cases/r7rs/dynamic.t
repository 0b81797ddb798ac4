; parameters, promises, eval, system
(define radix (make-parameter 10 (lambda (x) (if (and (exact-integer? x) (<= 2 x 16)) x (error "invalid radix")))))
(define (f n) (number->string n (radix)))
(list (f 12) (parameterize ((radix 2)) (f 12)) (f 12))
=> ("12" "1100" "12")
(define radix (make-parameter 10 (lambda (x) (if (and (exact-integer? x) (<= 2 x 16)) x (error "invalid radix")))))
(parameterize ((radix 0)) (radix))
=! error
(define p (make-parameter 1 (lambda (x) (* x 2))))
(list (p) (parameterize ((p 5)) (p)) (p))
=> (2 10 2)
(define a (make-parameter 1))
(define b (make-parameter 2))
(parameterize ((a 10) (b (a))) (list (a) (b)))
=> (10 1)
(define a (make-parameter 1))
(list (parameterize ((a 2)) (parameterize ((a 3)) (a))) (a))
=> (3 1)
(define a (make-parameter 1))
(list (call/cc (lambda (k) (parameterize ((a 2)) (k (a))))) (a))
=> (2 1)
(define a (make-parameter 1))
(list (guard (e (#t (list e (a)))) (parameterize ((a 2)) (raise (a)))) (a))
=> ((2 1) 1)
(define a (make-parameter 1))
(define (get) (a))
(parameterize ((a 'dynamic)) (get))
=> dynamic
(define a (make-parameter 0))
(call-with-values (lambda () (parameterize ((a 1)) (values (a) 2))) list)
=> (1 2)
(parameterize ((5 1)) 2)
=! type
(parameterize () 5)
=> 5
(define a (make-parameter 1))
(with-exception-handler (lambda (e) (a)) (lambda () (parameterize ((a 2)) (raise-continuable 'x))))
=> 2
(force (delay (+ 1 2)))
=> 3
(let ((p (delay (+ 1 2)))) (list (force p) (force p)))
=> (3 3)
(let* ((n 0) (p (delay (begin (set! n (+ n 1)) n)))) (list (force p) (force p) n))
=> (1 1 1)
(define integers (letrec ((next (lambda (n) (delay (cons n (next (+ n 1))))))) (next 0)))
(define (head stream) (car (force stream)))
(define (tail stream) (cdr (force stream)))
(head (tail (tail integers)))
=> 2
(define (stream-filter p? s) (delay-force (if (null? (force s)) (delay '()) (let ((h (car (force s))) (t (cdr (force s)))) (if (p? h) (delay (cons h (stream-filter p? t))) (stream-filter p? t))))))
(define integers (letrec ((next (lambda (n) (delay (cons n (next (+ n 1))))))) (next 0)))
(car (force (cdr (force (cdr (force (stream-filter odd? integers)))))))
=> 5
(define (loop n) (if (= n 0) (delay 'done) (delay-force (loop (- n 1)))))
(force (loop 100000))
=> done
(define count 0)
(define p (delay (begin (set! count (+ count 1)) (if (> count x) count (force p)))))
(define x 5)
(list (force p) (begin (set! x 10) (force p)))
=> (6 6)
(define r (delay (begin (display "hello") 1)))
(define s (delay-force r))
(define t (delay-force s))
(begin (force t) (force r))
=~ "hello"
(list (force 5) (promise? (delay 1)) (promise? 5) (force (make-promise 7)) (let ((p (delay 1))) (eq? p (make-promise p))))
=> (5 #t #f 7 #t)
(promise? (force (delay (delay 1))))
=> #t
(guard (e (#t (list e))) (force (delay (raise 'in-promise))))
=> (in-promise)
(force (delay-force 5))
=! type
(define p (delay (values 1)))
(force p)
=> 1
(eval '(* 7 3) (interaction-environment))
=> 21
(eval '(let ((x 1)) (+ x 2)) (interaction-environment))
=> 3
(eval '(if) (interaction-environment))
=! syntax
(guard (e (#t (list 'caught e))) (eval '(raise 'inside) (interaction-environment)))
=> (caught inside)
(list (exact-integer? (current-jiffy)) (jiffies-per-second) (inexact? (current-second)) (<= (current-jiffy) (current-jiffy)))
=> (#t 1000000000 #t #t)
(list (list? (features)) (pair? (command-line)))
=> (#t #t)
(exit 1)
=! privilege
