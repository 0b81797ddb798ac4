; Words, slices, cursors and copies over bytevectors.
(define b (bytevector 1 2 3 4 5 6 7 8 255 254))
(list (u8-ref b 0) (u16-ref b 0) (u32-ref b 4) (s8-ref b 8) (s16-ref b 8) (u64-ref b 0))
=> (1 258 84281096 -1 -2 72623859790382856)

(u16-ref (bytevector 1 2) 1)
=! bounds

(u8-ref (bytevector 1 2) -1)
=! range

(u8-ref "text" 0)
=! type

(u64-ref (bytevector 255 255 255 255 255 255 255 255) 0)
=! integer-range

(s64-ref (bytevector 255 255 255 255 255 255 255 254) 0)
=> -2

(define b (make-bytevector 8 0))
(set-u16! b 1 #x0102) (set-u32! b 3 #x03040506) (set-s8! b 7 -1)
b
=> #u8(0 1 2 3 4 5 6 255)

(set-u8! (make-bytevector 1 0) 0 256)
=! range

(set-u16! (make-bytevector 2 0) 1 0)
=! bounds

(set-u8! #u8(1 2 3) 0 1)
=! frozen

(define b (bytevector 0 1 2 3 4 5 6 7))
(define s (slice b 2 6))
(list (slice-length s) (u8-ref s 0) (slice->bytes s) (slice->bytes (slice s 1 3)) (slice->bytes (slice-part s 3 1))
      (slice->bytes (slice-take s 2)) (bytes-length (slice-take s 99)))
=> (4 2 #u8(2 3 4 5) #u8(3 4) #u8(5) #u8(2 3) 4)

(define b (bytevector 0 1 2 3))
(set-u8! (slice b 2) 1 9)
b
=> #u8(0 1 2 9)

(u8-ref (slice (bytevector 0 1 2 3) 1 3) 2)
=! bounds

(slice (bytevector 0 1 2) 2 1)
=! bounds

(slice-part (bytevector 0 1 2) 1 3)
=! bounds

(set-u8! (slice #u8(1 2 3) 1) 0 1)
=! frozen

(define c (cursor (bytevector 1 2 3 2 8 9 0 1 7 66)))
(let* ((a (read-u8! c)) (b (read-u16! c)) (d (slice->bytes (read-counted-u8! c))) (e (slice->bytes (read-counted-u16! c)))
       (left (cursor-left c)) (rest (slice->bytes (cursor-rest c))) (f (slice->bytes (read-bytes! c 1))))
  (list a b d e left rest f (cursor-at-end? c)))
=> (1 515 #u8(8 9) #u8(7) 1 #u8(66) #u8(66) #t)

(define c (cursor (bytevector 5 1 2)))
(guard (e (#t (cursor-left c))) (read-counted-u8! c))
=> 3

(read-u8! (cursor (slice (bytevector 1 2 3) 1 1)))
=! bounds

(list (bytes=? (bytevector 1 2) (slice (bytevector 0 1 2) 1)) (bytes=? (bytevector 1) (bytevector 1 2))
      (bytes-append (bytevector 1) (slice (bytevector 2 3 4) 1) (bytevector)))
=> (#t #f #u8(1 3 4))

(define b (bytevector 1 2 3 4 5))
(bytes-copy! b 1 b 0 4)
b
=> #u8(1 1 2 3 4)

(bytes-copy! (make-bytevector 2 0) 1 (bytevector 1 2))
=! bounds

; the example of RFC 1071: the sum of these octets is ddf2
(list (ones-complement-sum (bytevector 0 1 #xf2 3 #xf4 #xf5 #xf6 #xf7) 0 8)
      (ones-complement-sum (bytevector 1 2 3) 0 3) (ones-complement-sum (bytevector 0 1) 0 2 #xffff))
=> (56818 1026 1)

(list (slice->string (bytevector 103 195 188)) (string->bytes "gü") (octet-length "gü") (octet-length (bytevector 1)))
=> ("gü" #u8(103 195 188) 3 1)

; the same errors from the procedure as from the instruction
(map (lambda (f) (guard (e ((error-object? e) 'caught)) (f (bytevector 1 2) -1))) (list u8-ref u16-ref))
=> (caught caught)

((car (list u8-ref)) (bytevector 1 2) -1)
=! range

((car (list u8-ref)) (bytevector 1 2) 2)
=! bounds
