; headers drawn as their RFCs draw them, and drawings that are none
(vmlet case (use-syntax diagram))
{diagram ipv4
    0                   1                   2                   3
    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |Version|  IHL  |Type of Service|          Total Length         |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |         Identification        |Flags|      Fragment Offset    |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |  Time to Live |    Protocol   |         Header Checksum       |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                       Source Address                          |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                    Destination Address                        |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                    Options                    |    Padding    |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
(define bytes (bytevector #x46 #xb8 0 84  #x12 #x34 #xbf #xff  64 17 #xab #xcd  10 0 0 1  192 0 2 255  7 8 9 10))
(list ipv4-size (layout-fields ipv4-layout bytes) (ipv4-ihl bytes) (ipv4-flags bytes) (ipv4-fragment-offset bytes))
=> (24 ((version . 4) (ihl . 6) (type-of-service . 184) (total-length . 84) (identification . 4660) (flags . 5) (fragment-offset . 8191) (time-to-live . 64) (protocol . 17) (header-checksum . 43981) (source-address . 167772161) (destination-address . 3221226239) (options . 460809) (padding . 10)) 6 5 8191)
(vmlet case (use-syntax diagram))
{diagram ipv4
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |Version|  IHL  |Type of Service|          Total Length         |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |         Identification        |Flags|      Fragment Offset    |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
(define bytes (make-bytevector 8 #xff))
(set-ipv4-version! bytes 4) (set-ipv4-ihl! bytes 5) (set-ipv4-flags! bytes 2) (set-ipv4-fragment-offset! bytes 513)
bytes
=> #u8(69 255 255 255 255 255 66 1)
(vmlet case (use-syntax diagram))
{diagram ipv6
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |Version| Traffic Class |           Flow Label                  |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |         Payload Length        |  Next Header  |   Hop Limit   |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                                                               |
   +                                                               +
   |                                                               |
   +                         Source Address                        +
   |                                                               |
   +                                                               +
   |                                                               |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                                                               |
   +                                                               +
   |                                                               |
   +                      Destination Address                      +
   |                                                               |
   +                                                               +
   |                                                               |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
(define bytes (bytevector-append (bytevector #x61 #x23 #x45 #x67  0 9 58 255) (make-bytevector 16 1) (make-bytevector 16 2)))
(list ipv6-size (layout-fields ipv6-layout bytes) (ipv6-traffic-class bytes) (ipv6-flow-label bytes))
=> (40 ((version . 6) (traffic-class . 18) (flow-label . 214375) (payload-length . 9) (next-header . 58) (hop-limit . 255) (source-address . #u8(1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1)) (destination-address . #u8(2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2))) 18 214375)
; RFC 768 has nine columns for eight bits; here it is in the usual two for one
(vmlet case (use-syntax diagram))
{diagram udp
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |             Source            |          Destination          |
   |              Port             |             Port              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |             Length            |            Checksum           |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |
   |          data octets ...
   +---------------- ...
}
(list udp-size (layout-fields udp-layout (bytevector 0 53 255 255 0 11 1 2 97 98 99)))
=> (8 ((source-port . 53) (destination-port . 65535) (length . 11) (checksum . 258) (data-octets . #u8(97 98 99))))
(vmlet case (use-syntax diagram))
{diagram tcp
    0                   1                   2                   3
    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |          Source Port          |       Destination Port        |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                        Sequence Number                        |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                    Acknowledgment Number                      |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |  Data |           |U|A|P|R|S|F|                               |
   | Offset| Reserved  |R|C|S|S|Y|I|            Window             |
   |       |           |G|K|H|T|N|N|                               |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |           Checksum            |         Urgent Pointer        |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                    Options                    |    Padding    |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                             data ...                          |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
(define bytes (bytevector 0 80 200 1  1 2 3 4  5 6 7 8  #x6f #xd2 4 0  9 9 0 1  2 4 5 0  104 105))
(list tcp-size (layout-fields tcp-layout bytes) (list (tcp-urg bytes) (tcp-ack bytes) (tcp-psh bytes) (tcp-rst bytes) (tcp-syn bytes) (tcp-fin bytes)))
=> (24 ((source-port . 80) (destination-port . 51201) (sequence-number . 16909060) (acknowledgment-number . 84281096) (data-offset . 6) (reserved . 63) (urg . 0) (ack . 1) (psh . 0) (rst . 0) (syn . 1) (fin . 0) (window . 1024) (checksum . 2313) (urgent-pointer . 1) (options . 132101) (padding . 0) (data . #u8(104 105))) (0 1 0 0 1 0))
(vmlet case (use-syntax diagram))
{diagram icmp
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |     Type      |     Code      |          Checksum             |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                             unused                            |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |      Internet Header + 64 bits of Original Data Datagram ...  |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
{diagram echo
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |  Type = 8     |     Code = 0  |          Checksum             |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |           Identifier          |        Sequence Number        |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |     Data ...
}
(list icmp-layout (layout-fields echo-layout (layout->bytes echo-layout '((identifier 7) (data "ab")))))
=> ((icmp (type u8 #f () #f #f) (code u8 #f () #f #f) (checksum u16 #f () #f #f) (unused u32 #f () #f #f) (internet-header-+-64-bits-of-original-data-datagram rest #f () #f #f)) ((type . 8) (code . 0) (checksum . 0) (identifier . 7) (sequence-number . 0) (data . #u8(97 98))))
; every kind of width: what crosses octets and rows, what is left of a word that does not fit
(vmlet case (use-syntax diagram))
{diagram widths
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |A|      B      |  C  |   Wide = 0x1ff  |   Kind  |   E = #x1f  |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                     Serial                    |      Key      |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |    Address    |                      Next                     |
   +-+-+-+-+-+-+-+-+                                               +
   |                                                               |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                             Stamp                             |
   +                                                               +
   |                                                               |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                                                               |
   +       Far                     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                               |       D       |  Payload ...  |
}
(define bytes (apply bytevector (map (lambda (i) (modulo i 16)) (iota 40))))
(set-widths-wide! bytes 511) (set-widths-b! bytes 5) (set-widths-serial! bytes 66051)
(list (map (lambda (f) (list (car f) (cadr f))) (cdr widths-layout)) (bytevector-copy bytes 0 8) (widths-kind bytes) (widths-stamp bytes) (layout-fields widths-layout bytes))
=> (((a (bits 1)) (b (bits 7)) (c (bits 3)) (wide (bits 9)) (kind (bits 5)) (e (bits 7)) (serial (bits 24)) (key u8) (address u8) (next (bytes 7)) (stamp u64) (far (bytes 6)) (d u8) (payload rest)) #u8(5 31 242 3 1 2 3 7) 4 283686952306183 ((a . 0) (b . 5) (c . 0) (wide . 511) (kind . 4) (e . 3) (serial . 66051) (key . 7) (address . 8) (next . #u8(9 10 11 12 13 14 15)) (stamp . 283686952306183) (far . #u8(8 9 10 11 12 13)) (d . 14) (payload . #u8(15 0 1 2 3 4 5 6 7))))
; a word must lie in the header
(vmlet case (use-syntax diagram))
{diagram small
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                      Odd                      |    Data ...   |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
(list small-size (layout-fields small-layout (bytevector 1 2 3 4 5)))
=> (3 ((odd . #u8(1 2 3)) (data . #u8(4 5))))
; a row of 33 bits
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Field                              | |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:159:68: a row has 32 bits, this one 33
; a row of 31 bits
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Field                            |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:167:66: a row has 32 bits, this one 31
; half a row at the end
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Field                              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |             Half              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:177:36: a row has 32 bits, this one 16: only a cell that ends in ... may be shorter
; a border inside a bit
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |  Version |               Field                                |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:185:15: a border inside a bit
; no right border
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Field
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:193:37: this row has no | at its end
; a cell without name
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |             Left              |                               |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:201:37: this cell has no name
; two fields of one name
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |             Left              |             Left              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:209:50: a second field is called left
; a name that the layout needs
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |             Skip              |             Left              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:217:18: layout: the field's name is taken: skip
; what is no name
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |             (Left)            |             Right             |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:225:18: this is no name of a field
; a constant that does not fit
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |V = 16 |                       Field                           |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:233:5: the constant does not fit
; a constant that is no number
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |             Left = one        |             Right             |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:241:18: the constant is no number
; a constant of many octets
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                           Long = 1                            |
   +                                                               +
   |                                                               |
   +                                                               +
   |                                                               |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:249:32: only a field of 64 bits, or of 56 and fewer, can be a constant
; the end inside a row
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Field                              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Other                              |
}
=? case:263:4: the drawing ends inside this row
; the end inside a field
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Field                              |
   +                                                               +
}
=? case:271:5: the drawing ends inside the field
; a field that goes on to nowhere
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |             Left              |             Right             |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               +
}
=? case:279:37: the drawing ends inside the field
; rows above and below that do not touch
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |             Left              |             Right             |
   +                               +                               +
   |             Low               |             Lower             |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:287:5: this border is open, but no cell goes on here to the next row
; an opening beside the field
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Field                              |
   +                               +-+-+-+-+               +-+-+-+-+
   |                               |             Lower             |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:297:45: this border is open, but no cell goes on here to the next row
; a border with a hole
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Field                              |
   +-+-+-+-+-+-+-+-+ +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Other                              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:307:5: this border is broken
; something behind the rest
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Rest ...                           |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Other                              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:318:4: nothing comes behind
; a rest that goes on
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Field                              |
   +                                                               +
   |                            more ...                           |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:328:33: what runs to the end is one cell
; a rest inside an octet
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |Low|  Rest ...                  |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:336:11: what runs to the end begins inside an octet
; dots inside a row
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |  Rest ...     |             Right                             |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:344:7: this is no name of a field
; no first line
(vmlet case (use-syntax diagram))
{diagram bad
   |                            Field                              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:351:4: a drawing begins with a line
; a first line with a hole
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+- -+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Field                              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:358:14: the line above the first row has a hole
; a line that is too short
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Field                              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:368:67: the drawing ends inside the field
; a line that is too long
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Field                              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Other                              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:376:69: this line goes on behind the row's end
; another left border
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |                            Field                              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:385:5: a line of a drawing begins in the column of the first
; words outside
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Field                              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   where the field is a field
}
=? case:395:4: a line of a drawing begins with + or |
; a line between lines
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Field                              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Other                              |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:404:4: a row without cells
; a high row whose borders move
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |             Left              |             Right             |
   |                           |                                  |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:414:36: the border above does not go on here
; a high row with one border more
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |             Left              |             Right             |
   |                        |      |                               |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:423:29: the line above has no border here
; a long field drawn like a high row
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |                            Field                              |
   |                                                               |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:432:4: 32 bits or more?
; a tab
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |	Field                                                         |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:440:5: a tab in a drawing
; bits that no word holds
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |   A   |                   B                   |    Rest ...   |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:448:32: no word of the header holds these bits
; bits across nine octets
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |   A   |                           B                           |
   +-+-+-+-+                                                       +
   |                                                               |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:456:40: no word of the header holds these bits, which fill no octets
; no name
(vmlet case (use-syntax diagram))
{diagram 5
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:464:9: a drawing begins with its name
; words behind the name
(vmlet case (use-syntax diagram))
{diagram bad good
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:470:13: the drawing begins in the line behind its name
; nothing
(vmlet case (use-syntax diagram))
{diagram bad
}
=? case:476:9: a drawing without lines
; no rows
(vmlet case (use-syntax diagram))
{diagram bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:482:4: a drawing without rows
; a reader that is not there
(vmlet case (use-syntax diagram))
{drawing bad
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
}
=? case:487:1: no reader is called drawing
