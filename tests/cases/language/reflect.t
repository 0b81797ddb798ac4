; looking into the machine
(define (f (x u32)) u32 "Adds." (u32+ x 1))
(map (lambda (key) (assq key (definition 'f))) '(name kind owner types effects doc))
=> ((name . f) (kind . function) (owner . case) (types u32 -> u32) (effects) (doc . "Adds."))
(definition 'nothing)
=> #f
(cdr (assq 'kind (definition 'if)))
=> form
(cdr (assq 'kind (definition 'define-table)))
=> macro
(define table-of-two 2)
(cdr (assq 'kind (definition 'table-of-two)))
=> variable
(map (lambda (key) (cdr (assq key (definition 'car)))) '(kind owner))
=> (primitive core)
(define-primitive (double (n u32)) u32 (properties (pure) (cost 3)) (u32* n 2))
(cdr (assq 'properties (definition 'double)))
=> ((pure) (cost 3))
(define (a x) (display x))
(define (b x) (a x))
(and (memq 'output (cdr (assq 'effects (definition 'b)))) #t)
=> #t
; place: file, line and column
(define (here) 1)
(cdr (cdr (assq 'place (definition 'here))))
=> (24 1)
; callers
(define (f x) (list x))
(define (g x) (f x))
(define (h x) (map f x))
(map (lambda (c) (car (cdr c))) (callers 'f))
=> (h g)
; lists of definitions; names that begin with % are the engine's own
(define (f) 1)
(define g 2)
(around (f) (+ 1 (f)))
(sort (map (lambda (t) (symbol->string (cadr (cdr t)))) (definitions 'case)) string<?)
=> ("f" "g")
(definitions 'nobody)
=! unbound
(list (pair? (memq 'case (vmlets))) (pair? (memq 'core (vmlets))))
=> (#t #t)
(vmlet case (version 3) (import (route)))
(map (lambda (key) (cdr (assq key (vmlet-description 'route)))) '(name version))
=> (route 1)
; code as data
(define (f x) (car x))
(map cadr (disassembly 'f))
=> (car return)
(string? (disassembly-text 'car))
=! unbound
(define (f x) (car x))
(string? (disassembly-text f))
=> #t
; networks
(vmlet case (import (hop hop)))
(map (lambda (i) (map (lambda (key) (cdr (assq key i))) '(name opcode operands))) (instructions 'hop))
=> ((forward 1 ()) (branch-here 2 ((here label))) (deliver 3 ((port u16))))
(vmlet case (import (hop hop)))
(cdr (assq 'exits (definition '(instruction hop branch-here))))
=> ((goto 0 0 0 0 0 0) (next 0 0 0 0 0 0))
(vmlet case (import (hop hop)))
(pair? (member '(network hop execute) (definitions 'hop)))
=> #t
(vmlet case (import (hop hop)))
(cdr (assq 'kind (definition '(network hop execute))))
=> hook
(define-set colours (signature -> any))
(define-member colours (red) 1)
(define-member colours ((octets (bytevector 1 255))) 2)
(map (lambda (m) (cdr (assq 'target m))) (members 'colours))
=> ((member colours red) (member colours #u8(1 255)))
(define-table notes map (key u32 (bytes 4)) (value u64) (entries 10))
(map (lambda (key) (cdr (assq key (car (tables))))) '(name owner kind key value entries count))
=> (notes case map (u32 (bytes . 4)) (u64) 10 0)
; the interface of a network stays as it is when an instruction is covered, its body does not
(vmlet case (import (hop hop)))
(define before (list (interface-digest 'hop) (body-digest 'hop)))
(around (instruction hop forward) (previous))
(list (equal? (car before) (interface-digest 'hop)) (equal? (cadr before) (body-digest 'hop)))
=> (#t #f)
(interface-digest 'nowhere)
=! unbound
; for people
(define (a-new-name) 1)
(around (a-new-name) 2)
(begin (apropos "a-new-name") 1)
=~ "a-new-name: function of case, around of case\n"
(describe no-such-name)
=~ "no-such-name: nothing that is visible here\n"
