; pairs and lists
(cons 'a '(b c))
=> (a b c)
(list (car '((a) b)) (cdr '((a) b c d)) (cdr '(1 . 2)))
=> ((a) (b c d) 2)
(car '())
=! type
(list (caar '((1) 2)) (cadr '(1 2)) (cdar '((1 . 5))) (cddr '(1 2 3)) (caddr '(1 2 3)) (cdddr '(1 2 3 4)) (cadddr '(1 2 3 4)) (cddddr '(1 2 3 4 5)))
=> (1 2 5 (3) 3 (4) 4 (5))
(caadr '(1 2))
=! type
(let ((p (cons 1 2))) (set-car! p 3) (set-cdr! p '(4)) p)
=> (3 4)
(set-car! '(constant) 1)
=! frozen
(list (list? '(a b)) (list? '()) (list? '(a . b)) (let ((x (list 'a))) (set-cdr! x x) (list? x)))
=> (#t #t #f #f)
(list (make-list 2 3) (length '(a (b) (c d e))) (length '()))
=> ((3 3) 3 0)
(length '(1 . 2))
=! type
(let ((x (list 1 2))) (set-cdr! (cdr x) x) (length x))
=! type
(list (append '(x) '(y)) (append '(a) '(b c d)) (append '(a (b)) '((c))) (append '(a b) '(c . d)) (append '() 'a) (append))
=> ((x y) (a b c d) (a (b) (c)) (a b c . d) a ())
(append '(1 . 2) '(3))
=! type
(let* ((a (list 1)) (b (append '(0) a))) (eq? (cdr b) a))
=> #t
(list (reverse '(a b c)) (reverse '(a (b c) d (e (f)))))
=> ((c b a) ((e (f)) d (b c) a))
(list (list-tail '(a b c d) 2) (list-ref '(a b c d) 2) (list-tail '(1 . 2) 1))
=> ((c d) c 2)
(list-ref '(1 2) 2)
=! bounds
(list-tail '(1 2) 3)
=! bounds
(list-ref '(1 2) -1)
=! bounds
(let ((ls (list 'one 'two 'five!))) (list-set! ls 2 'three) ls)
=> (one two three)
(let* ((a (list 1 2 3)) (b (list-copy a))) (set-car! b 9) (list a b))
=> ((1 2 3) (9 2 3))
(list (list-copy '()) (list-copy 5) (list-copy '(1 2 . 3)))
=> (() 5 (1 2 . 3))
(list (memq 'c '(a b c d e)) (memq (list 'a) '(b (a) c)) (member (list 'a) '(b (a) c)) (memv 101 '(100 101 102)))
=> ((c d e) #f ((a) c) (101 102))
(member "B" '("a" "b" "c") string-ci=?)
=> ("b" "c")
(member 2.0 (list 1 2 3) =)
=> (2 3)
(let ((e '((a 1) (b 2) (c 3)))) (list (assq 'a e) (assq 'b e) (assq 'd e)))
=> ((a 1) (b 2) #f)
(list (assq (list 'a) '(((a)) ((b)) ((c)))) (assoc (list 'a) '(((a)) ((b)) ((c)))) (assv 5 '((2 3) (5 7) (11 13))))
=> (#f ((a)) (5 7))
(assoc 2.0 '((1 1) (2 4) (3 9)) =)
=> (2 4)
(assq 'a '(1 2))
=! type
(memq 'a 5)
=! type
(let ((x (list 1 2 3))) (set-cdr! (cddr x) x) (list (car (memv 3 x)) (guard (e (#t 'no-end)) (memv 4 x))))
=> (3 no-end)
(list (pair? '(a . b)) (pair? '()) (pair? #(a)) (null? '()) (null? '(1)))
=> (#t #f #f #t #f)
(let ((x '(a b))) (eq? x (append '() x)))
=> #t
