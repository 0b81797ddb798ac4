; macros: hygiene, ellipses, scope
(define-syntax swap!
  (syntax-rules () ((_ a b) (let ((tmp a)) (set! a b) (set! b tmp)))))
(let ((tmp 1) (other 2)) (swap! tmp other) (list tmp other))
=> (2 1)
(define-syntax my-or
  (syntax-rules () ((_) #f) ((_ e) e) ((_ e r ...) (let ((t e)) (if t t (my-or r ...))))))
(let ((t 5)) (my-or #f t))
=> 5
(define-syntax my-or2
  (syntax-rules () ((_ a b) (let ((t a)) (if t t b)))))
(let ((if list) (t 7)) (my-or2 #f t))
=> 7
(let ((x 1)) (define-syntax get-x (syntax-rules () ((_) x))) (let ((x 2)) (list x (get-x))))
=> (2 1)
(let ((=> #f)) (cond (#t => 'ok)))
=> ok
(let ((else #f)) (cond (else 1) (#t 2)))
=> 2
(let ((else #f)) (case 9 ((1) 'one) ((else) 'none) ((9) 'nine)))
=> nine
(let ((quote -)) '5)
=> -5
(let ((if (lambda (a b c) (list a b c)))) (if 1 2 3))
=> (1 2 3)
(define-syntax unless2 (syntax-rules () ((_ c b ...) (if c #f (begin b ...)))))
(let ((begin list) (if vector)) (unless2 #f 1 2))
=> 2
(let-syntax ((given-that (syntax-rules () ((_ test stmt1 stmt2 ...) (if test (begin stmt1 stmt2 ...))))))
  (let ((if #t)) (given-that if (set! if 'now)) if))
=> now
(let ((x 'outer))
  (let-syntax ((m (syntax-rules () ((m) x))))
    (let ((x 'inner)) (m))))
=> outer
(letrec-syntax
    ((my-or (syntax-rules ()
              ((my-or) #f) ((my-or e) e)
              ((my-or e1 e2 ...) (let ((temp e1)) (if temp temp (my-or e2 ...)))))))
  (let ((x #f) (y 7) (temp 8) (let odd?) (if even?))
    (my-or x (let temp) (if y) y)))
=> 7
(define-syntax be-like-begin
  (syntax-rules () ((be-like-begin name)
    (define-syntax name (syntax-rules () ((name expr (... ...)) (begin expr (... ...))))))))
(be-like-begin sequence)
(sequence 1 2 3 4)
=> 4
(let-syntax ((simple-let (syntax-rules ()
    ((_ (head ... ((x . y) val) . tail) body1 body2 ...) (syntax-error "expected an identifier but got" (x . y)))
    ((_ ((name val) ...) body1 body2 ...) ((lambda (name ...) body1 body2 ...) val ...)))))
  (simple-let ((a 1) (b 2)) (+ a b)))
=> 3
(define-syntax simple-let
  (syntax-rules ()
    ((_ (head ... ((x . y) val) . tail) body) (syntax-error "expected an identifier" (x . y)))
    ((_ ((name val) ...) body) ((lambda (name ...) body) val ...))))
(simple-let ((a 1) ((b) 2)) a)
=! syntax
(define-syntax my-let*
  (syntax-rules ()
    ((_ () body ...) (let () body ...))
    ((_ ((x v) rest ...) body ...) (let ((x v)) (my-let* (rest ...) body ...)))))
(my-let* ((x 1) (y (+ x 1)) (x (* y 10))) (list x y))
=> (20 2)
(define-syntax flat (syntax-rules () ((_ (a b ...) ...) '(a ... (b ... ) ...))))
(flat (1 2 3) (4) (5 6))
=> (1 4 5 (2 3) () (6))
(define-syntax flat2 (syntax-rules () ((_ (a ...) ...) '(a ... ...))))
(flat2 (1 2) () (3))
=> (1 2 3)
(define-syntax my-let-values2 (syntax-rules () ((_ ((n v) ...) b) (list '(n ...) (+ v ...) b))))
(my-let-values2 ((a 1) (b 2)) 'x)
=> ((a b) 3 x)
(define-syntax tail-pattern (syntax-rules () ((_ a ... z) '(z a ...))))
(tail-pattern 1 2 3 4)
=> (4 1 2 3)
(define-syntax dotted (syntax-rules () ((_ a . b) '(a b))))
(dotted 1 2 3)
=> (1 (2 3))
(define-syntax dotted-end (syntax-rules () ((_ (a ... . r)) '((a ...) r))))
(dotted-end (1 2 . 3))
=> ((1 2) 3)
(define-syntax vec (syntax-rules () ((_ #(a b ...)) (list a 'b ...))))
(vec #(1 2 3))
=> (1 2 3)
(define-syntax lit (syntax-rules (=>) ((_ a => b) (cons a b)) ((_ a b c) 'no)))
(lit 1 => 2)
=> (1 . 2)
(define-syntax lit2 (syntax-rules (=>) ((_ a => b) (cons a b)) ((_ a b c) 'no)))
(let ((=> 0)) (lit2 1 => 2))
=> no
(define-syntax under (syntax-rules () ((_ _ x) x)))
(under 1 2)
=> 2
(define-syntax my-ell (syntax-rules ::: () ((_ a :::) (list a ::: '...))))
(my-ell 1 2)
=> (1 2 ...)
(define-syntax kw (syntax-rules () ((_ "a" x) (list 'a x)) ((_ 1 x) (list 'one x)) ((_ #\c x) (list 'c x))))
(list (kw "a" 1) (kw 1 2) (kw #\c 3))
=> ((a 1) (one 2) (c 3))
(define-syntax while
  (syntax-rules () ((_ test body ...) (let loop () (when test body ... (loop))))))
(let ((i 0) (loop 'mine)) (while (< i 5) (set! i (+ i 1))) (list i loop))
=> (5 mine)
(define-syntax my-if
  (syntax-rules () ((_ c t e) (cond (c t) (else e)))))
(let ((else #f)) (my-if #f 1 2))
=> 2
(define-syntax def2 (syntax-rules () ((_ a b v) (begin (define a v) (define b v)))))
(def2 p q 4)
(+ p q)
=> 8
(define-syntax hidden (syntax-rules () ((_ v) (begin (define helper v) helper))))
(define helper 'visible)
(let () (hidden 3) helper)
=> visible
(let () (define-syntax ten (syntax-rules () ((_) 10))) (define (f) (ten)) (f))
=> 10
(define-syntax loop-until
  (syntax-rules ()
    ((_ var init test step body ...) (let lp ((var init)) (if (not test) (begin body ... (lp step)))))))
(let ((acc '())) (loop-until i 0 (= i 3) (+ i 1) (set! acc (cons i acc))) acc)
=> (2 1 0)
(define-syntax m1 (syntax-rules () ((_ x) (m2 x y))))
(define-syntax m2 (syntax-rules () ((_ a b) (let ((a 1) (b 2)) (list a b)))))
(let ((y 9)) (m1 y))
=> (1 2)
(define-syntax capture? (syntax-rules () ((_ e) (let ((x 10)) (+ x e)))))
(let ((x 1)) (capture? (+ x 1)))
=> 12
(let loop ((i 0)) (define-syntax inc (syntax-rules () ((_ x) (+ x 1)))) (if (< i 3) (loop (inc i)) i))
=> 3
(define-syntax for
  (syntax-rules (in) ((_ x in l body ...) (for-each (lambda (x) body ...) l))))
(let ((sum 0)) (for x in '(1 2 3) (set! sum (+ sum x))) sum)
=> 6
(define-syntax nested
  (syntax-rules () ((_ ((k v ...) ...) ...) '((k ... (v ... ...)) ...))))
(nested ((a 1 2) (b 3)) ((c)))
=> ((a b (1 2 3)) (c ()))
(define-syntax (my-if2 form rename compare) (list (rename 'if) (cadr form) (caddr form) (cadddr form)))
(let ((if list)) (my-if2 #f 1 2))
=> 2
(define-syntax er-swap
  (lambda (form rename compare)
    (let ((a (cadr form)) (b (caddr form)))
      `(,(rename 'let) ((,(rename 'tmp) ,a)) (,(rename 'set!) ,a ,b) (,(rename 'set!) ,b ,(rename 'tmp))))))
(let ((tmp 1) (let 2)) (er-swap tmp let) (list tmp let))
=> (2 1)
(define-syntax er-else?
  (lambda (form rename compare) (if (compare (cadr form) (rename 'else)) ''yes ''no)))
(list (er-else? else) (let ((else 1)) (er-else? else)) (er-else? other))
=> (yes no no)
(foo-undefined-macro 1)
=! unbound
(define-syntax only-one (syntax-rules () ((_ a) a)))
(only-one 1 2)
=! syntax
(define-syntax bad (syntax-rules () ((_ a ...) (list a))))
(bad 1 2)
=! syntax
(let ((x 1)) (let-syntax () (define x 2) x))
=> 2
(define-syntax jabberwocky
  (syntax-rules ()
    ((_ hatter)
     (begin
       (define march-hare 42)
       (define-syntax hatter (syntax-rules () ((_) march-hare)))))))
(jabberwocky mad-hatter)
(mad-hatter)
=> 42
(let ((a 1)) (define-values (b c) (values 2 3)) (define-syntax sum (syntax-rules () ((_) (+ a b c)))) (sum))
=> 6
