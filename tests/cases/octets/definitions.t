; What define-layout and define-table refuse, before a packet meets it.
(define-layout x (a u8) (a u16))
=! syntax
(define-layout x (layout u8))
=! syntax
(define-layout x (extent u8))
=! syntax
(define-layout x (a u8 = 256))
=! error
(define-layout x (a u8 = -1))
=! error
(define-layout x (a (bits 4) = 16) (b (bits 4)))
=! error
(define-layout x (a (bytes 4) = 5))
=! error
(define-layout x (a (counted u8) little))
=! error
(define-layout x (a u8 = (length-of b)))
=! error
(define-layout y (b u8))
(define-layout x (a (array n y)) (n u8))
=! error
(define-layout y (b u8))
(define-layout x (a (array -1 y)))
=! error

(define-layout x (a u64 = 1152921504606846975) (b s8 = -128) (c (bits 4) = 15) (d (bits 4)))
(list x-size (car (car (cdr x-layout))))
=> (10 a)

(define-table t map (key u8) (key u16) (value u8) (entries 4))
=! syntax
(define-table t map (key u8) (value u8) (entries 4) (entries 5))
=! syntax
(define-table t map (key u8) (value u8) (entries 4) (lru 5))
=! syntax
(define-table t map (key u8) (value bytes 5 6) (entries 4))
=! syntax
(define-table t map (key u8) (value (a u8) (a u8)) (entries 4))
=! syntax
