; equal? is right for what is large, shared or circular, and takes no longer than there are objects
(list (equal? (make-vector 2000000 0) (make-vector 2000000 0)) (equal? (make-list 1200000 0) (make-list 1200000 0)) (equal? (make-list 1200000 0) (make-list 1200001 0)))
=> (#t #t #f)
(define (shared n end) (let loop ((i 0) (l end)) (if (< i n) (loop (+ i 1) (cons l l)) l)))
(list (equal? (shared 60 1) (shared 60 1)) (equal? (shared 60 1) (shared 60 2)) (equal? (shared 60 (vector 1)) (shared 60 (vector 1))))
=> (#t #f #t)
(define (circle . items) (set-cdr! (last-pair items) items) items)
(list (equal? (circle 'a 'b) (circle 'a 'b 'a 'b)) (equal? (circle 'a 'b) (circle 'a 'b 'a)) (equal? (circle 1) (circle 1)))
=> (#t #f #t)
(let ((a (vector 1 2 #f)) (b (vector 1 2 #f))) (vector-set! a 2 a) (vector-set! b 2 b) (equal? a b))
=> #t
(define (shared n end) (let loop ((i 0) (l end)) (if (< i n) (loop (+ i 1) (cons l l)) l)))
(length (member (shared 30 1) (list (shared 30 2) (shared 30 3) (shared 30 1))))
=> 1
