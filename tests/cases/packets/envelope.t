; The envelope itself: type 0x7001 is nobody's here, so packets of it are forwarded to the
; destination that an option names, or dropped.
load netvmlets/anep.vml
address 192.0.2.2/24
route 198.51.100.0/24=192.0.2.1

case an unknown type goes on to its destination, over UDP
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000033 1b584000 40119b5e c0000201 c0000202 ; IPv4
    9c40 0cfa 001f 72b0                          ; UDP
    01 00 7001 0005 0017                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    616263                                       ; payload
send anep
    0200c0000201 0200c0000202 0800               ; Ethernet
    45000033 00004000 3f11b7b6 c0000202 c0000201 ; IPv4
    0cfa 0cfa 001f 01f7                          ; UDP
    01 00 7001 0005 0017                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    616263                                       ; payload

case an unknown type goes on to its destination, over IP
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002b 1b584000 406b9b0c c0000201 c0000202 ; IPv4
    01 00 7001 0005 0017                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    616263                                       ; payload
send anep
    0200c0000201 0200c0000202 0800               ; Ethernet
    4500002b 00004000 3f6bb764 c0000202 c0000201 ; IPv4
    01 00 7001 0005 0017                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    616263                                       ; payload

case an unknown type goes on to its destination, over Ethernet
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 7001 0005 0017           ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407    ; option: destination 198.51.100.7
    616263                         ; payload
send anep
    0200c0000201 0200c0000202 88b5 ; Ethernet
    01 00 7001 0005 0017           ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407    ; option: destination 198.51.100.7
    616263                         ; payload

case the discard flag
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000033 1b584000 40119b5e c0000201 c0000202 ; IPv4
    9c40 0cfa 001f 7230                          ; UDP
    01 80 7001 0005 0017                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    616263                                       ; payload
drop unknown-type

case reserved flags are ignored, and cleared on the way out
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 7f 7001 0005 0017           ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407    ; option: destination 198.51.100.7
    616263                         ; payload
send anep
    0200c0000201 0200c0000202 88b5 ; Ethernet
    01 00 7001 0005 0017           ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407    ; option: destination 198.51.100.7
    616263                         ; payload

case an unknown type with nowhere to go
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500001f 1b584000 406b9b18 c0000201 c0000202 ; IPv4
    01 00 7001 0002 000b                         ; envelope: version, flags, type, header words, length
    616263                                       ; payload
drop unknown-type
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002b 1b584000 406b9b0c c0000201 c0000202 ; IPv4
    01 00 7001 0005 0017                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c0000202                  ; option: destination 192.0.2.2, which is here
    616263                                       ; payload
drop unknown-type
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002b 1b584000 406b9b0c c0000201 c0000202 ; IPv4
    01 00 7001 0005 0017                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 cb007109                  ; option: destination 203.0.113.9, to which there is no route
    616263                                       ; payload
drop no-route
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002f 1b584000 406b9b08 c0000201 c0000202 ; IPv4
    01 00 7001 0006 001b                         ; envelope: version, flags, type, header words, length
    0002 0004 00000009 0102030405060708          ; option: destination of an unknown scheme
    616263                                       ; payload
drop unknown-type
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002b 1b584000 406b9b0c c0000201 c0000202 ; IPv4
    01 00 7001 0005 0017                         ; envelope: version, flags, type, header words, length
    8002 0003 00000001 c6336407                  ; an option of the type's own, no destination
    616263                                       ; payload
drop unknown-type

case other address schemes
receive
    0200c0000202 0200c0000201 0800                         ; Ethernet
    45000037 1b584000 406b9b00 c0000201 c0000202           ; IPv4
    01 00 7001 0008 0023                                   ; envelope: version, flags, type, header words, length
    0002 0006 00000002 20010db8 00000000 00000000 00000001 ; option: destination, IPv6
    616263                                                 ; payload
drop unknown-type
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002f 1b584000 406b9b08 c0000201 c0000202 ; IPv4
    01 00 7001 0006 001b                         ; envelope: version, flags, type, header words, length
    0002 0004 00000003 0200c000 02010000         ; option: destination, IEEE 802
    616263                                       ; payload
drop unknown-type
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002f 1b584000 406b9b08 c0000201 c0000202 ; IPv4
    01 00 7001 0006 001b                         ; envelope: version, flags, type, header words, length
    0002 0004 00000001 c6336407 00000000         ; option: destination, IPv4 and a word too much
    616263                                       ; payload
drop bad-option

case the fixed header
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 7001 0002 00             ; an octet is missing
drop short-anep
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    02 00 7001 0002 0008           ; envelope: version, flags, type, header words, length
drop bad-version
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    00 00 7001 0002 0008           ; envelope: version, flags, type, header words, length
drop bad-version
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 0000 0002 0008           ; envelope: version, flags, type, header words, length
drop reserved-type
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 7001 0001 000b           ; envelope: version, flags, type, header words, length
    616263                         ; payload
drop bad-header-length
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 7001 0000 000b           ; envelope: version, flags, type, header words, length
    616263                         ; payload
drop bad-header-length
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 7001 0003 000b           ; envelope: version, flags, type, header words, length
    616263                         ; payload
drop bad-header-length
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 7001 0002 0007           ; envelope: version, flags, type, header words, length
    616263                         ; payload
drop bad-header-length

case its length is the packet's, never the frame's
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000033 1b584000 40119b5e c0000201 c0000202 ; IPv4
    9c40 0cfa 001f 72af                          ; UDP
    01 00 7001 0005 0018                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    616263                                       ; payload
drop bad-length
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000033 1b584000 40119b5e c0000201 c0000202 ; IPv4
    9c40 0cfa 001f 72b1                          ; UDP
    01 00 7001 0005 0016                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    616263                                       ; payload
drop trailing-octets
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002b 1b584000 406b9b0c c0000201 c0000202 ; IPv4
    01 00 7001 0005 0016                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    616263                                       ; payload
drop trailing-octets
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 7001 0005 0016           ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407    ; option: destination 198.51.100.7
    616263                         ; payload
send anep
    0200c0000201 0200c0000202 88b5 ; Ethernet
    01 00 7001 0005 0016           ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407    ; option: destination 198.51.100.7
    6162                           ; payload
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 7001 0005 0017           ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407    ; option: destination 198.51.100.7
    616263                         ; payload
    00*23                          ; padding
send anep
    0200c0000201 0200c0000202 88b5 ; Ethernet
    01 00 7001 0005 0017           ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407    ; option: destination 198.51.100.7
    616263                         ; payload
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 7001 0005 ffff           ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407    ; option: destination 198.51.100.7
    616263                         ; payload
    00*23                          ; padding
drop bad-length

case the checksum option: an odd end, a reserved flag to clear, a wrong sum
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500003b 1b584000 40119b56 c0000201 c0000202 ; IPv4
    9c40 0cfa 0027 d261                          ; UDP
    01 00 7001 0007 001f                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    0003 0002 a02f 0000                          ; option: checksum
    616263                                       ; payload
send anep
    0200c0000201 0200c0000202 0800               ; Ethernet
    4500003b 00004000 3f11b7ae c0000202 c0000201 ; IPv4
    0cfa 0cfa 0027 61a8                          ; UDP
    01 00 7001 0007 001f                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    0003 0002 a02f 0000                          ; option: checksum
    616263                                       ; payload
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500003b 1b584000 40119b56 c0000201 c0000202 ; IPv4
    9c40 0cfa 0027 d261                          ; UDP
    01 05 7001 0007 001f                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    0003 0002 a02a 0000                          ; option: checksum
    616263                                       ; payload
send anep
    0200c0000201 0200c0000202 0800               ; Ethernet
    4500003b 00014000 3f11b7ad c0000202 c0000201 ; IPv4
    0cfa 0cfa 0027 61a8                          ; UDP
    01 00 7001 0007 001f                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    0003 0002 a02f 0000                          ; option: checksum
    616263                                       ; payload
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500003b 1b584000 40119b56 c0000201 c0000202 ; IPv4
    9c40 0cfa 0027 6180                          ; UDP
    01 00 7001 0007 001f                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    0003 0002 1111 0000                          ; option: checksum
    616263                                       ; payload
drop bad-checksum

case a checksum of zero is a value like others
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 7001 0007 0020           ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407    ; option: destination 198.51.100.7
    0003 0002 0000 0000            ; option: checksum
    6162032f                       ; payload that makes the sum all ones
send anep
    0200c0000201 0200c0000202 88b5 ; Ethernet
    01 00 7001 0007 0020           ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407    ; option: destination 198.51.100.7
    0003 0002 0000 0000            ; option: checksum
    6162032f                       ; payload that makes the sum all ones
receive
    0200c0000202 0200c0000201 88b5 ; Ethernet
    01 00 7001 0007 001f           ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407    ; option: destination 198.51.100.7
    0003 0002 0000 0000            ; option: checksum
    616263                         ; payload
drop bad-checksum

case options that are malformed
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000023 1b584000 406b9b14 c0000201 c0000202 ; IPv4
    01 00 7001 0003 000f                         ; envelope: version, flags, type, header words, length
    0009 0000                                    ; length of no words
    616263                                       ; payload
drop bad-option
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000023 1b584000 406b9b14 c0000201 c0000202 ; IPv4
    01 00 7001 0003 000f                         ; envelope: version, flags, type, header words, length
    0009 0002                                    ; longer than the header
    616263                                       ; payload
drop bad-option
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000023 1b584000 406b9b14 c0000201 c0000202 ; IPv4
    01 00 7001 0003 000f                         ; envelope: version, flags, type, header words, length
    0003 0001                                    ; checksum without its word
    616263                                       ; payload
drop bad-option
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000033 1b584000 406b9b04 c0000201 c0000202 ; IPv4
    01 00 7001 0007 001f                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    0003 0002 0000 0001                          ; checksum, then not zero
    616263                                       ; payload
drop bad-option
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    45000037 1b584000 406b9b00 c0000201 c0000202 ; IPv4
    01 00 7001 0008 0023                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    616263                                       ; payload
drop duplicate-option

case options that nobody knows
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002f 1b584000 406b9b08 c0000201 c0000202 ; IPv4
    01 00 7001 0006 001b                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    0009 0001                                    ; skipped
    616263                                       ; payload
send anep
    0200c0000201 0200c0000202 0800               ; Ethernet
    4500002f 00004000 3f6bb760 c0000202 c0000201 ; IPv4
    01 00 7001 0006 001b                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    0009 0001                                    ; skipped
    616263                                       ; payload
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002f 1b584000 406b9b08 c0000201 c0000202 ; IPv4
    01 00 7001 0006 001b                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    4009 0001                                    ; discard if unknown
    616263                                       ; payload
drop unknown-option
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002f 1b584000 406b9b08 c0000201 c0000202 ; IPv4
    01 00 7001 0006 001b                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    c009 0001                                    ; discard if unknown, and private
    616263                                       ; payload
drop unknown-option
receive
    0200c0000202 0200c0000201 0800               ; Ethernet
    4500002f 1b584000 406b9b08 c0000201 c0000202 ; IPv4
    01 00 7001 0006 001b                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    4004 0001                                    ; authentication is the network's business
    616263                                       ; payload
send anep
    0200c0000201 0200c0000202 0800               ; Ethernet
    4500002f 00014000 3f6bb75f c0000202 c0000201 ; IPv4
    01 00 7001 0006 001b                         ; envelope: version, flags, type, header words, length
    0002 0003 00000001 c6336407                  ; option: destination 198.51.100.7
    4004 0001                                    ; authentication is the network's business
    616263                                       ; payload
