; a closure needs no slot of a variable that is a constant
(define g (let ((n 1)) (lambda () n)))
(g)
=> 1
(define (count) (let ((step 2) (at 0)) (lambda () (set! at (+ at step)) at)))
(define next (count))
(list (next) (next))
=> (2 4)
(let ((name 'a) (n 5)) (define (f x) (if (= x n) name (f (+ x 1)))) (list (f 0) (map (lambda (x) (list x n name)) '(1))))
=> (a ((1 5 a)))
(let ((n 1)) (define (f g) (g n)) (f (lambda (x) (lambda () (+ x n)))) ((f (lambda (x) (lambda () (+ x n))))))
=> 2
