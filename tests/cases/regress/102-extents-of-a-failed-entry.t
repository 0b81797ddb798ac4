; an entry that fails leaves its dynamic extents, so that nothing of it is in force later
(define p (make-parameter 1))
(define log '())
(define (note x) (set! log (cons x log)))
(guard (e (#t (note e))) (eval '(parameterize ((current-error-port 5)) (raise 'inner))))
(list log (port? (current-error-port)) (%winders))
=> ((inner) #t ())
(dynamic-wind (lambda () 1) (lambda () (dynamic-wind (lambda () 1) (lambda () (raise 'first)) (lambda () (display "inner") (raise 'second)))) (lambda () (display " outer")))
=! first
(dynamic-wind (lambda () 1) (lambda () (dynamic-wind (lambda () 1) (lambda () (raise 'first)) (lambda () (display "inner") (raise 'second)))) (lambda () (display " outer")))
=~ "inner outer"
(%winders)
=> ()
