; Tables as the language sees them.
(define-table seen map (key u32) (value u64) (entries 2))
(table-put! seen 7 100)
(list (table-ref seen 7) (table-ref seen 8) (table-add-new! seen 7 1) (table-add-new! seen 8 1) (table-count seen)
      (table-remove! seen 7) (table-remove! seen 7) (table-count seen) (table? seen))
=> (100 #f #f #t 2 #t #f 1 #t)

(define-table seen map (key u32) (value u64) (entries 2))
(table-put! seen 1 1) (table-put! seen 2 1) (table-put! seen 3 1)
=! table

(define-table seen (key u32) (value u64) (entries 2) lru)
(table-put! seen 1 1) (table-put! seen 2 1) (table-put! seen 3 1)
(table-count seen)
=> 2

(define-table seen map (key u32) (value u64) (bytes 64KiB) (expires 60))
(list (table-update! seen 7 (old) (+ old 1)) (table-update! seen 7 (old) (+ old 1)) (table-ref seen 7) (table-count seen))
=> (1 2 2 1)

(define-table names (key (bytes 4)) (value bytes 8) (entries 10))
(table-put! names (bytevector 1 2 3 4) (bytevector 9 8))
(list (table-ref names (slice (bytevector 0 1 2 3 4) 1)) (table-ref names (bytevector 1 2 3 5))
      (table-update! names (bytevector 0 0 0 0) (old) (if old (bytes-append old old) (bytevector 5)))
      (table-update! names (bytevector 0 0 0 0) (old) (if old (bytes-append old old) (bytevector 5))))
=> (#u8(9 8) #f #u8(5) #u8(5 5))

(define-table names (key (bytes 4)) (value bytes 8) (entries 10))
(table-ref names (bytevector 1 2 3))
=! range

(define-table names (key (bytes 4)) (value bytes 8) (entries 10))
(table-put! names (bytevector 1 2 3 4) (make-bytevector 9 0))
=! range

(define-table flows (key (from u32) (port u16)) (value (host u32) (port u16)) (entries 10))
(table-put! flows 1 2 #x0a000001 80)
(define v (table-ref flows 1 2))
(list (flows-host v) (flows-port v) (table-ref flows 2 1) (bytes-length v))
=> (167772161 80 #f 6)

(define-table flows (key (from u32) (port u16)) (value u32) (entries 10))
(list (table-update! flows 1 2 (old) (+ old 5)) (table-ref flows 1 2))
=> (5 5)

(define-table flows (key (from u32) (port u16)) (value u32) (entries 10))
(table-ref flows 1)
=! arguments

(define-table seen (key u8) (value u8) (entries 4))
(table-put! seen 256 1)
=! range

(define-table routes lpm (key u32) (value u64) (entries 10))
(lpm-add! routes #x0a000000 8 1) (lpm-add! routes #x0a010000 16 2) (lpm-add! routes #x0a010203 32 3)
(list (table-ref routes #x0a020000) (table-ref routes #x0a010204) (table-ref routes #x0a010203) (table-ref routes #x0b000000)
      (lpm-remove! routes #x0a010000 16) (table-ref routes #x0a010204) (table-count routes))
=> (1 2 3 #f #t 1 2)

(define-table routes lpm (key u32) (value u64) (entries 10))
(lpm-add! routes 0 33 1)
=! bounds

(define-array near u16 (* 2 4))
(array-set! near 7 65535)
(list (array-ref near 0) (array-ref near 7) (array-add! near 7 2) (table-update! near 7 (old) (+ old 1)) (table-count near))
=> (0 65535 1 2 8)

(define-array near u16 8)
(array-ref near 8)
=! bounds

; words of all kinds of elements, as an instruction and as a value
(define-array a8 u8 2) (define-array a16 u16 2) (define-array a32 u32 2) (define-array a64 u64 2)
(define-array b8 s8 2) (define-array b16 s16 2) (define-array b32 s32 2) (define-array b64 s64 2)
(define all (list a8 a16 a32 a64 b8 b16 b32 b64))
(for-each (lambda (a v) (array-set! a 1 v)) all '(255 65535 4294967295 1152921504606846975 -128 -32768 -2147483648 -5))
(define (word a) (u64->s64 (array-word a 1)))
(define by-value (list array-word))
(list (map word all) (map (lambda (a) ((car by-value) a 1)) (list a8 a16 a32 a64)) ((car by-value) b64 0))
=> ((255 65535 4294967295 1152921504606846975 -128 -32768 -2147483648 -5) (255 65535 4294967295 1152921504606846975) 0)

(define-array near u16 8)
(define (f (i u32)) u64 (array-word near i))
(f 8)
=! bounds

(define-table m (key u32) (value u64) (entries 8))
(define (f (i u32)) u64 (array-word m i))
(f 0)
=! type

(define-array near u16 8)
((car (list array-word)) near 8)
=! bounds

((car (list array-word)) 'near 8)
=! type

(define-array near u16 8)
(array-word near -1)
=! range

; bits, shifts and masks by constants and by others
(define (field (x u32) (n u32)) (list (u32-and (u32-shift-right x 4) 15) (u32-and 15 (u32-shift-right x n)) (u32-and x 0) (u32-and x 4294967295) (u32-shift-right x 0) (u32-shift-right x 31) (u32-shift-right x 32) (u32-and x 14)))
(list (field #x89abcdef 4) (field #x89abcdef 40))
=> ((14 14 0 2309737967 2309737967 1 0 14) (14 0 0 2309737967 2309737967 1 0 14))

(define (octet (x u8)) (list (u8-shift-right x 3) (u8-shift-right x 8) (u8-and x 255) (u8-and (u8-shift-right x 7) 1) (u8-and (u16->u8 (u16-shift-right #xff80 4)) 127)))
(octet #xf5)
=> (30 0 245 1 120)

(define (small (x s8)) (list (s8-shift-right x 3) (s8-and x 127) (s8-and (s8-shift-right x 1) 15)))
(small -2)
=> (-1 126 15)

(define-array near u16 8)
(lpm-add! near 0 0 0)
=! type

(define-table big (key u32) (value u64) (entries 10000000))
=! table

(define-table big (key u32) (value u64))
=! syntax

(define-table odd (key u24) (value u64) (entries 1))
=! syntax

(define-table same (key u32) (value u64) (entries 4))
(table-put! same 1 5)
(define before same)
(define-table same (key u32) (value u64) (entries 4))
(list (eq? before same) (table-ref same 1))
=> (#t 5)
