; guard, raise, handlers
(guard (e (#t (list 'caught e))) (raise 'oops))
=> (caught oops)
(guard (condition ((assq 'a condition) => cdr) ((assq 'b condition))) (raise (list (cons 'a 42))))
=> 42
(guard (condition ((assq 'a condition) => cdr) ((assq 'b condition))) (raise (list (cons 'b 23))))
=> (b . 23)
(guard (e ((symbol? e) 'symbol) ((string? e) 'string)) (raise "x"))
=> string
(guard (e ((symbol? e) 'symbol) (else 'other)) (raise 5))
=> other
(guard (outer (#t (list 'outer outer))) (guard (inner ((number? inner) 'number)) (raise 'not-a-number)))
=> (outer not-a-number)
(guard (outer (#t (list 'outer outer))) (guard (inner (#f 'never)) (raise 'x)))
=> (outer x)
(guard (e (#f 'never)) (raise 'gone))
=! gone
(guard (e (#t e)) 1 2 3)
=> 3
(call-with-values (lambda () (guard (e (#t (values 1 2))) (raise 'x))) list)
=> (1 2)
(call-with-values (lambda () (guard (e (#t 0)) (values 1 2))) list)
=> (1 2)
(guard (e (#t (list 'again e))) (guard (e ((eq? e 1) (raise 2))) (raise 1)))
=> (again 2)
(guard (e (#t 'out)) (guard (e (#f 1)) (guard (e (#f 2)) (raise 'deep))))
=> out
(let ((log '()))
  (define (note x) (set! log (cons x log)))
  (guard (e (#t (note e)))
    (guard (e ((begin (note 'clause) #f) 'never))
      (dynamic-wind (lambda () (note 'in)) (lambda () (raise 'r)) (lambda () (note 'out)))))
  (reverse log))
=> (in out clause r)
(let ((x 1)) (guard (e (#t x)) (set! x 2) (raise 'y)))
=> 2
(define (safe-div a b) (guard (e ((eq? (error-object-code e) 'divide-by-zero) 'infinite)) (quotient a b)))
(list (safe-div 6 3) (safe-div 1 0))
=> (2 infinite)
(let loop ((i 0)) (if (< i 3) (guard (e (#t (loop (+ i 1)))) (raise i)) i))
=> 3
(guard (e ((string? e) => (lambda (x) (list x e)))) (raise "s"))
=> (#t "s")
(with-exception-handler (lambda (con) 42) (lambda () (+ (raise-continuable 'c) 1)))
=> 43
(with-exception-handler
  (lambda (con) (cond ((string? con) 1) (else 2)))
  (lambda () (+ (raise-continuable "should be a number") 23)))
=> 24
(with-exception-handler (lambda (e) 'ignored) (lambda () (raise 'oops)))
=! non-continuable
(guard (e (#t (error-object-code e))) (with-exception-handler (lambda (e) 'ignored) (lambda () (raise 'oops))))
=> non-continuable
(call/cc (lambda (k) (with-exception-handler (lambda (e) (k (list 'condition e))) (lambda () (+ 1 (raise 'an-error))))))
=> (condition an-error)
(with-exception-handler
  (lambda (e) 10)
  (lambda () (with-exception-handler (lambda (e) (+ 1 (raise-continuable 'inner))) (lambda () (+ 100 (raise-continuable 'x))))))
=> 111
(guard (e (#t (list 'outer e)))
  (with-exception-handler (lambda (e) (raise (list 'wrapped e))) (lambda () (raise 'x))))
=> (outer (wrapped x))
(with-exception-handler (lambda (e) 5) (lambda () (guard (e2 ((string? e2) 'no)) (+ 1 (raise-continuable 'sym)))))
=> 5
(guard (e (#t (list 'g e))) (with-exception-handler (lambda (e) 1) (lambda () (guard (e ((number? e) 'num)) (raise 5)))))
=> num
(with-exception-handler 5 (lambda () 1))
=! error
(with-exception-handler (lambda (e) 0) (lambda () (values 1)))
=> 1
(call-with-values (lambda () (with-exception-handler (lambda (e) 0) (lambda () (values 1 2)))) list)
=> (1 2)
(let ((k '()))
  (with-exception-handler
    (lambda (e) (set! k (cons e k)) 'ok)
    (lambda () (raise-continuable 1) (raise-continuable 2) (raise-continuable 3)))
  (reverse k))
=> (1 2 3)
(raise 'plain)
=! plain
(raise (list 1 "two"))
=! (1 "two")
(error "message" 1 2)
=! error
(guard (e ((error-object? e) (list (error-object-message e) (error-object-irritants e)))) (error "BOOM!" 1 '(2) "three"))
=> ("BOOM!" (1 (2) "three"))
(guard (e (#t (error-object? e))) (raise 'x))
=> #f
(guard (e (#t (error-object-code e))) (error "x"))
=> error
(guard (e (#t (error-object-code e))) (car 5))
=> type
(guard (e (#t (error-object-code e))) (vector-ref #(1 2) 2))
=> bounds
(guard (e (#t (error-object-code e))) (undefined-name))
=> unbound
(guard (e (#t (string? (error-object-message e)))) (car 5))
=> #t
(guard (e (#t (list (read-error? e) (file-error? e)))) (read (open-input-string "(1 . ")))
=> (#t #f)
(guard (e (#t (list (read-error? e) (file-error? e)))) (error "x"))
=> (#f #f)
(guard (e (#t (error-object-code e))) (assert (= 1 2)))
=> error
(begin (assert (= 1 1)) 'fine)
=> fine
(define r (guard (e (#t (vector e))) (raise-continuable 7)))
r
=> #(7)
(define (try thunk) (call/cc (lambda (k) (with-exception-handler (lambda (e) (k 'failed)) thunk))))
(list (try (lambda () (/ 1 0))) (try (lambda () 5)))
=> (failed 5)
(guard (e (#t 'handled)) (map (lambda (x) (if (= x 2) (raise x) x)) '(1 2 3)))
=> handled
(guard (e (#t e)) (sort '(1 2 3) (lambda (a b) (raise 'cmp))))
=> cmp
(let ((n 0)) (guard (e (#t n)) (for-each (lambda (x) (set! n (+ n x)) (if (= x 3) (raise 'stop))) '(1 2 3 4 5))))
=> 6
(guard (e ((eq? e 'a) 'got-a)) (guard (e ((eq? e 'b) 'got-b)) (raise 'a)))
=> got-a
