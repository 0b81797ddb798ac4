; vectors and bytevectors
(list (vector 'a 'b 'c) (make-vector 2 'x) #(0 (2 2) "Anna") (vector-length #(1 2 3)) (vector-ref #(1 1 2 3 5 8) 5))
=> (#(a b c) #(x x) #(0 (2 2) "Anna") 3 8)
#(1 #(2 3) ())
=> #(1 #(2 3) ())
(vector-ref #(1 2) 2)
=! bounds
(vector-ref #(1 2) 1.0)
=! type
(vector-ref '(1 2) 0)
=! type
(let ((v (vector 0 '(2 2) "Anna"))) (vector-set! v 1 '("Sue" "Sue")) v)
=> #(0 ("Sue" "Sue") "Anna")
(vector-set! #(0 1 2) 1 "doe")
=! frozen
(list (vector->list #(dah dah didah)) (vector->list #(dah dah didah) 1) (vector->list #(dah dah didah) 1 2) (list->vector '(dididit dah)))
=> ((dah dah didah) (dah didah) (dah) #(dididit dah))
(list->vector '(1 . 2))
=! type
(let ((a #(1 8 2 8))) (let ((b (vector-copy a))) (vector-set! b 0 3) (list b (vector-copy b 1) (vector-copy b 1 3))))
=> (#(3 8 2 8) #(8 2 8) #(8 2))
(let ((a (vector 1 2 3 4 5)) (b (vector 10 20 30 40 50))) (vector-copy! b 1 a 0 2) b)
=> #(10 1 2 40 50)
(let ((a (vector 1 2 3 4 5))) (vector-copy! a 1 a 0 4) a)
=> #(1 1 2 3 4)
(let ((a (vector 1 2 3 4 5))) (vector-copy! a 0 a 1) a)
=> #(2 3 4 5 5)
(vector-copy! (vector 1 2) 1 #(3 4))
=! bounds
(vector-copy #(1 2 3) 2 1)
=! bounds
(list (vector-append #(a b c) #(d e f)) (vector-append))
=> (#(a b c d e f) #())
(let ((a (vector 1 2 3 4 5))) (vector-fill! a 'smash 2 4) a)
=> #(1 2 smash smash 5)
(vector-fill! (make-vector 3) 1 2 5)
=! bounds
(make-vector -1)
=! range
(make-vector 1152921504606846975)
=! range
(list (vector? #()) (vector? '()) (vector? "a"))
=> (#t #f #f)
(vector-for-each display 5)
=! type
(list (bytevector 1 3 5) (bytevector) (make-bytevector 2 12) #u8(0 10 255) (bytevector-length #u8(1 2)) (bytevector-u8-ref #u8(1 1 2 3 5 8 13 21) 5))
=> (#u8(1 3 5) #u8() #u8(12 12) #u8(0 10 255) 2 8)
(bytevector 256)
=! range
(bytevector 'a)
=! type
(bytevector-u8-ref #u8(1) 1)
=! bounds
(let ((bv (bytevector 1 2 3 4))) (bytevector-u8-set! bv 1 3) bv)
=> #u8(1 3 3 4)
(bytevector-u8-set! (bytevector 1) 0 -1)
=! range
(bytevector-u8-set! #u8(1) 0 1)
=! frozen
(list (bytevector-copy #u8(1 2 3 4 5) 2 4) (bytevector-append #u8(0 1 2) #u8(3 4 5)) (bytevector-append))
=> (#u8(3 4) #u8(0 1 2 3 4 5) #u8())
(let ((a (bytevector 1 2 3 4 5)) (b (bytevector 10 20 30 40 50))) (bytevector-copy! b 1 a 0 2) b)
=> #u8(10 1 2 40 50)
(let ((a (bytevector 1 2 3 4 5))) (bytevector-copy! a 2 a 0 3) a)
=> #u8(1 2 1 2 3)
(bytevector-copy! (bytevector 1) 0 #u8(1 2))
=! bounds
(list (bytevector? #u8()) (bytevector? #(1)) (equal? #u8(1 2) (bytevector 1 2)) (eqv? #u8() ""))
=> (#t #f #t #f)
(utf8->string #u8(255 65))
=> "�A"
