; several values never come to the slot of the call itself, and a jump back counts on written slots
(define (f) 5)
(define (g x) (letrec ((a (lambda (n p) (list n p))) (b (lambda (n p) (a 1 (receive (v) (f) v))))) (if x (a 3 ((car (list f)))) (b 4 1))))
(list (g #t) (g #f))
=> ((3 5) (1 5))
