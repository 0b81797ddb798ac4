; binding forms, internal definitions, assignment
(let ((x 2) (y 3)) (let* ((x 7) (z (+ x y))) (* z x)))
=> 70
(let ((x 2) (y 3)) (let ((x 7) (z (+ x y))) (* z x)))
=> 35
(letrec ((even? (lambda (n) (if (zero? n) #t (odd? (- n 1))))) (odd? (lambda (n) (if (zero? n) #f (even? (- n 1)))))) (even? 88))
=> #t
(letrec* ((p (lambda (x) (+ 1 (q (- x 1))))) (q (lambda (y) (if (zero? y) 0 (+ 1 (p (- y 1)))))) (x (p 5)) (y x)) y)
=> 5
(letrec ((a 1) (b (lambda () a))) (b))
=> 1
(letrec ((a (lambda () b)) (b 2)) (a))
=> 2
(letrec ((a b) (b 1)) a)
=! undefined
(let () (define a b) (define b 1) a)
=! undefined
(let () (define (f) (g)) (define (g) 'later) (f))
=> later
(let ((x 5)) (define foo (lambda (y) (bar x y))) (define bar (lambda (a b) (+ (* a b) a))) (foo (+ x 3)))
=> 45
(let ((x 5)) (define x 6) x)
=> 6
(define (f) (define a 1) (define (g) (set! a (+ a 1)) a) (g) (g))
(f)
=> 3
(let ((x 1)) (set! x (+ x 1)) x)
=> 2
(define x 28)
(set! x (+ x 1))
x
=> 29
(set! never-defined 5)
=! unbound
never-defined
=! unbound
(define (make-counter) (let ((n 0)) (lambda () (set! n (+ n 1)) n)))
(define c1 (make-counter))
(define c2 (make-counter))
(list (c1) (c1) (c2) (c1))
=> (1 2 1 3)
(define (adders) (map (lambda (n) (lambda (x) (+ x n))) '(1 2 3)))
(map (lambda (f) (f 10)) (adders))
=> (11 12 13)
(let ((fs '())) (do ((i 0 (+ i 1))) ((= i 3)) (set! fs (cons (lambda () i) fs))) (map (lambda (f) (f)) fs))
=> (2 1 0)
((lambda (a b . c) (list a b c)) 1 2 3 4)
=> (1 2 (3 4))
((lambda x x) 3 4 5 6)
=> (3 4 5 6)
((lambda (x y . z) z) 3 4)
=> ()
(define (opt a . rest) (if (null? rest) a (car rest)))
(list (opt 1) (opt 1 2))
=> (1 2)
(define plus (case-lambda (() 0) ((x) x) ((x y) (+ x y)) ((x y . z) (apply + x y z))))
(list (plus) (plus 1) (plus 1 2) (plus 1 2 3 4))
=> (0 1 3 10)
(define range (case-lambda ((e) (range 0 e)) ((b e) (do ((r '() (cons e r)) (e (- e 1) (- e 1))) ((< e b) r)))))
(list (range 3) (range 3 5))
=> ((0 1 2) (3 4))
((case-lambda ((a) 1) ((a b) 2)) 1 2 3)
=! arguments
((case-lambda ((a . r) (list 'rest r)) ((a b) 2)) 1 2)
=> (rest (2))
(let loop ((i 0) (acc '())) (if (= i 3) acc (loop (+ i 1) (cons i acc))))
=> (2 1 0)
(let fact ((n 10)) (if (= n 0) 1 (* n (fact (- n 1)))))
=> 3628800
(let loop ((numbers '(3 -2 1 6 -5)) (nonneg '()) (neg '()))
  (cond ((null? numbers) (list nonneg neg))
        ((>= (car numbers) 0) (loop (cdr numbers) (cons (car numbers) nonneg) neg))
        ((< (car numbers) 0) (loop (cdr numbers) nonneg (cons (car numbers) neg)))))
=> ((6 1 3) (-5 -2))
(do ((vec (make-vector 5)) (i 0 (+ i 1))) ((= i 5) vec) (vector-set! vec i i))
=> #(0 1 2 3 4)
(let ((x '(1 3 5 7 9))) (do ((x x (cdr x)) (sum 0 (+ sum (car x)))) ((null? x) sum)))
=> 25
(do ((i 0 (+ i 1)) (j 10 (- j 1))) ((= i j) (list i j)))
=> (5 5)
(if 0 'true 'false)
=> true
(if '() 'true 'false)
=> true
(if "" 'true 'false)
=> true
(list (and) (or) (and 1) (or 1) (and 1 2 'c '(f g)) (and 1 #f 2) (or #f #f) (or (memq 'b '(a b c)) (/ 3 0)))
=> (#t #f 1 1 (f g) #f #f (b c))
(cond ((> 3 2) 'greater) ((< 3 2) 'less))
=> greater
(cond ((> 3 3) 'greater) ((< 3 3) 'less) (else 'equal))
=> equal
(cond ((assv 'b '((a 1) (b 2))) => cadr) (else #f))
=> 2
(cond (5))
=> 5
(cond (#f 1) (6) (else 7))
=> 6
(case (* 2 3) ((2 3 5 7) 'prime) ((1 4 6 8 9) 'composite))
=> composite
(case (car '(c d)) ((a e i o u) 'vowel) ((w y) 'semivowel) (else => (lambda (x) x)))
=> c
(case 5 ((1 2) 'a) ((5) => (lambda (n) (* n n))) (else 'b))
=> 25
(case (string #\a) (("a") 'string) (else 'no))
=> no
(case #\b ((#\a) 1) ((#\b #\c) 2))
=> 2
(case '() ((()) 'empty) (else 'other))
=> empty
(case 1152921504606846975 ((1152921504606846975) 'big) (else 'small))
=> big
(when (> 1 0) 'a 'b)
=> b
(unless (< 1 0) 'a 'b)
=> b
(let* () 5)
=> 5
(let () 5)
=> 5
(let* ((x 1) (x (+ x 1)) (x (* x 10))) x)
=> 20
(begin 1 2 3)
=> 3
(let ((x 0)) (begin (set! x 5) (+ x 1)))
=> 6
(define-record-type <pare> (kons x y) pare? (x kar set-kar!) (y kdr))
(list (pare? (kons 1 2)) (pare? (cons 1 2)) (kar (kons 1 2)) (kdr (kons 1 2)) (let ((k (kons 1 2))) (set-kar! k 3) (kar k)))
=> (#t #f 1 2 3)
(define-record-type point (make-point x) point? (x px) (y py set-py!))
(let ((p (make-point 1))) (set-py! p 5) (list (px p) (py p)))
=> (1 5)
(define-record-type a (make-a v) a? (v a-v))
(define-record-type b (make-b v) b? (v b-v))
(list (a? (make-a 1)) (a? (make-b 1)) (vector? (make-a 1)))
=> (#t #f #f)
(define-record-type a (make-a v) a? (v a-v))
(define-record-type b (make-b v) b? (v b-v))
(a-v (make-b 1))
=! type
(define-record-type a (make-a v) a? (v a-v))
(a-v 5)
=! type
(define-record-type a (make-a v) a? (v a-v))
(make-a)
=! arguments
(define-record-type a (make-a v) a? (v a-v))
(map a-v (map make-a '(1 2 3)))
=> (1 2 3)
(define-record-type a (make-a v) a? (v a-v))
(list (eqv? (make-a 1) (make-a 1)) (equal? (make-a 1) (make-a 1)))
=> (#f #f)
(define-record-type empty (make-empty) empty?)
(empty? (make-empty))
=> #t
(let () (define-record-type local (make-local x) local? (x local-x)) (local-x (make-local 'in)))
=> in
(define-record-type host (make-host address) host? (address host-address))
(make-host 167772161)
=> #<host address: 167772161>
(lambda (x x) x)
=! syntax
(let ((x 1) (x 2)) x)
=! syntax
(if)
=! syntax
(let ((x)) x)
=! syntax
(quote)
=! syntax
(else)
=! syntax
(define)
=! syntax
((lambda () (define x 1)))
=! syntax
