"""Pictures of kinds that are rare, written byte by byte where Pillow does not write them; make_goldens.py calls make().

images/         tiled and planar TIFF, alpha that is multiplied in, interlaced PNG of every depth, BMP of newer headers and
                runs, JPEG in four colours and in progressive scans, animated PNG and the two pictures of MPO
unsupported/    TIFF and BMP that Pillow decodes or knows, and that are refused here by name
"""

import io
import struct
import zlib

SIDE = 16


def padded(row, to=4):
    return row + bytes(-len(row) % to)


def tiff(size, tags, pieces, tiled=False, order="<"):
    """Strips or tiles; tags: number -> values, LONG where they need it."""
    offsets, lengths = (324, 325) if tiled else (273, 279)
    tags = {256: [size[0]], 257: [size[1]], 259: [1], offsets: [0] * len(pieces), lengths: [len(p) for p in pieces]} | tags
    tags = {k: (4 if k == offsets or max(v) > 0xFFFF else 3, v) for k, v in tags.items()}
    start = 8 + 2 + 12 * len(tags) + 4
    room = sum(n for n in ((4 if t == 4 else 2) * len(v) for t, v in tags.values()) if n > 4)
    places = [start + room + sum(len(p) for p in pieces[:i]) for i in range(len(pieces))]
    tags[offsets] = (4, places)
    entries, extra = b"", b""
    for tag, (kind, values) in sorted(tags.items()):
        body = struct.pack(order + ("I" if kind == 4 else "H") * len(values), *values)
        if len(body) > 4:
            body, extra = struct.pack(order + "I", start + len(extra)), extra + body
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + body.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(tags))
    return head + entries + bytes(4) + extra + b"".join(pieces)


def tiles(image):
    for y in range(0, image.height, SIDE):
        for x in range(0, image.width, SIDE):
            yield image.crop((x, y, x + SIDE, y + SIDE)).tobytes()


def tiffs(put, rgb, gray, rgba, cmyk):
    colours = {258: [8] * 3, 262: [2], 277: [3]}
    squares = {322: [SIDE], 323: [SIDE]}
    size = rgb.size
    deflate = {259: [8]}
    put("tiled.tif", tiff(size, colours | squares, list(tiles(rgb)), tiled=True))
    put("tiled_deflate.tif", tiff(size, colours | squares | deflate, [zlib.compress(t) for t in tiles(rgb)], tiled=True))
    put("tiled_big.tif", tiff(size, colours | squares, list(tiles(rgb)), tiled=True, order=">"))
    inks = {258: [8] * 4, 262: [5], 277: [4]}
    put("tiled_cmyk.tif", tiff(size, inks | squares, list(tiles(cmyk)), tiled=True))
    put("planar.tif", tiff(size, colours | {284: [2]}, [band.tobytes() for band in rgb.split()]))
    planes = [zlib.compress(t) for band in rgb.split() for t in tiles(band)]
    put("planar_tiled.tif", tiff(size, colours | squares | deflate | {284: [2]}, planes, tiled=True))
    rows = [rgb.crop((0, y, size[0], min(y + 7, size[1]))).tobytes() for y in range(0, size[1], 7)]
    put("strips.tif", tiff(size, colours | {278: [7]}, rows))
    alpha = {258: [8] * 4, 262: [2], 277: [4], 338: [1]}
    put("multiplied_alpha.tif", tiff(size, alpha, [rgba.tobytes()]))
    doubled = bytes(v for b in rgba.tobytes() for v in (b ^ 0x5A, b))
    put("multiplied_alpha16.tif", tiff(size, alpha | {258: [16] * 4}, [doubled]))
    put("tiled_gray.tif", tiff(size, {258: [8], 262: [1], 277: [1]} | squares, list(tiles(gray)), tiled=True))


def interlaced(depth, colour, pixel, size, bits, extra=b""):
    """pixel(x, y): a number where a pixel has fewer than 8 bits, else bytes."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    data = b""
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        for y in range(y0, size[1], dy):
            row = [pixel(x, y) for x in range(x0, size[0], dx)]
            if row and bits >= 8:
                data += b"\0" + b"".join(row)
            elif row:
                text = "".join(format(v, f"0{bits}b") for v in row)
                text += "0" * (-len(text) % 8)
                data += b"\0" + bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 1))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def pngs(put, rgb, gray):
    def palette(depth):
        data = b"PLTE" + bytes((7 * i + 50 * c) % 256 for i in range(1 << depth) for c in range(3))
        return struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))

    for depth in (1, 2, 4):
        put(f"interlaced_gray{depth}.png", interlaced(depth, 0, lambda x, y: gray.getpixel((x, y)) >> 8 - depth, gray.size, depth))
        indices = interlaced(depth, 3, lambda x, y: gray.getpixel((x, y)) >> 8 - depth, gray.size, depth, palette(depth))
        put(f"interlaced_palette{depth}.png", indices)
    put("interlaced_gray16.png", interlaced(16, 0, lambda x, y: bytes([x % 2, gray.getpixel((x, y))]), gray.size, 16))
    put("interlaced_rgb16.png", interlaced(16, 2, lambda x, y: bytes(v for c in rgb.getpixel((x, y)) for v in (c, x)), rgb.size, 48))
    for size in ((1, 1), (2, 1), (1, 3), (5, 2)):
        name = f"interlaced_{size[0]}x{size[1]}.png"
        put(name, interlaced(8, 2, lambda x, y: bytes(rgb.getpixel((x, y))), size, 24))
    out = io.BytesIO()
    rgb.save(out, "PNG", save_all=True, append_images=[rgb.rotate(180)], default_image=True)
    put("animated.png", out.getvalue())


def bmp(size, bits, compression, rows, palette=b"", masks=b"", header=40):
    info = struct.pack("<IiiHHIIiiII", header, *size, 1, bits, compression, len(rows), 0, 0, len(palette) // 4, 0) + masks
    info = info.ljust(header, b"\0")
    start = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + info + palette + rows


def runs4(indices, width, height):
    out = b""
    for y in reversed(range(height)):
        row = [v & 15 for v in indices[y * width : (y + 1) * width]]
        x = 0
        while x + 14 <= width:
            pairs = bytes(row[i] << 4 | row[i + 1] for i in range(x, x + 14, 2))
            out, x = out + b"\0\x0e" + padded(pairs, 2), x + 14
        out += bytes([width - x, 0x37, 0, 0])
    return out + b"\0\1"


def runs8(indices, width, height):
    out = b""
    for y in reversed(range(height)):
        row = bytes(indices[y * width : (y + 1) * width])
        out += b"".join(bytes([0, 15]) + padded(row[x : x + 15], 2) for x in range(0, width, 15)) + b"\0\0"
    return out + b"\0\1"


def bmps(put, rgb, palette):
    w, h = rgb.size
    pixels = list(rgb.getdata())
    fields = b"".join(bytes([b, g, r, 77]) for y in reversed(range(h)) for r, g, b in pixels[y * w : (y + 1) * w])
    plain = b"".join(padded(b"".join(bytes([b, g, r]) for r, g, b in pixels[y * w : (y + 1) * w])) for y in reversed(range(h)))
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    for name, header in (("v3", 56), ("v4", 108), ("v5", 124)):
        put(f"fields_{name}.bmp", bmp((w, h), 32, 3, fields, masks=masks, header=header))
    put("reversed_fields.bmp", bmp((w, h), 32, 3, fields, masks=struct.pack("<4I", 0xFF, 0xFF00, 0xFF0000, 0xFF000000), header=108))
    put("rgb24_v5.bmp", bmp((w, h), 24, 0, plain, header=124))
    indices = list(palette.getdata())
    put("rle4.bmp", bmp((w, h), 4, 2, runs4(indices, w, h), bytes(v for i in range(16) for v in (16 * i, 255 - 16 * i, 5 * i, 0))))
    put("rle8_plain.bmp", bmp((w, h), 8, 1, runs8(indices, w, h), bytes(v for i in range(256) for v in (i, 255 - i, i // 2, 0))))


def jpegs(put, rgb, cmyk):
    for name, image, format, options in (
        ("cmyk_progressive.jpg", cmyk, "JPEG", {"progressive": True}),
        ("420_restarts.jpg", rgb, "JPEG", {"subsampling": 2, "progressive": True, "restart_marker_blocks": 2}),
        ("411.jpg", rgb, "JPEG", {"subsampling": "4:1:1"}),
        ("two_pictures.mpo", rgb, "MPO", {"save_all": True, "append_images": [rgb.rotate(180)]}),
    ):
        out = io.BytesIO()
        image.save(out, format, **options)
        put(name, out.getvalue())


def unsupported(put, rgb, gray, cmyk):
    size = (8, 8)
    rgb, gray, cmyk = (image.crop((20, 10, 28, 18)) for image in (rgb, gray, cmyk))
    one = {262: [1], 277: [1]}
    floats = struct.pack("<64f", *gray.getdata())
    put("float.tif", tiff(size, one | {258: [32], 339: [3]}, [floats]))
    put("int32.tif", tiff(size, one | {258: [32], 339: [2]}, [struct.pack("<64i", *gray.getdata())]))
    put("uint32.tif", tiff(size, one | {258: [32]}, [struct.pack("<64I", *gray.getdata())]))
    put("int16.tif", tiff(size, one | {258: [16], 339: [2]}, [struct.pack("<64h", *gray.getdata())]))
    put("lab.tif", tiff(size, {258: [8] * 3, 262: [8], 277: [3]}, [rgb.tobytes()]))
    rows = zlib.compress(struct.pack("<64H", *gray.getdata()))
    put("predictor16.tif", tiff(size, one | {258: [16], 259: [8], 317: [2]}, [rows]))
    put("zstd.tif", tiff(size, one | {258: [8], 259: [50000]}, [gray.tobytes()]))
    put("cmyk16.tif", tiff(size, {258: [16] * 4, 262: [5], 277: [4]}, [cmyk.tobytes() * 2]))
    out = io.BytesIO()
    cmyk.save(out, "TIFF", compression="jpeg")
    put("cmyk_jpeg.tif", out.getvalue())
    plain = b"".join(padded(rgb.crop((0, y, 8, y + 1)).tobytes()) for y in range(8))
    put("os2.bmp", bmp(size, 24, 0, plain, header=64))
    put("jpeg_inside.bmp", bmp(size, 24, 4, plain))
    put("two_bits.bmp", bmp(size, 2, 0, bytes(32), bytes(16)))


def make(put, put_unsupported, rgb, gray, rgba, cmyk, palette):
    tiffs(put, rgb, gray, rgba, cmyk)
    pngs(put, rgb, gray)
    bmps(put, rgb, palette)
    jpegs(put, rgb, cmyk)
    unsupported(put_unsupported, rgb, gray, cmyk)
