"""Makes the small images and goldens under ../resources with the reference decoder, Pillow.

    python -m venv VENV && VENV/bin/pip install -r requirements.txt && VENV/bin/python make_goldens.py

images/       pictures of every format and kind that is decoded, some of them patched or written byte by byte
images.csv    what Pillow makes of them: file,width,height,rgb,upright_width,upright_height,upright ("rgb" and "upright"
              are SHA-256 of the RGB bytes, the latter after the EXIF orientation has been applied) or file,error
resize.csv    bicubic resizes of the noise below: width,height,to_width,to_height,sha256,less_work_first: the latter with
              the columns first where Pillow 13 does so, which two resizes of one pass each give in any Pillow
unsupported/  pictures that are refused here, whatever Pillow makes of them (rare_kinds.py)
animations/   GIF and WebP animations with every way of drawing a frame over another; the frames are in
animations.csv: file,milliseconds,SHA-256 of the RGB bytes of each frame
tiles.csv     tilings of the noise: width,height,tile_size,min,max,thumbnail,columns,rows,sha256 of all tiles
"""

import csv
import hashlib
import io
import random
import struct
import zlib
from pathlib import Path

import overlong_codes
import rare_kinds
from PIL import Image, ImageCms, ImageOps

RESOURCES = Path(__file__).parent.parent / "resources"
IMAGES = RESOURCES / "images"
ANIMATIONS = RESOURCES / "animations"
UNSUPPORTED = RESOURCES / "unsupported"
W, H = 45, 35


def noise(width, height, seed=1):
    """Bytes of a linear congruential generator, the same in the Java tests."""
    state, out = seed, bytearray(width * height * 3)
    for i in range(len(out)):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        out[i] = state >> 16 & 255
    return Image.frombytes("RGB", (width, height), bytes(out))


def picture(width=W, height=H):
    """Smooth colours with a few hard edges."""
    image = Image.new("RGB", (width, height))
    for y in range(height):
        for x in range(width):
            edge = 90 if (x // 7 + y // 5) % 3 == 0 else 0
            image.putpixel((x, y), ((x * 255 // width + edge) % 256, y * 255 // height, (x * y + edge * 2) % 256))
    return image


RGB = picture()
GRAY = RGB.convert("L")
ALPHA = Image.linear_gradient("L").resize((W, H))
RGBA = RGB.copy()
RGBA.putalpha(ALPHA)
CMYK = Image.merge("CMYK", (*RGB.split(), GRAY.point(lambda v: v // 2)))
PALETTE = RGB.quantize(13)


def encoded(image, format, **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def put(name, data):
    (IMAGES / name).write_bytes(data)


# PNG, chunk by chunk: Pillow writes only some of the kinds.
def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(depth, colour, rows, extra=b"", size=(W, H), interlace=0, end=True, parts=1):
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    cut = -(-len(data) // parts)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, interlace))
    idat = b"".join(chunk(b"IDAT", data[i : i + cut]) for i in range(0, len(data), cut))
    return b"\x89PNG\r\n\x1a\n" + header + extra + idat + (chunk(b"IEND", b"") if end else b"")


def packed(values, depth):
    """Rows of samples of 1, 2 or 4 bits."""
    for y in range(H):
        bits = "".join(format(v, f"0{depth}b") for v in values[y * W : (y + 1) * W])
        bits += "0" * (-len(bits) % 8)
        yield int(bits, 2).to_bytes(len(bits) // 8, "big")


def wide(bands, seed):
    rng = random.Random(seed)
    return [rng.randbytes(W * bands * 2) for _ in range(H)]


def adam7(image):
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        for y in range(y0, H, dy):
            yield b"".join(bytes(image.getpixel((x, y))) for x in range(x0, W, dx))


def pngs():
    gray = list(GRAY.getdata())
    for depth in (1, 2, 4):
        put(f"gray{depth}.png", png(depth, 0, packed([v >> 8 - depth for v in gray], depth)))
        colours = bytes(random.Random(depth).randbytes(3 << depth))
        put(f"palette{depth}.png", png(depth, 3, packed([v >> 8 - depth for v in gray], depth), chunk(b"PLTE", colours)))
    rng = random.Random(5)
    gray16 = [b"".join(struct.pack(">H", rng.choice((rng.randrange(300), rng.randrange(65536)))) for _ in range(W)) for _ in range(H)]
    put("gray16.png", png(16, 0, gray16))
    put("gray16_trns.png", png(16, 0, gray16, chunk(b"tRNS", gray16[0][:2])))
    put("gray8_trns.png", encoded(GRAY, "PNG", transparency=GRAY.getpixel((0, 0))))
    put("gray_alpha16.png", png(16, 4, wide(2, 1)))
    put("gray_alpha.png", encoded(Image.merge("LA", (GRAY, ALPHA)), "PNG"))
    put("rgb16.png", png(16, 2, wide(3, 2)))
    put("rgba16.png", png(16, 6, wide(4, 3)))
    put("rgb_trns.png", encoded(RGB, "PNG", transparency=RGB.getpixel((3, 3))))
    put("rgba.png", encoded(RGBA, "PNG"))
    put("palette8_trns.png", encoded(PALETTE, "PNG", transparency=bytes(range(13))))
    put("interlaced.png", png(8, 2, adam7(RGB), interlace=1))
    rows = [RGB.tobytes()[y * W * 3 : (y + 1) * W * 3] for y in range(H)]
    put("parts_without_end.png", png(8, 2, rows, end=False, parts=5))
    nonsense = chunk(b"iCCP", b"\0\1\2") + chunk(b"gAMA", struct.pack(">I", 1)) + chunk(b"tIME", b"x") + chunk(b"zTXt", b"a\0\0!!")
    put("nonsense_chunks.png", png(8, 2, rows, chunk(b"gAMA", struct.pack(">I", 1)) + chunk(b"abCd", nonsense)))
    put("exif7.png", encoded(RGB, "PNG", exif=orientation(7)))
    put("bad_header_sum.png", png(8, 2, rows).replace(b"IHDR\0\0\0\x2d", b"IHDR\0\0\0\x2c"))
    whole = png(8, 2, rows)
    put("bad_data.png", whole[:100] + bytes([whole[100] ^ 255]) + whole[101:])
    put("bad_half.png", whole[: len(whole) // 2])
    put("bad_no_data.png", whole[:33] + chunk(b"IEND", b""))
    put("bad_bomb.png", png(8, 2, rows, size=(30000, 30000)))


def orientation(value):
    exif = Image.Exif()
    exif[0x112] = value
    return exif.tobytes()


# JPEG: kinds that Pillow does not write are patched from those it does.
def without(data, *markers):
    out, at = data[:2], 2
    while data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        out += b"" if data[at + 1] in markers else data[at:end]
        at = end
    return out + data[at:]


def with_sampling(data, size, *sampling):
    at = data.index(b"\xff\xc0") + 5
    out = bytearray(data)
    out[at : at + 4] = struct.pack(">HH", size[1], size[0])
    for c, value in enumerate(sampling):
        out[at + 6 + 3 * c] = value
    return bytes(out)


def jpegs():
    for name, subsampling in (("444", 0), ("422", 1), ("420", 2)):
        put(f"{name}.jpg", encoded(RGB, "JPEG", quality=80, subsampling=subsampling))
        put(f"{name}_progressive.jpg", encoded(RGB, "JPEG", quality=60, subsampling=subsampling, progressive=True))
    # A 4:2:2 stream has the blocks of a 4:4:0 one of the same number of units.
    put("440.jpg", with_sampling(encoded(picture(48, 48), "JPEG", quality=90, subsampling=1), (45, 47), 0x12, 0x11, 0x11))
    flat = Image.merge("YCbCr", [Image.linear_gradient("L").resize((48, 48)).point(lambda v, k=k: v // k + 90) for k in (2, 9, 8)])
    put("440_flat.jpg", with_sampling(encoded(flat, "JPEG", quality=95, subsampling=1), (48, 48), 0x12, 0x11, 0x11))
    plain = encoded(RGB, "JPEG", quality=85, subsampling=0)
    put("no_app.jpg", without(plain, 0xE0))
    ids = bytearray(without(plain, 0xE0))
    at, scan = ids.index(b"\xff\xc0") + 10, ids.index(b"\xff\xda") + 5
    for c in range(3):
        ids[at + 3 * c] = ids[scan + 2 * c] = b"RGB"[c]
    put("rgb_named.jpg", bytes(ids))
    put("rgb_adobe.jpg", encoded(RGB, "JPEG", quality=85, keep_rgb=True))
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0"
    put("jfif_and_adobe0.jpg", plain[:20] + adobe + b"\0" + plain[20:])
    put("adobe2_ycc.jpg", plain[:2] + adobe + b"\2" + without(plain, 0xE0)[2:])
    put("gray.jpg", encoded(GRAY, "JPEG", quality=70))
    put("gray_progressive.jpg", encoded(GRAY, "JPEG", quality=70, progressive=True))
    put("restarts.jpg", encoded(RGB, "JPEG", quality=70, restart_marker_blocks=2))
    put("one.jpg", encoded(RGB.crop((0, 0, 1, 1)), "JPEG"))
    # A profile that swaps red and green wherever colours are managed; its date would change with each run.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile[:24] + bytes(12) + profile[36:].replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")
    put("icc.jpg", encoded(RGB, "JPEG", icc_profile=profile))
    cmyk = encoded(CMYK, "JPEG", quality=85)
    put("cmyk.jpg", cmyk)
    put("cmyk_plain.jpg", without(cmyk, 0xEE))
    at = cmyk.index(b"Adobe") + 11
    put("ycck.jpg", cmyk[:at] + b"\2" + cmyk[at + 1 :])
    half = with_sampling(encoded(CMYK.resize((48, 48)), "JPEG", quality=90, subsampling=1), (45, 47), 0x12, 0x11, 0x11, 0x11)
    put("ycck_440.jpg", half[:at] + b"\2" + half[at + 1 :])
    for value in range(1, 9):
        put(f"exif{value}.jpg", encoded(RGB, "JPEG", exif=orientation(value)))
    put("bad_exif.jpg", encoded(RGB, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\0\0"))
    put("garbage_after.jpg", plain + b"garbage\xff\xd8\xff")
    damaged = bytearray(plain)
    damaged[-300:-200] = random.Random(1).randbytes(100).replace(b"\xff", b"\0")
    put("damaged_scan.jpg", bytes(damaged))
    put("bad_no_end.jpg", plain[:-2])
    put("bad_end_in_comment.jpg", encoded(RGB, "JPEG", progressive=True)[:-2] + b"\xff\xfe\0\x10\xff\xd9")
    put("bad_half.jpg", plain[: len(plain) // 2])
    put("bad_header_only.jpg", plain[:300])
    put("bad_no_scan.jpg", plain[: plain.index(b"\xff\xda")] + b"\xff\xd9")
    put("bad_12_bits.jpg", plain.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"))


def gifs():
    data = encoded(PALETTE, "GIF", interlace=0)
    put("plain.gif", data)
    put("interlaced.gif", encoded(PALETTE, "GIF", interlace=1))
    put("gray.gif", encoded(GRAY, "GIF"))
    frames = [PALETTE, PALETTE.rotate(90), PALETTE.rotate(180)]
    put("animated.gif", encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50))
    put("transparent.gif", encoded(PALETTE, "GIF", transparency=3))
    for name, source in (("offset.gif", data), ("offset_transparent.gif", encoded(PALETTE, "GIF", transparency=3))):
        at = source.index(b",\0\0\0\0" + struct.pack("<HH", W, H))
        put(name, source[:6] + struct.pack("<HH", W + 9, H + 6) + source[10:at] + struct.pack("<BHH", 0x2C, 5, 4) + source[at + 5 :])
    at = data.index(b",\0\0\0\0" + struct.pack("<HH", W, H))
    put("beyond.gif", data[:6] + struct.pack("<HH", W - 9, H - 6) + data[10:])
    size = 3 << (data[10] & 7) + 1
    local = data[: 10] + bytes([data[10] & 0x7F]) + data[11:13] + data[13 + size : at + 9] + bytes([data[at + 9] | 0x80 | data[10] & 7])
    put("local_palette.gif", local + data[13 : 13 + size] + data[at + 10 :])
    put("no_palette.gif", local[:-1] + b"\0" + data[at + 10 :])
    put("bad_half.gif", data[: len(data) // 2])
    put("bad_block.gif", data[:at] + b"\x77" + data[at + 1 :])


def bmp(bits, rows, palette=b"", masks=b"", compression=0, height=H):
    size = 40 + len(masks) if len(masks) > 12 else 40
    head = struct.pack("<IiiHHIIiiII", size, W, height, 1, bits, compression, sum(map(len, rows)), 0, 0, len(palette) // 4, 0)
    body = head + masks + palette
    data = b"".join(rows)
    return b"BM" + struct.pack("<IHHI", 14 + len(body) + len(data), 0, 0, 14 + len(body)) + body + data


def bmps():
    rng = random.Random(7)
    put("rgb24.bmp", encoded(RGB, "BMP"))
    put("palette8.bmp", encoded(PALETTE, "BMP"))
    put("bilevel.bmp", encoded(RGB.convert("1"), "BMP"))
    put("gray.bmp", encoded(GRAY, "BMP"))
    put("rgba32.bmp", encoded(RGBA, "BMP"))
    rows16 = [rng.randbytes(W * 2) + b"\0\0" * (W % 2) for _ in range(H)]
    put("rgb555.bmp", bmp(16, rows16))
    put("rgb565.bmp", bmp(16, rows16, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F), compression=3))
    put("rgbx32.bmp", bmp(32, [rng.randbytes(W * 4) for _ in range(H)]))
    put("fields32.bmp", bmp(32, [rng.randbytes(W * 4) for _ in range(H)], masks=struct.pack("<III", 0xFF0000, 0xFF00, 0xFF), compression=3))
    put("top_down.bmp", bmp(24, [rng.randbytes(W * 3) + b"\0" * (-W * 3 % 4) for _ in range(H)], height=-H))
    palette4 = rng.randbytes(64)
    put("palette4.bmp", bmp(4, [rng.randbytes((W + 1) // 2) + b"\0" * (-((W + 1) // 2) % 4) for _ in range(H)], palette4))
    runs = [b"".join(bytes([5, rng.randrange(16)]) for _ in range(W // 5)) + b"\0\0" for _ in range(H)]
    put("rle8.bmp", bmp(8, runs + [b"\0\1"], rng.randbytes(64), compression=1))
    core = struct.pack("<IHHHH", 12, W, H, 1, 24)
    data = b"".join(rng.randbytes(W * 3) + b"\0" * (-W * 3 % 4) for _ in range(H))
    put("core.bmp", b"BM" + struct.pack("<IHHI", 26 + len(data), 0, 0, 26) + core + data)
    put("bad_half.bmp", encoded(RGB, "BMP")[:3000])


def tiff(tags, data, order="<"):
    """One strip; tags: number -> (type, values)."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    tags = {256: (3, [W]), 257: (3, [H]), 259: (3, [1]), 273: (4, [0]), 278: (3, [H]), 279: (4, [len(data)])} | tags
    extra, entries, at = b"", b"", 8 + 2 + 12 * len(tags) + 4
    tags[273] = (4, [at + sum(2 * len(v) if t == 3 and len(v) > 2 else 0 for t, v in tags.values())])
    for tag, (kind, values) in sorted(tags.items()):
        body = struct.pack(order + ("H" if kind == 3 else "I") * len(values), *values)
        if len(body) > 4:
            place, extra = struct.pack(order + "I", at + len(extra)), extra + body
        else:
            place = body.ljust(4, b"\0")
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + place
    return mark + struct.pack(order + "IH", 8, len(tags)) + entries + b"\0\0\0\0" + extra + data


def tiffs():
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        put(f"rgb_{compression}.tif", encoded(RGB, "TIFF", compression=compression))
    put("gray.tif", encoded(GRAY, "TIFF"))
    put("gray_lzw.tif", encoded(GRAY, "TIFF", compression="tiff_lzw"))
    put("gray_alpha.tif", encoded(Image.merge("LA", (GRAY, ALPHA)), "TIFF"))
    put("rgba.tif", encoded(RGBA, "TIFF", compression="tiff_lzw"))
    put("palette.tif", encoded(PALETTE, "TIFF"))
    put("bilevel_group4.tif", encoded(RGB.convert("1"), "TIFF", compression="group4"))
    put("bilevel.tif", encoded(RGB.convert("1"), "TIFF"))
    put("cmyk.tif", encoded(CMYK, "TIFF"))
    put("predictor.tif", encoded(RGB, "TIFF", compression="tiff_lzw", tiffinfo={317: 2}))
    for value in range(2, 9):
        put(f"turned{value}.tif", encoded(RGB.crop((0, 0, 12, 7)), "TIFF", tiffinfo={274: value}))
    put("pages.tif", encoded(RGB, "TIFF", save_all=True, append_images=[GRAY, CMYK], compression="tiff_lzw"))
    put("white_is_zero.tif", tiff({258: (3, [8]), 262: (3, [0]), 277: (3, [1])}, GRAY.tobytes()))
    put("white_is_zero1.tif", tiff({258: (3, [1]), 262: (3, [0]), 277: (3, [1])}, RGB.convert("1").tobytes()))
    for order, name in (("<", "little"), (">", "big")):
        rng = random.Random(11)
        gray = struct.pack(order + f"{W * H}H", *(rng.choice((rng.randrange(300), rng.randrange(65536))) for _ in range(W * H)))
        put(f"gray16_{name}.tif", tiff({258: (3, [16]), 262: (3, [1]), 277: (3, [1])}, gray, order))
        put(f"rgb16_{name}.tif", tiff({258: (3, [16] * 3), 262: (3, [2]), 277: (3, [3])}, rng.randbytes(W * H * 6), order))
    put("bad_half.tif", encoded(RGB, "TIFF", compression="tiff_lzw")[:1500])
    put("bad_half_raw.tif", tiff({258: (3, [8] * 3), 262: (3, [2]), 277: (3, [3])}, RGB.tobytes())[:3000])


def webps():
    put("lossy.webp", encoded(RGB, "WEBP", quality=60))
    put("lossless.webp", encoded(RGB, "WEBP", lossless=True))
    put("alpha_lossy.webp", encoded(RGBA, "WEBP", quality=60))
    put("alpha_lossless.webp", encoded(RGBA, "WEBP", lossless=True, exact=True))
    put("exif6.webp", encoded(RGB, "WEBP", quality=60, exif=orientation(6)))
    frames = [RGBA, RGBA.rotate(90), RGBA.rotate(180)]
    for name, first in (("animated", RGB), ("animated_alpha", RGBA)):
        for kind, lossless in (("lossy", False), ("lossless", True)):
            put(f"{name}_{kind}.webp", encoded(first, "WEBP", save_all=True, append_images=frames[1:], lossless=lossless, duration=40))
    data = bytearray((IMAGES / "animated_lossless.webp").read_bytes())
    at = data.index(b"VP8X") + 12
    data[at : at + 6] = (W + 8).to_bytes(3, "little") + (H + 5).to_bytes(3, "little")
    at = data.index(b"ANMF") + 8
    data[at : at + 6] = (3).to_bytes(3, "little") + (2).to_bytes(3, "little")
    put("animated_offset.webp", bytes(data))
    whole = (IMAGES / "lossy.webp").read_bytes()
    put("bad_half.webp", whole[: len(whole) // 2])
    cut = whole[: len(whole) // 2 // 2 * 2]
    put("bad_data.webp", b"RIFF" + struct.pack("<I", len(cut) - 8) + cut[8:16] + struct.pack("<I", len(cut) - 20) + cut[20:])
    overlong_codes.make(put, whole[12:], W, H)


def animations():
    rng = random.Random(5)
    frames = []
    for k in range(7):
        frame = Image.new("RGBA", (W, H), (0, 0, 0, 0) if k % 2 else (rng.randrange(256), 40 * k, 90, 255))
        for _ in range(5):
            x, y = rng.randrange(W), rng.randrange(H)
            colour = *(rng.randrange(256) for _ in range(3)), rng.choice((0, 80, 160, 255))
            frame.paste(colour, (x, y, min(W, x + rng.randrange(4, 20)), min(H, y + rng.randrange(4, 20))))
        frames.append(frame)
    opaque = [frame.convert("RGB") for frame in frames]
    times = {"save_all": True, "duration": [40, 80, 120, 40, 0, 40, 100]}
    for name, disposal in (("left", 1), ("wiped", 2), ("restored", 3), ("mixed", [0, 2, 3, 1, 2, 3, 0])):
        ways = {"append_images": frames[1:], "disposal": disposal, **times}
        (ANIMATIONS / f"{name}.gif").write_bytes(encoded(frames[0], "GIF", **ways))
    (ANIMATIONS / "opaque.gif").write_bytes(encoded(opaque[0], "GIF", append_images=opaque[1:], **times))
    for name, pictures, way in (
        ("lossless", frames, {"lossless": True}),
        ("lossy", frames, {"quality": 60}),
        ("mixed", frames, {"quality": 40, "allow_mixed": True}),
        ("with_keys", frames, {"lossless": True, "minimize_size": True, "kmin": 2, "kmax": 4}),
        ("opaque", opaque, {"quality": 60}),
    ):
        (ANIMATIONS / f"{name}.webp").write_bytes(encoded(pictures[0], "WEBP", append_images=pictures[1:], **way, **times))


def played():
    for file in sorted(ANIMATIONS.iterdir()):
        image, millis, hashes = Image.open(file), 0, []
        for k in range(image.n_frames):
            image.seek(k)
            hashes.append(sha256(image.convert("RGB").tobytes()))
            image.load()
            millis += image.info["duration"] or 100
        yield [file.name, millis, *hashes]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def decoded():
    for file in sorted(IMAGES.iterdir()):
        try:
            rgb = Image.open(file).convert("RGB")
            upright = ImageOps.exif_transpose(Image.open(file)).convert("RGB")
            yield [file.name, *rgb.size, sha256(rgb.tobytes()), *upright.size, sha256(upright.tobytes())]
        except Exception as e:
            yield [file.name, type(e).__name__ + ": " + str(e).replace(str(file), file.name)]


def resized():
    rng = random.Random(3)
    side = lambda: rng.choice((1, 2, 3, rng.randrange(1, 20), rng.randrange(1, 150), rng.randrange(1, 150)))
    sizes = [(side(), side(), side(), side()) for _ in range(150)]
    sizes += [(60, 40, 60, 40), (60, 40, 60, 17), (60, 40, 91, 40), (448, 448, 448, 448), (900, 700, 448, 448), (2, 900, 448, 3)]
    for w, h, to_w, to_h in sizes:
        image = noise(w, h)
        rows_first = image.resize((to_w, to_h), Image.BICUBIC)
        columns_first = image.resize((w, to_h), Image.BICUBIC).resize((to_w, to_h), Image.BICUBIC)
        less_work = columns_first if 0 < h - to_h > 2 * (w - to_w) else rows_first
        yield [w, h, to_w, to_h, sha256(rows_first.tobytes()), sha256(less_work.tobytes())]


def ratios(lo, hi):
    """The candidate grids, as the model card collects and sorts them."""
    found = set((i, j) for n in range(lo, hi + 1) for i in range(1, n + 1) for j in range(1, n + 1) if lo <= i * j <= hi)
    return sorted(found, key=lambda g: g[0] * g[1])


def grid(width, height, size, lo, hi):
    best, nearest = (1, 1), float("inf")
    for g in ratios(lo, hi):
        distance = abs(width / height - g[0] / g[1])
        if distance < nearest or distance == nearest and width * height > 0.5 * size * size * g[0] * g[1]:
            best, nearest = g, distance
    return best


def tiled():
    rng = random.Random(4)
    for _ in range(60):
        w, h = rng.randrange(1, 300), rng.randrange(1, 300)
        size, thumbnail = rng.choice((14, 28, 56)), rng.random() < 0.7
        lo = rng.choice((1, 1, 1, 2, 4))
        hi = rng.choice((lo, 6, 12, 24))
        columns, rows = grid(w, h, size, lo, hi)
        image = noise(w, h)
        whole = image.resize((columns * size, rows * size), Image.BICUBIC)
        boxes = [(x * size, y * size, (x + 1) * size, (y + 1) * size) for y in range(rows) for x in range(columns)]
        tiles = [whole.crop(box) for box in boxes]
        if thumbnail and len(tiles) > 1:
            tiles.append(image.resize((size, size), Image.BICUBIC))
        yield [w, h, size, lo, hi, str(thumbnail).lower(), columns, rows, sha256(b"".join(t.tobytes() for t in tiles))]


def candidates():
    for lo, hi in [(1, 12), (1, 40), (2, 6), (3, 40), (4, 24), (6, 12), (1, 200), (7, 150)]:
        yield [lo, hi, " ".join(f"{i}x{j}" for i, j in ratios(lo, hi))]


def write(name, header, rows):
    with open(RESOURCES / name, "w", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([header.split(","), *rows])


if __name__ == "__main__":
    for folder in (IMAGES, ANIMATIONS, UNSUPPORTED):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
    for make in (pngs, jpegs, gifs, bmps, tiffs, webps, animations):
        make()
    rare_kinds.make(put, lambda name, data: (UNSUPPORTED / name).write_bytes(data), RGB, GRAY, RGBA, CMYK, PALETTE)
    write("images.csv", "file,width,height,rgb,upright_width,upright_height,upright", decoded())
    write("animations.csv", "file,milliseconds,frames", played())
    write("resize.csv", "width,height,to_width,to_height,sha256,less_work_first", resized())
    write("tiles.csv", "width,height,tile_size,min,max,thumbnail,columns,rows,sha256", tiled())
    write("candidates.csv", "min,max,order", candidates())
