; what packet code may do: each function here is checked as a primitive when it is published
(define-primitive (attempt x) (guard (e ((symbol? e) (list 'caught e))) (if x (raise 'no) 'yes)))
(list (attempt #t) (attempt #f))
=> ((caught no) yes)
; a guard without else raises again, in packet code too
(define-primitive (inner x) (guard (e ((string? e) 'text)) (raise x)))
(define-primitive (outer x) (guard (e (#t (list 'outer e))) (inner x)))
(outer 5)
=> (outer 5)
; loops that are no closures
(define-primitive (sum l) (let loop ((l l) (s 0)) (if (null? l) s (loop (cdr l) (+ s (car l))))))
(sum '(1 2 3))
=> 6
(define-primitive (build n) (let loop ((i 0)) (if (= i n) '() (cons i (loop (+ i 1))))))
(build 4)
=> (0 1 2 3)
(define-primitive (count-down n) (do ((i n (- i 1)) (l '() (cons i l))) ((zero? i) l)))
(count-down 3)
=> (1 2 3)
; an assigned variable that a local function shares
(define-primitive (tally l) (let ((n 0)) (define (visit x) (set! n (+ n x)) n) (let loop ((l l)) (if (pair? l) (begin (visit (car l)) (loop (cdr l))) n))))
(tally '(1 2 3))
=> 6
; several values
(define-primitive (both a b) (let-values (((x y) (values b a))) (list x y)))
(both 1 2)
=> (2 1)
; refused
(define-primitive (keep x) (lambda () x))
=! profile
(define-primitive (call f) (f 1))
=! profile
(define-primitive (change p) (set-cdr! p p))
=! profile
(define-primitive (intern-it s) (string->symbol s))
=! profile
(define-primitive (show x) (display x))
=! profile
(define counter 0)
(define (bump) (set! counter (+ counter 1)))
(define-primitive (read-it) counter)
=! profile
(define-primitive (through x) (map car x))
=! profile
(define-primitive (nowhere x) (not-defined x))
=! profile
; what packet code names is constant from then on, with all that it leads to
(define table (list (vector 1 2) (string #\a)))
(define other (vector 1))
(define-primitive (first-of i) (vector-ref (car table) i))
(vector-set! other 0 5)
(list (first-of 1) other)
=> (2 #(5))
(define table (list (vector 1 2)))
(define-primitive (first-of i) (vector-ref (car table) i))
(vector-set! (car table) 0 5)
=! frozen
(define ring (list 1 2))
(set-cdr! (cdr ring) ring)
(define-primitive (second) (cadr ring))
(set-car! ring 7)
=! frozen
