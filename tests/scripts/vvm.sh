#!/usr/bin/env bash
# vvm.sh BUILD - the language tool from the outside: what it prints, and its exit status.
set -uo pipefail
cd "$(dirname "$0")/../.."
. tests/script-lib.sh
vvm=$1/engine/vvm
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

expect "a loop" 0 '^45$' "$vvm" -e '(let loop ((i 0) (s 0)) (if (= i 10) s (loop (+ i 1) (+ s i))))'
expect "the largest integer" 0 '^1152921504606846975$' "$vvm" -e '1152921504606846975'
expect "overflow is an error" 1 'error integer-range' "$vvm" -e '(* 1152921504606846975 2)'
expect "several expressions, the last is printed" 0 '^3$' "$vvm" -e '(define x 1) (+ x 2)'
expect "deep recursion is an error" 1 'error recursion' "$vvm" -e '(define (f x) (+ 1 (f x))) (f 1)'
expect "reading deep text is an error" 1 'error' "$vvm" -e "$(printf '(%.0s' $(seq 100000))"
expect "an open parenthesis" 1 'error read' "$vvm" -e '(car'
expect "a wrong command" 2 'no command' "$vvm" fly
expect "help" 0 'compile' "$vvm" --help
expect "a file that is not there" 1 'nowhere.vml' "$vvm" run "$folder/nowhere.vml"

# errors name the place that the user wrote
cat >"$folder/macro.vml" <<'END'
(define-syntax swap!
  (syntax-rules ()
    ((_ a b) (let ((t a)) (set! a b) (set! b t) (if)))))
(define x 1)
(define y 2)

(swap! x
       y)
END
expect "an error in an expansion" 1 'macro.vml:7:1' "$vvm" run "$folder/macro.vml"
cat >"$folder/trace.vml" <<'END'
(define (inner x)
  (vector-ref x 5))
(define (outer x)
  (+ 1 (inner x)))
(outer (vector 1 2 3))
END
expect "an error at run time" 1 'trace.vml:2:3: error bounds' "$vvm" run "$folder/trace.vml"
expect "with its back-trace" 1 'in outer at .*trace.vml:4' "$vvm" run "$folder/trace.vml"

# images
cat >"$folder/sum.vml" <<'END'
(vmlet sum (version 1))
(define (sum l) (let loop ((l l) (s 0)) (if (null? l) s (loop (cdr l) (+ s (car l))))))
(display (sum '(1 2 3 4)))
(newline)
END
expect "run a source" 0 '^10$' "$vvm" run "$folder/sum.vml"
expect "compile" 0 '' "$vvm" compile "$folder/sum.vml" -o "$folder/sum.vmi"
expect "run an image" 0 '^10$' "$vvm" run "$folder/sum.vmi"
expect "disassemble" 0 'jump' "$vvm" disasm "$folder/sum.vmi"
head -c 40 "$folder/sum.vmi" >"$folder/short.vmi"
expect "a truncated image" 1 'error image' "$vvm" run "$folder/short.vmi"

# drawings: the reader is needed to compile, not to run
mkdir "$folder/alone"
cat >"$folder/drawn.vml" <<'END'
(vmlet drawn (use-syntax diagram))
{diagram pair
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |              Low              |             High              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
(display (pair-high (bytevector 1 2 3 4)))
END
sed 's/(use-syntax diagram)/(import (diagram))/' "$folder/drawn.vml" >"$folder/bare.vml"
sed '4s/.*/   |          Low          |                                        /' "$folder/drawn.vml" >"$folder/broken.vml"
cat >"$folder/macros.vml" <<'END'
(vmlet macros)
(define (part form) (cadr form))
(define-syntax first-of (lambda (form) (part form)))
(display (first-of 9))
END
echo '(vmlet user (use-syntax macros))' >"$folder/alone/user.vml"
expect "compile a drawing" 0 '' "$vvm" --path netvmlets compile "$folder/drawn.vml" -o "$folder/alone/drawn.vmi"
expect "its image needs no reader" 0 '^772$' "$vvm" run "$folder/alone/drawn.vmi"
expect "its source does" 1 'no VMlet `diagram` is loaded' "$vvm" run "$folder/drawn.vml"
expect "a bare import brings readers too" 0 '^772$' "$vvm" --path netvmlets run "$folder/bare.vml"
expect "a broken drawing" 1 'broken.vml:4:28: a row has 32 bits, this one 12' "$vvm" --path netvmlets run "$folder/broken.vml"
expect "compile a macro" 0 '' "$vvm" compile "$folder/macros.vml" -o "$folder/alone/macros.vmi"
expect "and run it" 0 '^9$' "$vvm" run "$folder/alone/macros.vmi"
functions() { "$vvm" disasm "$1" | grep -c '^f[0-9]'; }
expect "its transformer is not in the image" 0 '^4$' functions "$folder/alone/macros.vmi"
expect "an image has no syntax to use" 1 'VMlet `macros` has no syntax' "$vvm" run "$folder/alone/user.vml"

# the packet profile
cat >"$folder/closure.vml" <<'END'
(define (helper x)
  (map (lambda (y) (+ y x)) '(1 2)))
(define-program p (opcode u8) (label s8) (stack 4))
(define-instruction (bad) (opcode 1) (takes a)
  "Makes a closure, one call down."
  (helper a))
END
expect "a closure in packet code" 1 'bad .*closure.vml:4:.*helper.*closure.vml:2:8' "$vvm" run "$folder/closure.vml"

cat >"$folder/depths.vml" <<'END'
(define-program p (opcode u8) (label s8) (stack 4))
(define-instruction (bad (l label)) (opcode 1) (takes a)
  (if a (goto l) (goto l 1)))
END
expect "a label with two stack depths" 1 'depths.vml:2:1.*instruction bad: a label has two stack depths' "$vvm" run "$folder/depths.vml"

# the REPL from a pipe: several lines make one datum, an error goes on
repl() { printf '%s\n' "$@" | "$vvm"; }
expect "repl: a datum over lines" 0 '^7$' repl '(+ 3' '4)'
expect "repl: goes on after an error" 0 '^2$' repl '(car 5)' '(+ 1 1)'
expect "repl: definitions stay" 0 '^5$' repl '(define a 5)' 'a'
expect "repl: doc" 0 'car' repl '(doc car)'
expect "repl: exit" 3 '' repl '(exit 3)'

# start-up, the best of ten
best=1000000
for _ in 1 2 3 4 5 6 7 8 9 10; do
    began=$(date +%s%N)
    "$vvm" -e 1 >/dev/null
    took=$((($(date +%s%N) - began) / 1000))
    [ "$took" -lt "$best" ] && best=$took
done
echo "vvm -e 1 takes $best us"
finish
