; Capsules in their envelope, over three carriers, written from the reference's table of the header.
; A router 192.0.2.2 with one neighbour, 192.0.2.1, behind which are 198.51.100.0/24 and 203.0.113.0/24.
load ants/ants.vml
address 192.0.2.2/24
neighbour 192.0.2.1
route 198.51.100.0/24=192.0.2.1
route 203.0.113.0/24=192.0.2.1

case data on its way loses a hop and learns who sent it, over UDP port 3322
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500004e 1b584000 40119b43 c0000201 c0000202 ; IPv4
    9c40 0cfa 003a 53fa                          ; UDP
    01 00 414e 0002 0032                         ; envelope: version, flags, type, header words, length
    00000001                                     ; version 1
    b2c680ffad655313 3bab47b5dbc4f794            ; method: digest of vvm:ants:data:1
    cb007108                                     ; source 203.0.113.8
    c6336407                                     ; destination 198.51.100.7
    c0000201                                     ; previous 192.0.2.1
    00000009                                     ; TTL 9
    2007 0005                                    ; ports: from 8199 to 5
    6869                                         ; payload: "hi"
send ants
    0200c0000201 0200c0000202 0800               ; Ethernet
    4500004e 00004000 3f11b79b c0000202 c0000201 ; IPv4
    0cfa 0cfa 003a e340                          ; UDP
    01 00 414e 0002 0032                         ; envelope: version, flags, type, header words, length
    00000001                                     ; version 1
    b2c680ffad655313 3bab47b5dbc4f794            ; method: digest of vvm:ants:data:1
    cb007108                                     ; source 203.0.113.8
    c6336407                                     ; destination 198.51.100.7
    c0000202                                     ; previous 192.0.2.2
    00000008                                     ; TTL 8
    2007 0005                                    ; ports: from 8199 to 5
    6869                                         ; payload: "hi"

case data on its way loses a hop and learns who sent it, over IP protocol 107
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000046 1b584000 406b9af1 c0000201 c0000202 ; IPv4
    01 00 414e 0002 0032                         ; envelope: version, flags, type, header words, length
    00000001                                     ; version 1
    b2c680ffad655313 3bab47b5dbc4f794            ; method: digest of vvm:ants:data:1
    cb007108                                     ; source 203.0.113.8
    c6336407                                     ; destination 198.51.100.7
    c0000201                                     ; previous 192.0.2.1
    00000009                                     ; TTL 9
    2007 0005                                    ; ports: from 8199 to 5
    6869                                         ; payload: "hi"
send ants
    0200c0000201 0200c0000202 0800               ; Ethernet
    45000046 00004000 3f6bb749 c0000202 c0000201 ; IPv4
    01 00 414e 0002 0032                         ; envelope: version, flags, type, header words, length
    00000001                                     ; version 1
    b2c680ffad655313 3bab47b5dbc4f794            ; method: digest of vvm:ants:data:1
    cb007108                                     ; source 203.0.113.8
    c6336407                                     ; destination 198.51.100.7
    c0000202                                     ; previous 192.0.2.2
    00000008                                     ; TTL 8
    2007 0005                                    ; ports: from 8199 to 5
    6869                                         ; payload: "hi"

case data on its way loses a hop and learns who sent it, over EtherType 0x88b5
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
send ants
    0200c0000201 0200c0000202 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000202                          ; previous 192.0.2.2
    00000008                          ; TTL 8
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"

case data that comes with the largest TTL, and with the last that goes on
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000201                          ; previous 192.0.2.1
    000000ff                          ; TTL 255
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
send ants
    0200c0000201 0200c0000202 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000202                          ; previous 192.0.2.2
    000000fe                          ; TTL 254
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000201                          ; previous 192.0.2.1
    00000002                          ; TTL 2
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
send ants
    0200c0000201 0200c0000202 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000202                          ; previous 192.0.2.2
    00000001                          ; TTL 1
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"

case data that has arrived goes whole to the port it names, over UDP port 3322
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500004e 1b584000 40119b43 c0000201 c0000202 ; IPv4
    9c40 0cfa 003a bc32                          ; UDP
    01 00 414e 0002 0032                         ; envelope: version, flags, type, header words, length
    00000001                                     ; version 1
    b2c680ffad655313 3bab47b5dbc4f794            ; method: digest of vvm:ants:data:1
    cb007108                                     ; source 203.0.113.8
    c0000202                                     ; destination 192.0.2.2
    c0000201                                     ; previous 192.0.2.1
    00000009                                     ; TTL 9
    2007 0005                                    ; ports: from 8199 to 5
    6869                                         ; payload: "hi"
deliver 5
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"

case data that has arrived goes whole to the port it names, over EtherType 0x88b5
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
deliver 5
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"

case data with nothing in it, on the last hop that it had
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0030              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000001                          ; TTL 1
    0000 ffff                         ; ports: from 0 to 65535
    00*2                              ; padding
deliver 65535
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000001                          ; TTL 1
    0000 ffff                         ; ports: from 0 to 65535

case a ping turns round where it was going, over UDP port 3322
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000050 1b584000 40119b41 c0000201 c0000202 ; IPv4
    9c40 0cfa 003c c964                          ; UDP
    01 00 414e 0002 0034                         ; envelope: version, flags, type, header words, length
    00000001                                     ; version 1
    939b520f742dc3d4 73dd9d9768666eaf            ; method: digest of vvm:ants:ping:1
    cb007108                                     ; source 203.0.113.8
    c0000202                                     ; destination 192.0.2.2
    c0000201                                     ; previous 192.0.2.1
    00000009                                     ; TTL 9
    00000000                                     ; flag: outward
    fffffffe                                     ; sequence -2
send ants
    0200c0000201 0200c0000202 0800               ; Ethernet
    45000050 00004000 3f11b799 c0000202 c0000201 ; IPv4
    0cfa 0cfa 003c 58aa                          ; UDP
    01 00 414e 0002 0034                         ; envelope: version, flags, type, header words, length
    00000001                                     ; version 1
    939b520f742dc3d4 73dd9d9768666eaf            ; method: digest of vvm:ants:ping:1
    c0000202                                     ; source 192.0.2.2
    cb007108                                     ; destination 203.0.113.8
    c0000202                                     ; previous 192.0.2.2
    00000008                                     ; TTL 8
    00000001                                     ; flag: returning
    fffffffe                                     ; sequence -2

case a ping turns round where it was going, over IP protocol 107
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000048 1b584000 406b9aef c0000201 c0000202 ; IPv4
    01 00 414e 0002 0034                         ; envelope: version, flags, type, header words, length
    00000001                                     ; version 1
    939b520f742dc3d4 73dd9d9768666eaf            ; method: digest of vvm:ants:ping:1
    cb007108                                     ; source 203.0.113.8
    c0000202                                     ; destination 192.0.2.2
    c0000201                                     ; previous 192.0.2.1
    00000009                                     ; TTL 9
    00000000                                     ; flag: outward
    fffffffe                                     ; sequence -2
send ants
    0200c0000201 0200c0000202 0800               ; Ethernet
    45000048 00004000 3f6bb747 c0000202 c0000201 ; IPv4
    01 00 414e 0002 0034                         ; envelope: version, flags, type, header words, length
    00000001                                     ; version 1
    939b520f742dc3d4 73dd9d9768666eaf            ; method: digest of vvm:ants:ping:1
    c0000202                                     ; source 192.0.2.2
    cb007108                                     ; destination 203.0.113.8
    c0000202                                     ; previous 192.0.2.2
    00000008                                     ; TTL 8
    00000001                                     ; flag: returning
    fffffffe                                     ; sequence -2

case a ping turns round where it was going, over EtherType 0x88b5
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0034              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    939b520f742dc3d4 73dd9d9768666eaf ; method: digest of vvm:ants:ping:1
    cb007108                          ; source 203.0.113.8
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
    00000000                          ; flag: outward
    fffffffe                          ; sequence -2
send ants
    0200c0000201 0200c0000202 88b5    ; Ethernet
    01 00 414e 0002 0034              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    939b520f742dc3d4 73dd9d9768666eaf ; method: digest of vvm:ants:ping:1
    c0000202                          ; source 192.0.2.2
    cb007108                          ; destination 203.0.113.8
    c0000202                          ; previous 192.0.2.2
    00000008                          ; TTL 8
    00000001                          ; flag: returning
    fffffffe                          ; sequence -2

case a ping on its way out, and on its way back
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0034              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    939b520f742dc3d4 73dd9d9768666eaf ; method: digest of vvm:ants:ping:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
    00000000                          ; flag: outward
    00000007                          ; sequence 7
send ants
    0200c0000201 0200c0000202 88b5    ; Ethernet
    01 00 414e 0002 0034              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    939b520f742dc3d4 73dd9d9768666eaf ; method: digest of vvm:ants:ping:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000202                          ; previous 192.0.2.2
    00000008                          ; TTL 8
    00000000                          ; flag: outward
    00000007                          ; sequence 7
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0034              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    939b520f742dc3d4 73dd9d9768666eaf ; method: digest of vvm:ants:ping:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
    00000001                          ; flag: returning
    00000007                          ; sequence 7
send ants
    0200c0000201 0200c0000202 88b5    ; Ethernet
    01 00 414e 0002 0034              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    939b520f742dc3d4 73dd9d9768666eaf ; method: digest of vvm:ants:ping:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000202                          ; previous 192.0.2.2
    00000008                          ; TTL 8
    00000001                          ; flag: returning
    00000007                          ; sequence 7

case a ping that has come back is delivered with the sequence that it left with
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000050 1b584000 40119b41 c0000201 c0000202 ; IPv4
    9c40 0cfa 003c 5b38                          ; UDP
    01 00 414e 0002 0034                         ; envelope: version, flags, type, header words, length
    00000001                                     ; version 1
    939b520f742dc3d4 73dd9d9768666eaf            ; method: digest of vvm:ants:ping:1
    c6336407                                     ; source 198.51.100.7
    c0000202                                     ; destination 192.0.2.2
    c0000201                                     ; previous 192.0.2.1
    00000001                                     ; TTL 1
    00000001                                     ; flag: returning
    80000000                                     ; sequence -2147483648
deliver 7
    00000001                          ; version 1
    939b520f742dc3d4 73dd9d9768666eaf ; method: digest of vvm:ants:ping:1
    c6336407                          ; source 198.51.100.7
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000001                          ; TTL 1
    00000001                          ; flag: returning
    80000000                          ; sequence -2147483648

case a ping of this node to this node has come back when it arrives
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0034              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    939b520f742dc3d4 73dd9d9768666eaf ; method: digest of vvm:ants:ping:1
    c0000202                          ; source 192.0.2.2
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
    00000000                          ; flag: outward
    00000001                          ; sequence 1
deliver 7
    00000001                          ; version 1
    939b520f742dc3d4 73dd9d9768666eaf ; method: digest of vvm:ants:ping:1
    c0000202                          ; source 192.0.2.2
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
    00000001                          ; flag: returning
    00000001                          ; sequence 1

case a capsule of another version goes on like plain data, whatever its type and its fields
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000049 1b584000 40119b48 c0000201 c0000202 ; IPv4
    9c40 0cfa 0035 6876                          ; UDP
    01 00 414e 0002 002d                         ; envelope: version, flags, type, header words, length
    00000002                                     ; version 2
    0000000000000000 0000000000000000            ; method: nobody's
    cb007108                                     ; source 203.0.113.8
    c6336407                                     ; destination 198.51.100.7
    c0000201                                     ; previous 192.0.2.1
    00000009                                     ; TTL 9
    ff                                           ; a field of a version to come
send ants
    0200c0000201 0200c0000202 0800               ; Ethernet
    45000049 00004000 3f11b7a0 c0000202 c0000201 ; IPv4
    0cfa 0cfa 0035 f7bc                          ; UDP
    01 00 414e 0002 002d                         ; envelope: version, flags, type, header words, length
    00000002                                     ; version 2
    0000000000000000 0000000000000000            ; method: nobody's
    cb007108                                     ; source 203.0.113.8
    c6336407                                     ; destination 198.51.100.7
    c0000202                                     ; previous 192.0.2.2
    00000008                                     ; TTL 8
    ff                                           ; a field of a version to come

case a capsule of another version is nobody's where it arrives
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 002d              ; envelope: version, flags, type, header words, length
    00000002                          ; version 2
    0000000000000000 0000000000000000 ; method: nobody's
    cb007108                          ; source 203.0.113.8
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
    ff                                ; a field of a version to come
drop unknown-version

case in an envelope with a destination option, which stays as it was
receive
    0200c0000202 0200c0000201 88b5                ; Ethernet
    01 00 414e 0005 003e 0002000300000001c6336407 ; envelope: version, flags, type, header words, length
    00000001                                      ; version 1
    b2c680ffad655313 3bab47b5dbc4f794             ; method: digest of vvm:ants:data:1
    cb007108                                      ; source 203.0.113.8
    c6336407                                      ; destination 198.51.100.7
    c0000201                                      ; previous 192.0.2.1
    00000009                                      ; TTL 9
    2007 0005                                     ; ports: from 8199 to 5
    6869                                          ; payload: "hi"
send ants
    0200c0000201 0200c0000202 88b5                ; Ethernet
    01 00 414e 0005 003e 0002000300000001c6336407 ; envelope: version, flags, type, header words, length
    00000001                                      ; version 1
    b2c680ffad655313 3bab47b5dbc4f794             ; method: digest of vvm:ants:data:1
    cb007108                                      ; source 203.0.113.8
    c6336407                                      ; destination 198.51.100.7
    c0000202                                      ; previous 192.0.2.2
    00000008                                      ; TTL 8
    2007 0005                                     ; ports: from 8199 to 5
    6869                                          ; payload: "hi"
