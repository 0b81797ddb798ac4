; layers over functions: around, redefine, undefine
(define (f x) (list 'f x))
(define (g x) (f x))
(around (f x) (cons 'over (f x)))
(list (f 1) (g 2))
=> ((over f 1) (over f 2))
; the newest lies outermost
(define (f x) (list x))
(around (f x) (cons 'inner (f x)))
(around (f x) (cons 'outer (previous x)))
(f 1)
=> (outer inner 1)
; the name means the layer below in the body only; other functions see all of it
(define (down n) (if (= n 0) '() (cons n (down (- n 1)))))
(define count 0)
(around (down n) (set! count (+ count 1)) (down n))
(list (down 3) count)
=> ((3 2 1) 4)
; types are those of what is covered, so typed callers call it directly
(define (next (a u32)) u32 (u32+ a 1))
(define (twice (a u32)) u32 (next (next a)))
(around (next a) (u32+ (next a) 100))
(list (twice 1) (cdr (assq 'types (definition 'next))))
=> (203 (u32 -> u32))
(define (next (a u32)) u32 (u32+ a 1))
(around (next (a u16)) a)
=? next has typed parameters or a typed result: the layer must have the same
(define (next (a u32)) u32 (u32+ a 1))
(around (next . all) 1)
=? next has typed parameters
; a failed form changes nothing
(define (f x) x)
(define (bad x) x)
(guard (e (#t 'refused)) (eval '(around (f x y) (car f)) (interaction-environment)))
(f 3)
=! arguments
; rest parameters
(define (all . l) l)
(around (all first . rest) (cons first (apply all rest)))
(all 1 2 3)
=> (1 2 3)
; in code that is compiled later, and in closures
(define (f x) (* x 10))
(around (f x) (map (lambda (y) (f y)) (list x (+ x 1))))
(let ((h f)) (h 1))
=> (10 20)
; redefine looks at nothing below; the name is the function itself
(define (f n) 'old)
(redefine (f n) (if (= n 0) 'done (f (- n 1))))
(f 5)
=> done
(define (f n) 'old)
(redefine (f n) (previous n))
(f 5)
=! unbound
; macros may make layers, and their own names stay their own
(define (f x) x)
(define-syntax traced (syntax-rules () ((_ name) (around (name x) (let ((y x)) (list 'traced (name y)))))))
(define y 5)
(traced f)
(f y)
=> (traced 5)
; undefine takes the own layers off
(define (f) 1)
(undefine f)
(f)
=! unbound
(define (car x) 'mine)
(define before (car '(1)))
(undefine car)
(list before (car '(1)))
=> (mine 1)
(define-syntax twice (syntax-rules () ((_ x) (* 2 x))))
(undefine twice)
(twice 4)
=! unbound
(undefine map)
=? map has no layer of this VMlet
(undefine nothing-at-all)
=? nothing of that name is visible here
; what takes no layers
(around (if x) x)
=? a form or macro of the language takes no layers
(define x 5)
(around (x) 6)
=? x is no function
(around (not-there) 6)
=? nothing of that name is visible here
(define-inline (quick x) (+ x 1))
(around (quick x) x)
=? quick is defined inline: its callers hold its code
(let () (around (car x) x) 1)
=? around: only at top level
(around car)
=? needs a target and a body
(around (of route) (x) x)
=? a target is (NAME PARAMETER ...) or (WORD A B)
(around (of nowhere f) (x) x)
=! import
; a VMlet's function that is not visible here
(vmlet case (import (route)))
(around (of route parse-prefix) (text) (list 'parsed (parse-prefix text)))
(define (ask) ((lambda (d) (map car (cdr (assq 'layers d)))) (definition '(of route parse-prefix))))
(ask)
=> (route case)
; in packet code
(define-primitive (scale (n u32)) u32 (u32* n 2))
(around (scale n) (if (u32= n 0) 7 (scale n)))
(list (scale 0) (scale 4))
=> (7 8)
(define-primitive (scale (n u32)) u32 (u32* n 2))
(define-primitive (use (n u32)) (scale n))
(around (scale n) (display n) (scale n))
=! profile
; instructions of networks: operands and takes by their author's names
(vmlet case (import (hop hop)))
(define-table forwarded map (key u32) (value u64) (entries 4))
(around (instruction hop deliver) (table-update! forwarded port (old) (+ (or old 0) 1)) (if (= port 13) (drop 'unlucky)) (previous))
(test "one more" (given (node "10.0.0.1")) (receive (hop (destination "10.0.0.1") (program (deliver 13)))) (drops unlucky)
  (receive (hop (destination "10.0.0.1") (program (deliver 5)))) (delivers 5))
(map (lambda (l) (car l)) (cdr (assq 'layers (definition '(instruction hop deliver)))))
=> (hop case)
(vmlet case (import (hop hop hop-hops)))
(around (instruction hop forward) (if (= 1 (hop-hops packet)) (drop 'last)))
=? ends with (previous), a drop or a raise
(vmlet case (import (hop hop)))
(around (instruction hop forward) (next))
=? an around of an instruction has one exit: (previous)
(vmlet case (import (hop hop)))
(around (instruction hop forward) (list (previous)) (previous))
=? an exit must be the last thing that the instruction does
(vmlet case (import (hop hop)))
(around (instruction hop backward) (previous))
=? the network hop has no instruction backward
; members of sets: the newest around is outermost, and goes on by `previous`
(define-set colours (signature -> any))
(define-member colours (red) 'r)
(around (member colours red) () (list 'one (previous)))
(around (member colours red) () (list 'two (previous)))
(list (call-member (set-ref colours 'red)) (map car (cdr (assq 'layers (definition '(member colours red))))))
=> ((two (one r)) (case case case))
(define-set shades (signature u32 -> any))
(define-member shades ((octets (bytevector 1 255)) n) (+ n 1))
(around (member shades (octets (bytevector 1 255))) (n) (* 10 (previous n)))
(call-member (set-ref shades (bytevector 1 255)) 4)
=> 50
(define-set shades (signature u32 -> any))
(define-member shades (dark n) n)
(around (member shades dark) () 1)
=! signature
(define-set shades (signature u32 -> any))
(around (member shades dark) (n) 1)
=? there is no such member
; a member that is defined again lies below all the same
(define-set colours (signature -> any))
(define-member colours (red) 'r)
(around (member colours red) () (list 'over (previous)))
(define-member colours (red) 'again)
(call-member (set-ref colours 'red))
=> (over again)
; hooks of networks: how packets are executed is a VMlet's to change
(vmlet case (import (hop hop)))
(around (network hop execute) () (if (zero? (packet-length packet)) (previous)) (deliver-to 77 packet))
(test "executable objects" (receive-octets hop (bytevector 1 2 3)) (delivers 77))
(map car (cdr (assq 'layers (definition '(network hop execute)))))
=> (hop case)
(vmlet case (import (hop hop)))
(around (network hop execute) (p) 1)
=! signature
(vmlet case (import (hop hop)))
(around (network hop uncaught) (e) 1)
=? the network has no such hook
