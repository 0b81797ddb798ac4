; define-layout on bytevectors. Builders need packets: see tests/networks.
(define-layout head (version u8 = 1) (hops u8) (reserved u16) (destination u32) (program rest))
(define b (bytevector 1 5 0 0 10 0 0 3 7 8))
(list (head-version b) (head-hops b) (head-destination b) (slice->bytes (head-program b)) head-size (head-extent b))
=> (1 5 167772163 #u8(7 8) 8 10)

(define-layout head (hops u8) (destination u32))
(define b (make-bytevector 5 0))
(set-head-hops! b 4) (set-head-destination! b #xc0a80001)
b
=> #u8(4 192 168 0 1)

(define-layout head (hops u8))
(set-head-hops! (make-bytevector 1 0) 256)
=! range

(define-layout head (hops u8) (destination u32))
(head-destination (bytevector 1 2 3 4))
=! bounds

(define-layout mixed (a s8) (b s16) (c u16 little) (d u32 little) (e s32))
(define b (bytevector 255 255 254 1 2 1 2 3 4 255 255 255 253))
(list (mixed-a b) (mixed-b b) (mixed-c b) (mixed-d b) (mixed-e b))
=> (-1 -2 513 67305985 -3)

(define-layout mixed (a s8) (c u16 little) (d u64 little))
(define b (make-bytevector 11 0))
(set-mixed-a! b -2) (set-mixed-c! b 513) (set-mixed-d! b 513)
b
=> #u8(254 1 2 1 2 0 0 0 0 0 0)

(define-layout bit (version (bits 4)) (length (bits 4)) (flag (bits 1)) (kind (bits 3)) (offset (bits 12)) (label (bits 24)) (x u8))
(define b (bytevector #x45 #xb1 #x23 #x0a #x0b #x0c #xff))
(list (bit-version b) (bit-length b) (bit-flag b) (bit-kind b) (bit-offset b) (bit-label b) (bit-x b))
=> (4 5 1 3 291 658188 255)

(define-layout bit (version (bits 4)) (length (bits 4)) (flag (bits 1)) (kind (bits 3)) (offset (bits 12)) (label (bits 24)) (x u8))
(define b (bytevector 255 255 255 255 255 255 255))
(set-bit-length! b 0) (set-bit-offset! b #x123) (set-bit-label! b 1)
b
=> #u8(240 241 35 0 0 1 255)

(define-layout bit (version (bits 4)) (length (bits 4)))
(set-bit-length! (bytevector 0) 16)
=! range

(define-layout many (kind u8) (name (counted u8)) (code (counted u16)) (last u16) (tag (bytes 2)) (rest rest))
(define b (bytevector 9 2 65 66 0 1 77 1 2 3 4 5))
(list (many-kind b) (slice->bytes (many-name b)) (slice->bytes (many-code b)) (many-last b) (slice->bytes (many-tag b))
      (slice->bytes (many-rest b)) many-size)
=> (9 #u8(65 66) #u8(77) 258 #u8(3 4) #u8(5) 8)

(define-layout many (kind u8) (name (counted u8)) (tag (bytes 2)))
(define b (bytevector 9 1 65 3 4))
(set-many-tag! b (bytevector 8 9))
b
=> #u8(9 1 65 8 9)

(define-layout many (tag (bytes 2)))
(set-many-tag! (bytevector 1 2) (bytevector 1))
=! field

(define-layout many (name (counted u8)) (last u8))
(many-last (bytevector 9 1))
=! bounds

(define-layout slot (arity u8) (name (counted u8)))
(define-layout all (count u8) (slots (array count slot)) (after u8))
(define b (bytevector 2 0 1 65 1 2 66 67 99))
(list (all-after b) (slice->bytes (all-slots b)) (slice->bytes (all-slots-ref b 1)) (slot-arity (all-slots-ref b 1))
      (slice->bytes (slot-at b 1)) (slot-skip b 1) (all-extent b))
=> (99 #u8(0 1 65 1 2 66 67) #u8(1 2 66 67) 1 #u8(0 1 65) 4 9)

(define-layout slot (arity u8) (name (counted u8)))
(define-layout all (count u8) (slots (array count slot)))
(all-slots-ref (bytevector 1 0 0) 1)
=! range

(define-layout slot (arity u8) (name (counted u8)))
(define c (cursor (bytevector 1 2 65 66 3 0 9)))
(let* ((a (read-slot! c)) (b (read-slot! c))) (list (slot-arity a) (slice->bytes (slot-name a)) (slot-arity b) (cursor-left c)))
=> (1 #u8(65 66) 3 1)

(define-layout head (version u8 = 1) (hops u8) (length u16 = (length-of program)) (destination u32) (program rest))
(layout->bytes head-layout '((hops 5) (destination "10.0.0.3") (program #u8(7 8 9))))
=> #u8(1 5 0 3 10 0 0 3 7 8 9)

(define-layout head (version u8 = 1) (destination u32) (program rest))
(list (layout-fields head-layout (bytevector 1 10 0 0 3 7))
      (layout-mismatch head-layout '((destination "10.0.0.3")) (bytevector 1 10 0 0 3 7))
      (layout-mismatch head-layout '((destination "10.0.0.4") (version 1)) (bytevector 1 10 0 0 3 7)))
=> (((version . 1) (destination . 167772163) (program . #u8(7))) #f (destination 167772164 167772163))

(define answer 42)
(define-layout head (version u8 = answer) (a (bits 4)) (b (bits 12)) (name (counted u16)) (key (bytes 2)))
(define bytes (layout->bytes head-layout '((a 1) (b 2) (name "hi"))))
(list bytes (layout-fields head-layout bytes) (check-head bytes))
=> (#u8(42 16 2 0 2 104 105 0 0) ((version . 42) (a . 1) (b . 2) (name . #u8(104 105)) (key . #u8(0 0))) #t)

(define-layout slot (arity u8) (name (counted u8)))
(define-layout all (count u8) (slots (array count slot)) (after u8))
(define bytes (layout->bytes all-layout '((slots (((arity 1) (name "a")) ((name "bc")))) (after 9))))
(list bytes (layout-fields all-layout bytes) (check-all bytes))
=> (#u8(2 1 1 97 0 2 98 99 9) ((count . 2) (slots . #u8(1 1 97 0 2 98 99)) (after . 9)) #t)

(layout->bytes '(head (hops u8 #f () #f #f)) '((hop 5)))
=! error

(define-layout head (kind (bits 3)))
=! error

(define-layout head (rest rest) (kind u8))
=! error

(define-layout head (kind u24))
=! error
