; equivalence
(list (eqv? 'a 'a) (eqv? 'a 'b) (eqv? 2 2) (eqv? '() '()) (eqv? 1152921504606846975 1152921504606846975) (eqv? (cons 1 2) (cons 1 2)) (eqv? #f 'nil) (eqv? #\a #\a) (eqv? 1.5 1.5) (eqv? 100 100.0))
=> (#t #f #t #t #t #f #f #t #t #f)
(let ((p (lambda (x) x))) (list (eqv? p p) (eq? p p) (eqv? (lambda () 1) (lambda () 2))))
=> (#t #t #f)
(define (gen-counter) (let ((n 0)) (lambda () (set! n (+ n 1)) n)))
(let ((g (gen-counter))) (list (eqv? g g) (eqv? (gen-counter) (gen-counter))))
=> (#t #f)
(letrec ((f (lambda () (if (eqv? f g) 'f 'both))) (g (lambda () (if (eqv? f g) 'g 'both)))) (eqv? f g))
=> #f
(let ((x '(a))) (eqv? x x))
=> #t
(list (eq? 'a 'a) (eq? (list 'a) (list 'a)) (eq? '() '()) (eq? car car) (eq? #t #t))
=> (#t #f #t #t #t)
(list (equal? 'a 'a) (equal? '(a) '(a)) (equal? '(a (b) c) '(a (b) c)) (equal? "abc" "abc") (equal? 2 2) (equal? (make-vector 5 'a) (make-vector 5 'a)) (equal? #(1 2) #(1 3)) (equal? '(1 2) '(1 2 3)) (equal? "a" 'a))
=> (#t #t #t #t #t #t #f #f #f)
(equal? '(1 (2 #(3 "four" #\5 6.0)) . 7) (list 1 (list 2 (vector 3 (string #\f #\o #\u #\r) #\5 6.0))))
=> #f
(equal? '(1 (2 #(3 "four" #\5 6.0)) . 7) (cons 1 (cons (list 2 (vector 3 (string #\f #\o #\u #\r) #\5 6.0)) 7)))
=> #t
(let loop ((i 0) (a '()) (b '())) (if (< i 100000) (loop (+ i 1) (list a) (list b)) (equal? a b)))
=> #t
(list (equal? "" "") (equal? #() #()) (equal? #u8() #()) (equal? +nan.0 +nan.0) (equal? 0.0 -0.0))
=> (#t #t #f #t #f)
