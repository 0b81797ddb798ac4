; Digests: the value of RFC 7693, appendix A, others of another implementation; what is refused.
(blake2b 64 (string->utf8 "abc"))
=> #u8(186 128 165 63 152 28 77 13 106 39 151 182 159 18 246 233 76 33 47 20 104 90 196 183 75 18 187 111 219 255 162 209 125 135 197 57 42 171 121 45 194 82 213 222 69 51 204 149 24 211 138 168 219 241 146 90 185 35 134 237 212 0 153 35)

(blake2b 64 (bytevector))
=> #u8(120 106 2 247 66 1 89 3 198 198 253 133 37 82 210 114 145 47 71 64 225 88 71 97 138 134 226 23 247 31 84 25 210 94 16 49 175 238 88 83 19 137 100 68 147 78 176 75 144 58 104 91 20 72 183 85 213 111 112 26 254 155 226 206)

(blake2b 32 (bytevector))
=> #u8(14 87 81 192 38 229 67 178 232 171 46 176 96 153 218 161 209 229 223 71 119 143 119 135 250 171 69 205 241 47 227 168)

(blake2b 16 (string->utf8 "vvm:ants:data:1"))
=> #u8(178 198 128 255 173 101 83 19 59 171 71 181 219 196 247 148)

(define b (make-bytevector 200 0))
(do ((i 0 (+ i 1))) ((= i 200)) (bytevector-u8-set! b i i))
(list (blake2b 16 b) (blake2b 16 (slice b 72)) (blake2b 17 (slice b 0 0)))
=> (#u8(97 71 158 250 98 103 254 167 87 179 248 129 226 151 155 188) #u8(74 193 120 50 158 245 198 140 105 29 163 6 2 197 247 183) #u8(36 108 4 66 205 86 74 206 216 20 91 139 96 241 55 10 167))

(blake2b 15 (bytevector))
=! range

(blake2b 65 (bytevector))
=! bounds

(blake2b -1 (bytevector))
=! bounds

(blake2b 16 "abc")
=! type

(blake2b "16" (bytevector))
=! type

(define-primitive (name-of x) (blake2b 16 x))
(bytes=? (name-of (bytevector 1 2)) (blake2b 16 (bytevector 1 2)) (blake2b 16 (slice (bytevector 0 1 2 3) 1 3)))
=> #t
