"""Draws the input pictures: gradients in integer arithmetic and a few shapes, so that a rerun gives the same files."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

FRAMES = tuple(f"frame_{i}.png" for i in range(1, 5))


def draw(folder: Path) -> None:
    folder.mkdir(parents=True)
    pictures = {
        "meadow.png": _scene(128, 86, 1),
        "river.png": _scene(190, 52, 2),
        "tower.png": _scene(41, 133, 3),
        "badge.png": _scene(40, 40, 4),
        "window.png": _glass(_scene(100, 70, 5)),
        "fog.png": _scene(72, 96, 6).convert("L"),
        "flags.png": _scene(84, 63, 7).quantize(24, dither=Image.Dither.NONE),
        "seed.png": _scene(8, 6, 8),
        "map.png": _scene(240, 161, 9),
    }
    pictures |= {name: _scene(64, 48, 10, moved=9 * i) for i, name in enumerate(FRAMES)}
    for name, picture in pictures.items():
        picture.save(folder / name, optimize=True)


def _scene(width: int, height: int, seed: int, moved: int = 0) -> Image.Image:
    """Slanted colour ramps under a disc, a box and thin lines; `moved` shifts the disc to the right."""
    y, x = np.mgrid[:height, :width]
    ramps = [(x * (3 + seed % 4) + y * (seed % 5)) // 2, x * (seed % 3) + y * 2 + 40 * seed, (x * y) // 24 + 25 * seed]
    image = Image.fromarray(np.stack([ramp % 256 for ramp in ramps], -1).astype(np.uint8), "RGB")
    pen, unit = ImageDraw.Draw(image), max(2, min(width, height) // 4)
    left, top = width // 5 + moved, height // 6
    pen.ellipse((left, top, left + 2 * unit, top + 2 * unit), fill=(230 - 9 * seed, 40 + 12 * seed, 90))
    pen.rectangle((width // 2, height // 2, width // 2 + unit, height - 2), fill=(20 * seed, 120, 240 - 15 * seed))
    for i in range(3):
        pen.line((0, height * (i + 1) // 4, width, height * i // 5), fill=(250, 250 - 60 * i, 10 * seed))
    return image


def _glass(image: Image.Image) -> Image.Image:
    """Half transparent towards the right: the alpha channel must be dropped, not blended."""
    ramp = np.broadcast_to(np.arange(image.width) * 255 // image.width, (image.height, image.width))
    image.putalpha(Image.fromarray((255 - ramp).astype(np.uint8), "L"))
    return image
