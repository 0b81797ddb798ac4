; The toy network in its envelope, over three carriers. A router 192.0.2.2; 198.51.100.0/24 is
; reached through 192.0.2.1.
load netvmlets/hop.vml
address 192.0.2.2/24
route 198.51.100.0/24=192.0.2.1

case a packet on its way loses a hop, over UDP port 3322
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000032 1b584000 40119b5f c0000201 c0000202 ; IPv4
    9c40 0cfa 001e 5abe                          ; UDP
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                          ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
send hop
    0200c0000201 0200c0000202 0800               ; Ethernet
    45000032 00004000 3f11b7b7 c0000202 c0000201 ; IPv4
    0cfa 0cfa 001e ea05                          ; UDP
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 04 0000 c6336407                          ; hop: version, 4 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9

case a packet on its way loses a hop, over IP protocol 107
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002a 1b584000 406b9b0d c0000201 c0000202 ; IPv4
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                          ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
send hop
    0200c0000201 0200c0000202 0800               ; Ethernet
    4500002a 00004000 3f6bb765 c0000202 c0000201 ; IPv4
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 04 0000 c6336407                          ; hop: version, 4 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9

case a packet on its way loses a hop, over EtherType 0x88b5
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0016           ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407            ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
send hop
    0200c0000201 0200c0000202 88b5 ; Ethernet
    01 00 4850 0002 0016           ; envelope: version, flags, type, header words, length
    01 04 0000 c6336407            ; hop: version, 4 hops, to 198.51.100.7
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9

case a packet that has arrived is delivered whole, over UDP port 3322
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000032 1b584000 40119b5f c0000201 c0000202 ; IPv4
    9c40 0cfa 001e c2f6                          ; UDP
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c0000202                          ; hop: version, 5 hops, to 192.0.2.2
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
deliver 9
    01 05 0000 c0000202 ; hop: version, 5 hops, to 192.0.2.2
    02 01  01  03 0009  ; branch-here to the last, forward, deliver 9

case a packet that has arrived is delivered whole, over IP protocol 107
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002a 1b584000 406b9b0d c0000201 c0000202 ; IPv4
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c0000202                          ; hop: version, 5 hops, to 192.0.2.2
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
deliver 9
    01 05 0000 c0000202 ; hop: version, 5 hops, to 192.0.2.2
    02 01  01  03 0009  ; branch-here to the last, forward, deliver 9

case a packet that has arrived is delivered whole, over EtherType 0x88b5
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0016           ; envelope: version, flags, type, header words, length
    01 05 0000 c0000202            ; hop: version, 5 hops, to 192.0.2.2
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
deliver 9
    01 05 0000 c0000202 ; hop: version, 5 hops, to 192.0.2.2
    02 01  01  03 0009  ; branch-here to the last, forward, deliver 9

case padding of a short frame belongs to nobody
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0016           ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407            ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
    00*24                          ; padding
send hop
    0200c0000201 0200c0000202 88b5 ; Ethernet
    01 00 4850 0002 0016           ; envelope: version, flags, type, header words, length
    01 04 0000 c6336407            ; hop: version, 4 hops, to 198.51.100.7
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0016           ; envelope: version, flags, type, header words, length
    01 05 0000 c0000202            ; hop: version, 5 hops, to 192.0.2.2
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
    ff*24                          ; padding
deliver 9
    01 05 0000 c0000202 ; hop: version, 5 hops, to 192.0.2.2
    02 01  01  03 0009  ; branch-here to the last, forward, deliver 9
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002a 1b584000 406b9b0d c0000201 c0000202 ; IPv4
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                          ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
    00*4                                         ; padding
send hop
    0200c0000201 0200c0000202 0800               ; Ethernet
    4500002a 00014000 3f6bb764 c0000202 c0000201 ; IPv4
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 04 0000 c6336407                          ; hop: version, 4 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9

case a checksum is tested, and made again for the hop that was lost
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0004 001e           ; envelope: version, flags, type, header words, length
    0003 0002 883b 0000            ; option: checksum
    01 05 0000 c6336407            ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
send hop
    0200c0000201 0200c0000202 88b5 ; Ethernet
    01 00 4850 0004 001e           ; envelope: version, flags, type, header words, length
    0003 0002 883c 0000            ; option: checksum
    01 04 0000 c6336407            ; hop: version, 4 hops, to 198.51.100.7
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0004 001e           ; envelope: version, flags, type, header words, length
    0003 0002 1234 0000            ; option: checksum, wrong
    01 05 0000 c6336407            ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
drop bad-checksum

case all options stay where they are
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500005a 1b584000 40119b37 c0000201 c0000202 ; IPv4
    9c40 0cfa 0046 d223                          ; UDP
    01 00 4850 000c 003e                         ; envelope: version, flags, type, header words, length
    0001 0003 00000001 c0000201                  ; option: source
    0002 0003 00000001 c6336407                  ; option: destination
    0003 0002 17bc 0000                          ; option: checksum
    8007 0002 01020304                           ; an option of the type's own
    01 05 0000 c6336407                          ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
send hop
    0200c0000201 0200c0000202 0800               ; Ethernet
    4500005a 00004000 3f11b78f c0000202 c0000201 ; IPv4
    0cfa 0cfa 0046 616a                          ; UDP
    01 00 4850 000c 003e                         ; envelope: version, flags, type, header words, length
    0001 0003 00000001 c0000201                  ; option: source
    0002 0003 00000001 c6336407                  ; option: destination
    0003 0002 17bd 0000                          ; option: checksum
    8007 0002 01020304                           ; an option of the type's own
    01 04 0000 c6336407                          ; hop: version, 4 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9

case hops run out, and so do routes
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0016           ; envelope: version, flags, type, header words, length
    01 00 0000 c6336407            ; hop: version, 0 hops, to 198.51.100.7
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
drop hops-exceeded
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0016           ; envelope: version, flags, type, header words, length
    01 05 0000 cb007109            ; hop: version, 5 hops, to 203.0.113.9
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
drop no-route

case a program that asks nothing is over at its end
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0010           ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407            ; hop: version, 5 hops, to 198.51.100.7
consume evaluated
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0012           ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407            ; hop: version, 5 hops, to 198.51.100.7
    02 00                          ; branch-here to the next
consume evaluated

case programs that the verifier refuses
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0011           ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407            ; hop: version, 5 hops, to 198.51.100.7
    04                             ; no such opcode
drop error-program
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0012           ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407            ; hop: version, 5 hops, to 198.51.100.7
    03 00                          ; deliver, cut off
drop error-program
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0012           ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407            ; hop: version, 5 hops, to 198.51.100.7
    02 7f                          ; branch-here to beyond the end
drop error-program
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0012           ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407            ; hop: version, 5 hops, to 198.51.100.7
    02 ff                          ; branch-here into its own operand
drop error-program
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0012           ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407            ; hop: version, 5 hops, to 198.51.100.7
    01 00                          ; forward, then no such opcode: refused before anything runs
drop error-program

case a loop without end is stopped by its fuel, and the packet after it runs
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002e 1b584000 40119b63 c0000201 c0000202 ; IPv4
    9c40 0cfa 001a c311                          ; UDP
    01 00 4850 0002 0012                         ; envelope: version, flags, type, header words, length
    01 05 0000 c0000202                          ; hop: version, 5 hops, to 192.0.2.2
    02 fe                                        ; branch-here to itself
drop fuel
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000032 1b584000 40119b5f c0000201 c0000202 ; IPv4
    9c40 0cfa 001e 5abe                          ; UDP
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                          ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
send hop
    0200c0000201 0200c0000202 0800               ; Ethernet
    45000032 00004000 3f11b7b7 c0000202 c0000201 ; IPv4
    0cfa 0cfa 001e ea05                          ; UDP
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 04 0000 c6336407                          ; hop: version, 4 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002e 1b584000 40119b63 c0000201 c0000202 ; IPv4
    9c40 0cfa 001a c311                          ; UDP
    01 00 4850 0002 0012                         ; envelope: version, flags, type, header words, length
    01 05 0000 c0000202                          ; hop: version, 5 hops, to 192.0.2.2
    02 fe                                        ; branch-here to itself
drop fuel
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000032 1b584000 40119b5f c0000201 c0000202 ; IPv4
    9c40 0cfa 001e c2f6                          ; UDP
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c0000202                          ; hop: version, 5 hops, to 192.0.2.2
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
deliver 9
    01 05 0000 c0000202 ; hop: version, 5 hops, to 192.0.2.2
    02 01  01  03 0009  ; branch-here to the last, forward, deliver 9

case what is shorter than its header, or of another version
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 000f           ; envelope: version, flags, type, header words, length
    01 05 0000 c63364              ; hop: an octet is missing
drop short-hop
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0008           ; envelope: version, flags, type, header words, length
drop short-hop
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0016           ; envelope: version, flags, type, header words, length
    02 05 0000 c6336407            ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
drop bad-version

case the same packet again, its program out of the cache
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0016           ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407            ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
send hop
    0200c0000201 0200c0000202 88b5 ; Ethernet
    01 00 4850 0002 0016           ; envelope: version, flags, type, header words, length
    01 04 0000 c6336407            ; hop: version, 4 hops, to 198.51.100.7
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0016           ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407            ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
send hop
    0200c0000201 0200c0000202 88b5 ; Ethernet
    01 00 4850 0002 0016           ; envelope: version, flags, type, header words, length
    01 04 0000 c6336407            ; hop: version, 4 hops, to 198.51.100.7
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 0016           ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407            ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
send hop
    0200c0000201 0200c0000202 88b5 ; Ethernet
    01 00 4850 0002 0016           ; envelope: version, flags, type, header words, length
    01 04 0000 c6336407            ; hop: version, 4 hops, to 198.51.100.7
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
ledger received in 3
ledger sent hop 3
