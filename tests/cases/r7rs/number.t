; the numeric tower that there is: 61-bit integers and flonums
(list (+ 3 4) (+ 3) (+) (* 4) (*) (- 3 4) (- 3 4 5) (- 3))
=> (7 3 0 4 1 -1 -6 -3)
(list (/ 6 3) (/ 1 2) (/ 9 3 3) (/ 4) (/ 1) (/ 3.0 2))
=> (2 0.5 1 0.25 1 1.5)
(+ 1152921504606846975 0)
=> 1152921504606846975
(+ 1152921504606846975 1)
=! integer-range
(- -1152921504606846976 1)
=! integer-range
(* 1152921504606846975 2)
=! integer-range
(- -1152921504606846976)
=! integer-range
(abs -1152921504606846976)
=! integer-range
(* 4294967296 268435455)
=> 1152921500311879680
(* 1073741824 1073741824)
=! integer-range
(quotient -1152921504606846976 -1)
=! integer-range
(string->number "1152921504606846976")
=! integer-range
(expt 2 59)
=> 576460752303423488
(expt 2 60)
=! integer-range
(list (expt 0 0) (expt 2 10) (expt -1 1000001) (expt 2 -1) (expt 2.0 3) (expt 0.0 0) (expt -3 3) (exact (expt 10.0 3)))
=> (1 1024 -1 0.5 8.0 1 -27 1000)
(expt 0 -1)
=! divide-by-zero
(+ 1 "2")
=! type
(+ 1 'a)
=! type
(< 1 'a)
=! type
(quotient 1 0)
=! divide-by-zero
(modulo 1 0)
=! divide-by-zero
(/ 5 0)
=! divide-by-zero
(/ 5.0 0.0)
=> +inf.0
(list (quotient 17 5) (quotient -17 5) (quotient 17 -5) (quotient -17 -5))
=> (3 -3 -3 3)
(list (remainder 17 5) (remainder -17 5) (remainder 17 -5) (remainder -17 -5))
=> (2 -2 2 -2)
(list (modulo 17 5) (modulo -17 5) (modulo 17 -5) (modulo -17 -5))
=> (2 3 -3 -2)
(list (floor-quotient -17 5) (floor-remainder -17 5) (floor-quotient 17 -5) (floor-quotient -1152921504606846976 7))
=> (-4 3 -4 -164703072086692426)
(list (truncate-quotient -17 5) (truncate-remainder -17 5))
=> (-3 -2)
(let-values (((a b) (floor/ -5 2)) ((c d) (floor/ 5 -2)) ((e f) (truncate/ -5 2)) ((g h) (truncate/ -5.0 2))) (list a b c d e f g h))
=> (-3 1 -3 -1 -2 -1 -2.0 -1.0)
(list (modulo -13 4.0) (remainder -13 4.0) (modulo 13.0 -4))
=> (3.0 -1.0 -3.0)
(quotient 1.5 2)
=! type
(list (gcd 32 -36) (gcd) (lcm 32 -36) (lcm 32.0 -36) (lcm) (gcd 0 5) (lcm 0 5))
=> (4 0 288 288.0 1 5 0)
(lcm 1152921504606846975 1152921504606846974)
=! integer-range
(list (floor -4.3) (ceiling -4.3) (truncate -4.3) (round -4.3) (floor 3.5) (ceiling 3.5) (truncate 3.5) (round 3.5) (round 7) (round 2.5) (round -2.5))
=> (-5.0 -4.0 -4.0 -4.0 3.0 4.0 3.0 4.0 7 2.0 -2.0)
(list (exact 4.0) (inexact 4) (exact -0.0) (exact (floor 2.5)))
=> (4 4.0 0 2)
(exact 1.5)
=! range
(exact +nan.0)
=! range
(exact 1e30)
=! integer-range
(list (max 3 4) (max 3.9 4) (min 1 2.0) (max 1) (min -1 -2 -3))
=> (4 4.0 1.0 1 -3)
(list (= 1 1.0) (eqv? 1 1.0) (equal? 1 1.0) (= 1 1 1) (= 1 1 2) (< 1 2 3) (< 1 3 2) (>= 3 3 2) (<= 1 1 2) (> 3 2 1))
=> (#t #f #f #t #f #t #f #t #t #t)
(list (< 1152921504606846975 1152921504606846976.0) (= 1152921504606846975 1152921504606846976.0))
=> (#t #f)
(list (= +nan.0 +nan.0) (< +nan.0 1) (> +inf.0 1152921504606846975) (eqv? +nan.0 +nan.0) (eqv? 0.0 -0.0) (= 0.0 -0.0))
=> (#f #f #t #t #f #t)
(list (zero? 0) (zero? -0.0) (zero? 0.1) (positive? 1) (positive? 0) (negative? -1) (odd? 3) (even? 0) (odd? -3) (even? 2.0))
=> (#t #t #f #t #f #t #t #t #t #t)
(list (integer? 3) (integer? 3.0) (integer? 3.5) (rational? 1.5) (rational? +inf.0) (real? 1.5) (complex? 1) (number? 'a) (exact? 3) (exact? 3.0) (inexact? 3.0) (exact-integer? 32) (exact-integer? 32.0))
=> (#t #t #f #t #f #t #t #f #t #f #t #t #f)
(list (finite? 3) (finite? +inf.0) (infinite? -inf.0) (nan? +nan.0) (nan? 32))
=> (#t #f #t #t #f)
(list (sqrt 9) (sqrt 16.0) (sqrt 2) (sqrt 0))
=> (3 4.0 1.4142135623730951 0)
(sqrt -1)
=! range
(let-values (((s r) (exact-integer-sqrt 17)) ((s2 r2) (exact-integer-sqrt 1152921504606846975))) (list s r s2 r2))
=> (4 1 1073741823 2147483646)
(exact-integer-sqrt -1)
=! range
(list (square 42) (square 2.0) (abs -7) (abs -7.5))
=> (1764 4.0 7 7.5)
(square 1152921504606846975)
=! integer-range
(list (exp 0) (log 1) (sin 0) (cos 0) (atan 1 0) (exp 1) (log 8 2) (log 100 10) (atan 1.0))
=> (1 0 0 1 1.5707963267948966 2.718281828459045 3.0 2.0 0.7853981633974483)
(list (number->string 10) (number->string 255 16) (number->string -8 2) (number->string 1.5) (number->string 100.0) (number->string 1e21) (number->string 1e-7) (number->string .1) (number->string 123456789012.0))
=> ("10" "ff" "-1000" "1.5" "100.0" "1e21" "1e-7" "0.1" "123456789012.0")
(list 1e100 -0.0 +inf.0 -inf.0 +nan.0 1.0 .5 -1.5e-10 3.14159 1e10 12345.678)
=> (1e100 -0.0 +inf.0 -inf.0 +nan.0 1.0 0.5 -1.5e-10 3.14159 10000000000.0 12345.678)
(list (string->number "100") (string->number "100" 16) (string->number "1e2") (string->number "-5") (string->number "+5") (string->number ".5") (string->number "5.") (string->number "#xff") (string->number "#b101") (string->number "1E3"))
=> (100 256 100.0 -5 5 0.5 5.0 255 5 1000.0)
(list (string->number "") (string->number "abc") (string->number "-") (string->number "+") (string->number ".") (string->number "1a") (string->number "1 2") (string->number "--1") (string->number "1.2.3") (string->number "e5") (string->number "2" 2))
=> (#f #f #f #f #f #f #f #f #f #f #f)
(list (string->number "+inf.0") (string->number "-inf.0") (string->number "+nan.0") (string->number "#e1.0") (string->number "#i5"))
=> (+inf.0 -inf.0 +nan.0 1 5.0)
(number->string 10 1)
=! range
'(#xff #o17 #b101 #d10 #e5.0 #i7 1e3 -1.5)
=> (255 15 5 10 5 7.0 1000.0 -1.5)
(list (number->string (string->number "0.1")) (= (string->number (number->string 1.1)) 1.1) (let ((x 5e-324)) (= x (string->number (number->string x)))) (let ((x 1.7976931348623157e308)) (= x (string->number (number->string x)))))
=> ("0.1" #t #t #t)
(list (numerator 6) (denominator 6) (numerator 0.5) (denominator 0.75) (rationalize 3 1) (rationalize .3 .1) (rationalize 5 0))
=> (6 1 1.0 4.0 2 0.3333333333333333 5)
(list (exact->inexact 1) (inexact->exact 2.0))
=> (1.0 2)
(list (boolean=? #t #t) (boolean=? #t #t #f) (boolean? '()) (not 3) (not #f) (not '()))
=> (#t #f #f #f #t #f)
(let ((x 1e308)) (* x 10))
=> +inf.0
(list (+ 0.5 1) (- 5 .5) (* 2 0.5) (+ 1 2.0 3))
=> (1.5 4.5 1.0 6.0)
(let ((ops (list + - * quotient max))) (map (lambda (op) (op 7 2)) ops))
=> (9 5 14 3 7)
