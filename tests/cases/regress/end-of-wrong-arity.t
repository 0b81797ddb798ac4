; an end that is no end: with the wrong number of arguments a call raises, and may not be put behind the code
(if (= 1 1) (raise 4 5))
=! arguments
(if (= 1 2) 3 (raise 4 5))
=! arguments
(guard (e (#t 'caught)) (+ 1 (raise 4 5)))
=> caught
(if (= 1 2) (raise 4 5) 7)
=> 7
(define (f x) (if x (drop 'a 'b)) 8)
(f #f)
=> 8
