"""Makes AVIF and HEIC files under ../resources/heif, with what libavif (in Pillow) and libheif (in pillow-heif) decode from
them as PNG beside them.

    python -m venv VENV && VENV/bin/pip install -r requirements.txt && VENV/bin/python make_heif.py

Neither library writes grids, as phones do, so those are put together here from files of one tile each.
"""

import io
import struct
from pathlib import Path

import pillow_heif
from PIL import Image, ImageOps

FOLDER = Path(__file__).parent.parent / "resources" / "heif"
W, H = 100, 66
TURNED = 6


def picture(width=W, height=H):
    """Smooth colours, with edges in brightness alone: what colours at half the resolution become there differs widely."""
    image = Image.new("RGB", (width, height))
    for y in range(height):
        for x in range(width):
            light = 50 if (x - 60) ** 2 + (y - 30) ** 2 < 400 else 0
            image.putpixel((x, y), (x * 200 // width + light, y * 200 // height + light, 100 + light))
    return image


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, quality=70, **options)
    return out.getvalue()


def boxes(data):
    at = 0
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        yield name, data[at + 8 : at + size]
        at += size


def box(name, *parts):
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), name) + content


def full(name, version, *parts, flags=0):
    return box(name, struct.pack(">I", version << 24 | flags), *parts)


def single(data, setup):
    """Configuration and coded bytes of the first item of a file with one."""
    top = dict(boxes(data))
    meta = dict(boxes(top[b"meta"][4:]))
    properties = dict(boxes(dict(boxes(meta[b"iprp"]))[b"ipco"]))
    sizes = meta[b"iloc"][4:6]
    assert sizes[0] == 0x44, sizes
    entry = meta[b"iloc"][8:]
    wide = 2 if meta[b"iloc"][0] > 0 else 0
    base = sizes[1] >> 4
    offset = int.from_bytes(entry[4 + wide : 4 + wide + base], "big")
    start, length = struct.unpack_from(">II", entry, 4 + wide + base + 2)
    return properties[setup], data[offset + start : offset + start + length]


def grid(image, kind, codec, setup, brand, side=64):
    """A file of 2 x 2 tiles, the last ones of which reach beyond the picture."""
    padded = Image.new("RGB", (2 * side, 2 * side))
    padded.paste(image)
    tiles = [padded.crop((x, y, x + side, y + side)) for y in (0, side) for x in (0, side)]
    found = [single(encoded(tile, kind), setup) for tile in tiles]
    assert len({configuration for configuration, _ in found}) == 1
    layout = struct.pack(">BBBBHH", 0, 0, 1, 1, *image.size)
    items = [full(b"infe", 2, struct.pack(">HH4sB", i + 2, 0, codec, 0)) for i in range(4)]
    items.insert(0, full(b"infe", 2, struct.pack(">HH4sB", 1, 0, b"grid", 0)))
    properties = box(
        b"ipco",
        box(setup, found[0][0]),
        full(b"ispe", 0, struct.pack(">II", side, side)),
        full(b"ispe", 0, struct.pack(">II", *image.size)),
        full(b"pixi", 0, bytes([3, 8, 8, 8])),
    )
    owners = struct.pack(">I", 5) + struct.pack(">HBBB", 1, 2, 3, 4)
    owners += b"".join(struct.pack(">HBBBB", i + 2, 3, 0x81, 2, 4) for i in range(4))
    head = box(b"ftyp", brand, bytes(4), b"mif1", brand, b"miaf")

    def meta(start):
        places = struct.pack(">HHHHII", 1, 1, 0, 1, 0, len(layout))
        for i, (_, data) in enumerate(found):
            places += struct.pack(">HHHHII", i + 2, 0, 0, 1, start, len(data))
            start += len(data)
        return full(
            b"meta",
            0,
            full(b"hdlr", 0, struct.pack(">I4s12sB", 0, b"pict", b"", 0)),
            full(b"pitm", 0, struct.pack(">H", 1)),
            full(b"iinf", 0, struct.pack(">H", 5), *items),
            full(b"iref", 0, box(b"dimg", struct.pack(">HH4H", 1, 4, 2, 3, 4, 5))),
            box(b"iprp", properties, full(b"ipma", 0, owners)),
            full(b"iloc", 1, bytes([0x44, 0]), struct.pack(">H", 5), places),
            box(b"idat", layout),
        )

    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + box(b"mdat", *(data for _, data in found))


def put(name, data):
    (FOLDER / name).write_bytes(data)
    image = Image.open(io.BytesIO(data))
    stem = name.replace(".", "_")
    image.convert("RGB").save(FOLDER / f"{stem}.png")
    if name == "turned.avif":
        ImageOps.exif_transpose(image).convert("RGB").save(FOLDER / f"{stem}_upright.png")


def main():
    pillow_heif.register_heif_opener()
    FOLDER.mkdir(exist_ok=True)
    image = picture()
    alpha = image.copy()
    alpha.putalpha(Image.linear_gradient("L").resize((W, H)))
    exif = Image.Exif()
    exif[0x112] = TURNED
    for kind in ("AVIF", "HEIF"):
        end = {"AVIF": "avif", "HEIF": "heic"}[kind]
        full_chroma = {"AVIF": {"subsampling": "4:4:4"}, "HEIF": {"chroma": 444}}[kind]
        put(f"420.{end}", encoded(image, kind))
        put(f"444.{end}", encoded(image, kind, **full_chroma))
        put(f"alpha.{end}", encoded(alpha, kind))
        put(f"turned.{end}", encoded(image, kind, exif=exif.tobytes()))
        put(f"several.{end}", encoded(image, kind, save_all=True, append_images=[image.rotate(180)]))
    put("gray.avif", encoded(image.convert("L"), "AVIF"))
    put("limited.avif", encoded(image, "AVIF", range="limited"))
    put("odd.heic", encoded(image.crop((0, 0, W - 1, H - 1)), "HEIF"))
    put("grid.avif", grid(image, "AVIF", b"av01", b"av1C", b"avif"))
    put("grid.heic", grid(image, "HEIF", b"hvc1", b"hvcC", b"heic"))


if __name__ == "__main__":
    main()
