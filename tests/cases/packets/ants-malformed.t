; Capsules whose header or fields are wrong, each with its reason, and each with a good one behind it,
; which is served. The router and its neighbour are those of ants.t.
load ants/ants.vml
address 192.0.2.2/24
neighbour 192.0.2.1
route 198.51.100.0/24=192.0.2.1
route 203.0.113.0/24=192.0.2.1

case an envelope with nothing in it
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 414e 0002 0008           ; envelope
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
drop short-capsule
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

case a header that lacks its last octet
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 002b              ; envelope of 8 + 35 octets
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000201                          ; previous 192.0.2.1
    000000                            ; TTL, one octet missing
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
drop short-capsule
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

case previous is no neighbour
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000203                          ; previous 192.0.2.3
    00000009                          ; TTL 9
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop bad-previous
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

case previous is the router itself
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000202                          ; previous 192.0.2.2
    00000009                          ; TTL 9
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop bad-previous
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

case previous is nobody
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    00000000                          ; previous 0.0.0.0
    00000009                          ; TTL 9
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop bad-previous
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

case TTL 0 on arrival, on its way
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000201                          ; previous 192.0.2.1
    00000000                          ; TTL 0
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop ttl-expired
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

case TTL 0 on arrival, where it was going
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000000                          ; TTL 0
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop ttl-expired
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

case TTL 1 goes no further
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000201                          ; previous 192.0.2.1
    00000001                          ; TTL 1
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop ttl-expired
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

case TTL 1 is too little for a ping to come back
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0034              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    939b520f742dc3d4 73dd9d9768666eaf ; method: digest of vvm:ants:ping:1
    cb007108                          ; source 203.0.113.8
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000001                          ; TTL 1
    00000000                          ; flag: outward
    00000001                          ; sequence 1
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
drop ttl-expired
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

case TTL 256
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000201                          ; previous 192.0.2.1
    00000100                          ; TTL 256
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop bad-ttl
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

case TTL 4294967295, where it was going
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    ffffffff                          ; TTL 4294967295
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop bad-ttl
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

case TTL 1 of another version
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000000                          ; version 0
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000201                          ; previous 192.0.2.1
    00000001                          ; TTL 1
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop ttl-expired
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

case version 0 where it was going
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000000                          ; version 0
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop unknown-version
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

case version 4294967295 without a route
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    ffffffff                          ; version 4294967295
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    0a000001                          ; destination 10.0.0.1
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop no-route
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

case a version in the wrong order of octets is another version, and where it was going
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    01000000                          ; version 16777216
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop unknown-version
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

case an id that is nobody's
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    0000000000000000 0000000000000000 ; method: nobody's
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop unknown-method
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

case an id that is nobody's, where it was going
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    0000000000000000 0000000000000000 ; method: nobody's
    cb007108                          ; source 203.0.113.8
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop unknown-method
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

case an id that differs in its last bit
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f795 ; method: nobody's
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop unknown-method
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

case no route to its destination
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    0a000001                          ; destination 10.0.0.1
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop no-route
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

case destination 0
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0032              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    00000000                          ; destination 0.0.0.0
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop no-route
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

case a ping from nobody cannot go back
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0034              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    939b520f742dc3d4 73dd9d9768666eaf ; method: digest of vvm:ants:ping:1
    00000000                          ; source 0.0.0.0
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
    00000000                          ; flag: outward
    00000001                          ; sequence 1
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
drop no-route
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

case data that ends in its ports
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 002f              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
    200700                            ; ports, one octet missing
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
drop short-data
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

case data that ends in its ports, where it was going
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 002c              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
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
drop short-data
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

case a ping without all of its sequence
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0033              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    939b520f742dc3d4 73dd9d9768666eaf ; method: digest of vvm:ants:ping:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
    00000000                          ; flag: outward
    000000                            ; sequence, one octet missing
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
drop short-ping
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

case a ping with an octet more
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0035              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    939b520f742dc3d4 73dd9d9768666eaf ; method: digest of vvm:ants:ping:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
    00000000                          ; flag: outward
    00000001                          ; sequence 1
    00                                ; an octet more
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
drop extra-octets
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

case a ping that came back with octets more
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0038              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    939b520f742dc3d4 73dd9d9768666eaf ; method: digest of vvm:ants:ping:1
    cb007108                          ; source 203.0.113.8
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
    00000001                          ; flag: returning
    00000001                          ; sequence 1
    00000000                          ; octets more
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
drop extra-octets
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

case a ping with a flag that means nothing
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0034              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    939b520f742dc3d4 73dd9d9768666eaf ; method: digest of vvm:ants:ping:1
    cb007108                          ; source 203.0.113.8
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
    00000002                          ; flag: neither
    00000001                          ; sequence 1
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
drop bad-flag
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

case a ping whose flag has its octets in the wrong order
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0034              ; envelope: version, flags, type, header words, length
    00000001                          ; version 1
    939b520f742dc3d4 73dd9d9768666eaf ; method: digest of vvm:ants:ping:1
    cb007108                          ; source 203.0.113.8
    c0000202                          ; destination 192.0.2.2
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
    01000000                          ; flag: neither
    00000001                          ; sequence 1
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
drop bad-flag
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

case an envelope that is longer than what it holds
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0033              ; envelope of 51 octets, of which 50 are there
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop bad-length
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

case an envelope that ends in the capsule's header
receive
    0200c0000202 0200c0000201 88b5    ; Ethernet
    01 00 414e 0002 0020              ; envelope of 32 octets; what follows is padding
    00000001                          ; version 1
    b2c680ffad655313 3bab47b5dbc4f794 ; method: digest of vvm:ants:data:1
    cb007108                          ; source 203.0.113.8
    c6336407                          ; destination 198.51.100.7
    c0000201                          ; previous 192.0.2.1
    00000009                          ; TTL 9
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
    00000009                          ; TTL 9
    2007 0005                         ; ports: from 8199 to 5
    6869                              ; payload: "hi"
drop short-capsule
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

case octets behind the envelope, which has a length, over UDP
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500004e 1b584000 40119b43 c0000201 c0000202 ; IPv4
    9c40 0cfa 003a 53fb                          ; UDP
    01 00 414e 0002 0031                         ; envelope: version, flags, type, header words, length
    00000001                                     ; version 1
    b2c680ffad655313 3bab47b5dbc4f794            ; method: digest of vvm:ants:data:1
    cb007108                                     ; source 203.0.113.8
    c6336407                                     ; destination 198.51.100.7
    c0000201                                     ; previous 192.0.2.1
    00000009                                     ; TTL 9
    2007 0005                                    ; ports: from 8199 to 5
    6869                                         ; payload: "hi"
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
drop trailing-octets
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
