; proper tail calls: a million steps each
(let loop ((i 0)) (if (= i 1000000) i (loop (+ i 1))))
=> 1000000
(define (count n) (if (= n 0) 'done (count (- n 1))))
(count 1000000)
=> done
(define (ev? n) (if (= n 0) #t (od? (- n 1))))
(define (od? n) (if (= n 0) #f (ev? (- n 1))))
(ev? 1000000)
=> #t
(letrec ((ev? (lambda (n) (if (= n 0) #t (od? (- n 1))))) (od? (lambda (n) (if (= n 0) #f (ev? (- n 1))))))
  (od? 1000001))
=> #t
(define (f n) (cond ((= n 0) 'end) (else (f (- n 1)))))
(f 1000000)
=> end
(define (g n) (and #t (or #f (if (= n 0) 'and-or (g (- n 1))))))
(g 1000000)
=> and-or
(define (h n) (case n ((0) 'case) (else (h (- n 1)))))
(h 1000000)
=> case
(define (h2 n) (when #t (unless #f (if (= n 0) 'when (h2 (- n 1))))))
(h2 1000000)
=> when
(define (a n) (if (= n 0) 'apply (apply a (list (- n 1)))))
(a 1000000)
=> apply
(define (a2 n m) (if (= n 0) m (apply a2 (- n 1) (list (+ m 1)))))
(a2 100000 0)
=> 100000
(define (c n) (cond ((= n 0) 'arrow) ((- n 1) => c)))
(c 1000000)
=> arrow
(define (d n) (do () ((= n 0) 'do) (set! n (- n 1))))
(d 1000000)
=> do
(define (l n) (let ((m (- n 1))) (let* ((k m)) (letrec ((z k)) (if (< z 0) 'lets (l z))))))
(l 1000000)
=> lets
(define (b n) (begin 1 2 (if (= n 0) 'begin (b (- n 1)))))
(b 1000000)
=> begin
(define (k n next) (if (= n 0) (next 'cps) (k (- n 1) (lambda (v) (next v)))))
(k 10000 (lambda (v) v))
=> cps
(define (v n) (if (= n 0) (values 1 2) (v (- n 1))))
(call-with-values (lambda () (v 1000000)) list)
=> (1 2)
(define (cv n) (if (= n 0) 'cv (call-with-values (lambda () (- n 1)) cv)))
(cv 1000000)
=> cv
(define (lv n) (let-values (((a b) (values (- n 1) n))) (if (< a 0) 'lv (lv a))))
(lv 1000000)
=> lv
(define cl (case-lambda ((n) (cl n 0)) ((n acc) (if (= n 0) acc (cl (- n 1) (+ acc 1))))))
(cl 1000000)
=> 1000000
(define (state-a n) (if (= n 0) 'a (state-b (- n 1))))
(define (state-b n) (if (= n 0) 'b (state-c (- n 1))))
(define (state-c n) (if (= n 0) 'c (state-a (- n 1))))
(state-a 1000000)
=> b
(define (guarded n) (if (= n 0) 'ok (begin (guard (e (#t #f)) (if (odd? n) (raise 'x))) (guarded (- n 1)))))
(guarded 100000)
=> ok
(define (m n) (define-syntax again (syntax-rules () ((_ x) (m x)))) (if (= n 0) 'macro (again (- n 1))))
(m 1000000)
=> macro
(let ((p (let loop ((i 0) (acc '())) (if (= i 100000) acc (loop (+ i 1) (cons i acc)))))) (length (map (lambda (x) x) p)))
=> 100000
(define (rest-loop n . more) (if (= n 0) (length more) (apply rest-loop (- n 1) more)))
(rest-loop 100000 'a 'b 'c)
=> 3
((lambda (self) (self self 1000000)) (lambda (self n) (if (= n 0) 'self (self self (- n 1)))))
=> self
; not in tail position: 10^4 deep works, 10^5 is the error recursion
(define (deep n) (if (= n 0) 0 (+ 1 (deep (- n 1)))))
(deep 10000)
=> 10000
(define (deep n) (if (= n 0) 0 (+ 1 (deep (- n 1)))))
(deep 100000)
=! recursion
(define (deep n) (if (= n 0) 0 (+ 1 (deep (- n 1)))))
(guard (e ((error-object? e) (error-object-code e))) (deep 10000000))
=> recursion
(define (build n) (if (= n 0) '() (cons n (build (- n 1)))))
(apply + (build 1000))
=> 500500
