; what the compiler does to functions, loops, variables and raw words
(define (f) (define (a) (+ 1 (b))) (define (b) (+ 1 (a))) 'dead) (f)
=> dead
(define (f) (define (a n) (+ 1 (a n))) 'dead-and-recursive) (f)
=> dead-and-recursive
(define (f n) (define x (* n 2)) (define (loop i) (if (= i 0) x (loop (- i 1)))) (loop n)) (f 4)
=> 8
(define (f) (define a 1) (define (g) (set! a (+ a 1)) a) (g) (g)) (f)
=> 3
(define (g n) (let* ((m n) (k m)) (lambda () (set! n 5) (list m k n)))) ((g 1))
=> (1 1 5)
(let ((p (lambda (x) x))) (list (eq? p p) (let loop ((i 0) (q p)) (if (= i 2) (eq? p q) (loop (+ i 1) p)))))
=> (#t #t)
(let loop ((a 1) (b 2) (c 3) (n 4)) (if (= n 0) (list a b c) (loop b c a (- n 1))))
=> (2 3 1)
(let loop ((i 0) (fs '())) (if (= i 3) (map (lambda (f) (f)) fs) (loop (+ i 1) (cons (lambda () (set! i (+ i 10)) i) fs))))
=> (12 11 10)
(define (f) (let loop ((i 0)) (guard (e (#t (if (< i 5) (loop (+ i 1)) (list 'done i)))) (raise i)))) (f)
=> (done 5)
(define (f n) (letrec ((e (lambda (n) (if (= n 0) 'even (o (- n 1))))) (o (lambda (n) (if (= n 0) 'odd (e (- n 1))))))
  (if (< n 100) (let ((m (* n 2))) (e (+ m n))) (o n)))) (list (f 3) (f 101))
=> (odd even)
(define (f g) (if (let loop ((l g)) (cond ((null? l) #f) ((eq? (car l) 'x) #t) (else (loop (cdr l))))) 'in 'out)) (list (f '(a x)) (f '(a)))
=> (in out)
(define (f x) (or (= x 1) (< x 0) 'neither)) (list (f 1) (f -1) (f 5))
=> (#t #t neither)
(define (f) (define a (lambda () (b))) (define (b) (c)) (define c (lambda () 'c)) (set! a (lambda () 'a)) (list (a) (b))) (f)
=> (a c)
(receive (a b) (let loop ((i 0)) (if (= i 3) (values i 'end) (loop (+ i 1)))) (list a b))
=> (3 end)
(receive (a . b) (if #t (values 1 2 3) 4) (list a b))
=> (1 (2 3))
(receive (a b) 5 a)
=! values
(call-with-values (lambda () (guard (e (#t 0)) (values 1 2))) list)
=> (1 2)
(let ((v (values 1 2))) v)
=! values
(begin (values 1 2) 3)
=> 3
; typed code
(define (f (n u8) . r) u8 (+ n 1)) (f 255 2)
=! range
(define (f (n u16)) u16 (u16+ n 1)) (list (f 65535) (apply f '(7)) (map f '(1 2)))
=> (0 8 (2 3))
(define (f (n u32)) (lambda (m) (u32+ n m))) ((f 1) 4294967295)
=> 0
(define (f (p pair)) list (cdr p)) (f '(1 . 2))
=! type
(define (f (n u16)) n) (f 'x)
=! type
(define (f (n u16)) (set! n (+ n 1)) n) (f 65535)
=! range
(define (f (n u16)) (let ((g (lambda () (set! n (+ n 1))))) (g) n)) (list (f 1))
=> (2)
(define (f (n u16)) (let ((g (lambda () (set! n (+ n 1))))) (g) n)) (f 65535)
=! range
(u8+ 256 1)
=! range
(let ((x (u8->u32 200))) (if (< x 300) (= x 200) 'no))
=> #t
(let ((x (u8->s32 200)) (y (s32- 0 1))) (list (< y x) (> y x) (<= x y) (= x x)))
=> (#t #f #f #t)
(let ((x 5) (n 3)) (list (u32-shift-left x n) (u32-shift-right 40 n) (u8-bit? x 2) (if (u8-bit? x 1) 'y 'n)))
=> (40 5 #t n)
(car 1 2)
=! arguments
