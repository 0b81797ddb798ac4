; a guard does not see what goes wrong with its value after it has it
(define (three-hundred) 300)
(guard (o (#t 'outside)) (let (((x u8) (guard (e (#t 0)) (three-hundred)))) x))
=> outside
(define (f) u8 (guard (e (#t 1)) (car '(300))))
(guard (o (#t 'outside)) (f))
=> outside
(define (f (x u8)) x)
(guard (o (#t 'outside)) (f (guard (e (#t 0)) (car '(300)))))
=> outside
(guard (o (#t 'outside)) (let* ((x 1) ((y u8) x)) (set! y (guard (e (#t 0)) (car '(300)))) y))
=> outside
(define (f (x u8)) (guard (e (#t 0)) (u8+ x 1)))
(map f '(1 255))
=> (2 0)
(define (f x) (let (((y u8) (guard (e (#t 7)) (vector-ref (vector 1 2) x)))) (u8+ y 1)))
(map f '(1 2))
=> (3 8)
