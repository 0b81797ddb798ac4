; What carries the packets: headers that are cut off, wrong, in pieces, tagged, or old.
load netvmlets/hop.vml
address 192.0.2.2/24
route 198.51.100.0/24=192.0.2.1

case frames that end too early
; and then a good one
receive
    02 ; the first 1 octets of a good frame
drop truncated
receive
    0200c000 02020200 c0000201 08 ; the first 13 octets of a good frame
drop truncated
receive
    0200c000 02020200 c0000201 0800 ; the first 14 octets of a good frame
drop truncated
receive
    0200c000 02020200 c0000201 08004500 00321b58 40004011 9b5fc000 0201c000 02 ; the first 33 octets of a good frame
drop truncated
receive
    0200c000 02020200 c0000201 08004500 00321b58 40004011 9b5fc000 0201c000 0202 ; the first 34 octets of a good frame
drop truncated
receive
    0200c000 02020200 c0000201 08004500 00321b58 40004011 9b5fc000 0201c000 02029c40 0cfa001e 5abe0100 48500002 00160105 0000c633 64070201 010300 ; the first 63 octets of a good frame
drop truncated
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

case pieces of larger datagrams
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000032 1b582000 4011bb5f c0000201 c0000202 ; IPv4
    9c40 0cfa 001e 5abe                          ; UDP
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                          ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
drop fragment
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000032 1b580002 4011db5d c0000201 c0000202 ; IPv4
    9c40 0cfa 001e 5abe                          ; UDP
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                          ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
drop fragment
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002a 1b582005 406bbb08 c0000201 c0000202 ; IPv4
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                          ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
drop fragment
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000032 1b580000 4011db5f c0000201 c0000202 ; IPv4
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

case checksums of the carriers
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000032 1b584000 40119b5e c0000201 c0000202 ; IPv4
    9c40 0cfa 001e 5abe                          ; UDP
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                          ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
drop bad-ip-checksum
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002a 1b584000 406b1b0d c0000201 c0000202 ; IPv4
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                          ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
drop bad-ip-checksum
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000032 1b584000 40119b5f c0000201 c0000202 ; IPv4
    9c40 0cfa 001e 5abf                          ; UDP
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                          ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
drop bad-udp-checksum
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000032 1b584000 40119b5f c0000201 c0000202 ; IPv4
    9c40 0cfa 001e 0000                          ; UDP
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

case the lifetime of the datagram
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000032 1b584000 0111da5f c0000201 c0000202 ; IPv4
    9c40 0cfa 001e 5abe                          ; UDP
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                          ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
drop ttl-expired
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002a 1b584000 006bdb0d c0000201 c0000202 ; IPv4
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                          ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
drop ttl-expired
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002a 1b584000 026bd90d c0000201 c0000202 ; IPv4
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                          ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
send hop
    0200c0000201 0200c0000202 0800               ; Ethernet
    4500002a 00024000 016bf563 c0000202 c0000201 ; IPv4
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 04 0000 c6336407                          ; hop: version, 4 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002a 1b584000 016bda0d c0000201 c0000202 ; IPv4
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 05 0000 c0000202                          ; hop: version, 5 hops, to 192.0.2.2
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
deliver 9
    01 05 0000 c0000202 ; hop: version, 5 hops, to 192.0.2.2
    02 01  01  03 0009  ; branch-here to the last, forward, deliver 9

case IPv4 options are stepped over and not sent on
receive
    0200c0000202 0200c0000201 0800                                ; Ethernet
    4700003a 1b584000 40118e50 c0000201 c0000202 0707040000000000 ; IPv4
    9c40 0cfa 001e 5abe                                           ; UDP
    01 00 4850 0002 0016                                          ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                                           ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                                            ; branch-here to the last, forward, deliver 9
send hop
    0200c0000201 0200c0000202 0800               ; Ethernet
    45000032 00004000 3f11b7b7 c0000202 c0000201 ; IPv4
    0cfa 0cfa 001e ea05                          ; UDP
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 04 0000 c6336407                          ; hop: version, 4 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9

case VLAN tags are taken off
receive
    0200c0000202 0200c0000201 8100 0005 88b5 ; Ethernet, tagged
    01 00 4850 0002 0016                     ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                      ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                       ; branch-here to the last, forward, deliver 9
send hop
    0200c0000201 0200c0000202 88b5 ; Ethernet
    01 00 4850 0002 0016           ; envelope: version, flags, type, header words, length
    01 04 0000 c6336407            ; hop: version, 4 hops, to 198.51.100.7
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
receive
    0200c0000202 0200c0000201 88a8 0064 8100 0005 88b5 ; Ethernet, tagged
    01 00 4850 0002 0016                               ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                                ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                                 ; branch-here to the last, forward, deliver 9
send hop
    0200c0000201 0200c0000202 88b5 ; Ethernet
    01 00 4850 0002 0016           ; envelope: version, flags, type, header words, length
    01 04 0000 c6336407            ; hop: version, 4 hops, to 198.51.100.7
    02 01  01  03 0009             ; branch-here to the last, forward, deliver 9
receive
    0200c0000202 0200c0000201 8100 0001 8100 0002 8100 0003 88b5 ; Ethernet, tagged
    01 00 4850 0002 0016                                         ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                                          ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                                           ; branch-here to the last, forward, deliver 9
drop not-active

case what came over IPv6 leaves over IPv4
receive
    0200c0000202 0200c0000201 86dd                                                             ; Ethernet
    60000000 001e 1140 fd000000 00000000 00000000 00000001 fd000000 00000000 00000000 00000002 ; IPv6
    9c400cfa 001ee4bd                                                                          ; UDP
    01 00 4850 0002 0016                                                                       ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                                                                        ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                                                                         ; branch-here to the last, forward, deliver 9
send hop
    0200c0000201 0200c0000202 0800               ; Ethernet
    45000032 00004000 3f11b7b7 c0000202 c0000201 ; IPv4
    0cfa 0cfa 001e ea05                          ; UDP
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 04 0000 c6336407                          ; hop: version, 4 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
receive
    0200c0000202 0200c0000201 86dd                                                             ; Ethernet
    60000000 0016 6b40 fd000000 00000000 00000000 00000001 fd000000 00000000 00000000 00000002 ; IPv6
    01 00 4850 0002 0016                                                                       ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                                                                        ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                                                                         ; branch-here to the last, forward, deliver 9
send hop
    0200c0000201 0200c0000202 0800               ; Ethernet
    4500002a 00014000 3f6bb764 c0000202 c0000201 ; IPv4
    01 00 4850 0002 0016                         ; envelope: version, flags, type, header words, length
    01 04 0000 c6336407                          ; hop: version, 4 hops, to 198.51.100.7
    02 01  01  03 0009                           ; branch-here to the last, forward, deliver 9
receive
    0200c0000202 0200c0000201 86dd                                                             ; Ethernet
    60000000 001e 2c40 fd000000 00000000 00000000 00000001 fd000000 00000000 00000000 00000002 ; IPv6
    6b000001 12345678                                                                          ; a fragment header
    01 00 4850 0002 0016                                                                       ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                                                                        ; hop: version, 5 hops, to 198.51.100.7
    02 01  01  03 0009                                                                         ; branch-here to the last, forward, deliver 9
drop fragment

case ordinary traffic is nobody's
receive
    ffffffffffff 0200c0000201 0806                                   ; Ethernet
    0001 0800 06 04 0001 0200c0000201 c0000201 000000000000 c0000202 ; ARP
drop not-active
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002d 1b584000 40119b64 c0000201 c0000202 ; IPv4
    9c40 0035 0019 dc40                          ; UDP
    0001 0100 0001 0000 0000 0000 00 0001 0001   ; a question
drop not-active
receive
    0200c0000202 0200c0000201 0800                ; Ethernet
    45000028 1b584000 40069b74 c0000201 c0000202  ; IPv4, TCP
    c0010050 00000000 00000000 50020000 00000000
drop not-active

case what is larger than the link carries
mtu 77
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000069 1b584000 40119b28 c0000201 c0000202 ; IPv4
    9c40 0cfa 0055 3e08                          ; UDP
    01 00 4850 0002 004d                         ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                          ; hop: version, 5 hops, to 198.51.100.7
    01                                           ; forward
    01*60                                        ; and what follows it
drop too-big
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000061 1b584000 406b9ad6 c0000201 c0000202 ; IPv4
    01 00 4850 0002 004d                         ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407                          ; hop: version, 5 hops, to 198.51.100.7
    01                                           ; forward
    01*60                                        ; and what follows it
drop too-big
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 4850 0002 004d           ; envelope: version, flags, type, header words, length
    01 05 0000 c6336407            ; hop: version, 5 hops, to 198.51.100.7
    01                             ; forward
    01*60                          ; and what follows it
send hop
    0200c0000201 0200c0000202 88b5 ; Ethernet
    01 00 4850 0002 004d           ; envelope: version, flags, type, header words, length
    01 04 0000 c6336407            ; hop: version, 4 hops, to 198.51.100.7
    01                             ; forward
    01*60                          ; and what follows it
