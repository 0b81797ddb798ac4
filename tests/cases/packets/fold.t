; A network of its own on UDP port 3999: programs are tables of functions.
load tests/networks/fold.vml
address 192.0.2.2

case a fold adds a list of three
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000056 1b584000 40119b3b c0000201 c0000202 ; IPv4
    9c40 0f9f 0042 aaa8                          ; UDP
    03 05 04 6d61696e                            ; fold: version, reply port 5, entry "main"
    0031                                         ; octets of the program
    02                                           ; two functions
    00 00 04 6d61696e 0019                       ; main: no arguments, no locals
    01 00000001  01 00000014  01 0000012c        ; number 1, number 20, number 300
    06 03  01 00000fa0  09 01  08                ; list-of 3, number 4000, fold-left add, finish
    02 02 03 616464 0006                         ; add: two arguments
    02 00  02 01  04  08                         ; get 0, get 1, plus, finish
deliver 5
    000010e1 ; 4321

case a handler gets what was raised in a function that it calls
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500004e 1b584000 40119b43 c0000201 c0000202 ; IPv4
    9c40 0f9f 003a dbd3                          ; UDP
    03 05 04 6d61696e                            ; fold: version, reply port 5, entry "main"
    0029                                         ; octets of the program
    02                                           ; two functions
    00 00 04 6d61696e 0013                       ; main
    0a 0009  01 00000029  07 01  0b  08          ; try caught, number 41, invoke fail, end-try, finish
    01 00000001  04  08                          ; caught: number 1, plus, finish
    01 01 04 6661696c 0003                       ; fail: one argument
    02 00  0c                                    ; get 0, throw
deliver 5
    0000002a ; 42

case a program that came in the packet runs inside
receive
    0200c0000202 0200c0000201 0800                   ; Ethernet
    45000065 1b584000 40119b2c c0000201 c0000202     ; IPv4
    9c40 0f9f 0051 63b5                              ; UDP
    03 05 04 6d61696e                                ; fold: version, reply port 5, entry "main"
    001e                                             ; octets of the program
    01                                               ; one function
    00 00 04 6d61696e 0014                           ; main
    01 00000014  11 06 646f75626c65                  ; number 20, run "double"
    01 00000002  04  08                              ; number 2, plus, finish
    02                                               ; the program inside: two functions
    00 00 05 6f74686572 0006  01 00000000  08        ; other: number 0, finish
    01 01 06 646f75626c65 0006  02 00  02 00  04  08 ; double: get 0, get 0, plus, finish
deliver 5
    0000002a ; 42

case what the wire verifier refuses is raised, and named by the network
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000031 1b584000 40119b60 c0000201 c0000202 ; IPv4
    9c40 0f9f 001d 0f19                          ; UDP
    03 05 04 6d61696e                            ; fold: version, reply port 5, entry "main"
    000c                                         ; octets of the program
    01                                           ; one function
    00 00 04 6d61696e 0002  04  08               ; main: plus, finish
drop raised
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000035 1b584000 40119b5c c0000201 c0000202 ; IPv4
    9c40 0f9f 0021 0113                          ; UDP
    03 05 04 6d61696e                            ; fold: version, reply port 5, entry "main"
    0010                                         ; octets of the program
    01                                           ; one function
    00 00 04 6d61696e 0006  01 00000001  0e      ; main: number 1, jump, cut off
drop raised
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000043 1b584000 40119b4e c0000201 c0000202 ; IPv4
    9c40 0f9f 002f 8b9c                          ; UDP
    03 05 04 6e6f6e65                            ; fold: version, reply port 5, entry "none"
    001e                                         ; octets of the program
    01                                           ; one function
    00 00 04 6d61696e 0014                       ; main
    01 00000014  11 06 646f75626c65              ; number 20, run "double"
    01 00000002  04  08                          ; number 2, plus, finish
drop raised

case recursion, memory and time have ends, and the next packet runs
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000032 1b584000 40119b5f c0000201 c0000202 ; IPv4
    9c40 0f9f 001e 150c                          ; UDP
    03 05 04 6d61696e                            ; fold: version, reply port 5, entry "main"
    000d                                         ; octets of the program
    01                                           ; one function
    00 00 04 6d61696e 0003  07 00  08            ; main: invoke main, finish
drop too-deep
receive
    0200c0000202 0200c0000201 0800                ; Ethernet
    45000036 1b584000 40119b5b c0000201 c0000202  ; IPv4
    9c40 0f9f 0022 44f4                           ; UDP
    03 05 04 6d61696e                             ; fold: version, reply port 5, entry "main"
    0011                                          ; octets of the program
    01                                            ; one function
    00 01 04 6d61696e 0007  12 c8  03 00  0e fff9 ; main: scratch 200, set 0, jump back
drop arena
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000032 1b584000 40119b5f c0000201 c0000202 ; IPv4
    9c40 0f9f 001e 150f                          ; UDP
    03 05 04 6d61696e                            ; fold: version, reply port 5, entry "main"
    000d                                         ; octets of the program
    01                                           ; one function
    00 00 04 6d61696e 0003  0e fffd              ; main: jump to itself
drop fuel
receive
    0200c0000202 0200c0000201 0800                   ; Ethernet
    45000065 1b584000 40119b2c c0000201 c0000202     ; IPv4
    9c40 0f9f 0051 63b5                              ; UDP
    03 05 04 6d61696e                                ; fold: version, reply port 5, entry "main"
    001e                                             ; octets of the program
    01                                               ; one function
    00 00 04 6d61696e 0014                           ; main
    01 00000014  11 06 646f75626c65                  ; number 20, run "double"
    01 00000002  04  08                              ; number 2, plus, finish
    02                                               ; the program inside: two functions
    00 00 05 6f74686572 0006  01 00000000  08        ; other: number 0, finish
    01 01 06 646f75626c65 0006  02 00  02 00  04  08 ; double: get 0, get 0, plus, finish
deliver 5
    0000002a ; 42
ledger received in 4

case a datagram of another network is nobody's here
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000032 1b584000 40119b5f c0000201 c0000202 ; IPv4
    9c40 0cfa 001e 5abe                          ; UDP
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                          ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
drop not-active
