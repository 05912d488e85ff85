"""Draws the pictures: shapes, printed words and numbers, bar charts, pairs that differ, clips."""

import importlib.util
import io
import math
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

COLORS = {
    "red": (214, 40, 40),
    "green": (40, 160, 60),
    "blue": (40, 80, 220),
    "yellow": (245, 210, 40),
    "purple": (130, 50, 170),
    "orange": (245, 130, 30),
    "pink": (250, 140, 190),
    "black": (20, 20, 20),
}
SHAPES = ("circle", "square", "triangle", "star", "cross", "heart")
BACKGROUNDS = {"white": (252, 252, 252), "gray": (190, 190, 192), "beige": (240, 228, 200), "dark": (44, 46, 56)}
FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSansMono", "STIXGeneralBol")
WORDS = (
    "apple beach bird blue boat book bread bus cake cat chair city cloud coffee cold cow cup day dog door earth exit "
    "farm fish flag fox free fresh game gold green hat hello home horse hot hotel house ice java key king lake lamp "
    "leaf light lion menu milk moon music night north ocean open park pen pizza queen rain red river road room rose "
    "sale salt school sea ship shop sky snow south stop sugar sun taxi tea train tree water west wind wolf yes zoo"
).split()
BARS = "ABCDE"
TOP_VALUE = 10


@dataclass(frozen=True)
class Thing:
    """A drawn object: its shape, colour, and box in pixels."""

    shape: str
    color: str
    box: tuple[float, float, float, float]
    turn: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.color} {self.shape}"

    @property
    def center(self) -> tuple[float, float]:
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2

    def moved(self, dx: float, dy: float) -> "Thing":
        x1, y1, x2, y2 = self.box
        return replace(self, box=(x1 + dx, y1 + dy, x2 + dx, y2 + dy))


@dataclass(frozen=True)
class Glyph:
    """A printed letter or digit and its box in pixels."""

    char: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Picture:
    """A drawn picture and what is in it."""

    image: Image.Image
    things: tuple[Thing, ...] = ()
    glyphs: tuple[Glyph, ...] = ()
    background: str = "white"
    text: str = ""
    values: tuple[int, ...] = ()


@dataclass(frozen=True)
class Canvas:
    """A background to draw on, kept so that several pictures can share it."""

    size: tuple[int, int]
    name: str
    color: tuple[int, int, int]
    slope: float

    def paint(self) -> Image.Image:
        width, height = self.size
        image = Image.new("RGB", self.size, self.color)
        if self.slope:
            ramp = np.linspace(-self.slope, self.slope, height)[:, None, None]
            image = Image.fromarray(np.clip(np.asarray(image) + ramp, 0, 255).astype(np.uint8))
        return image


def canvas(rng: Random, size: tuple[int, int]) -> Canvas:
    name = rng.choice(list(BACKGROUNDS))
    color = tuple(max(0, min(255, c + rng.randint(-8, 8))) for c in BACKGROUNDS[name])
    return Canvas(size, name, color, rng.choice((0, 0, rng.uniform(-14, 14))))


def finished(rng: Random, image: Image.Image) -> Image.Image:
    """Adds what cameras and files add: blur, grain, JPEG artefacts."""
    if rng.random() < 0.15:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.2)))
    if rng.random() < 0.15:
        grain = np.random.default_rng(rng.getrandbits(32)).integers(-9, 10, (image.height, image.width, 1), np.int16)
        image = Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))
    if rng.random() < 0.5:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=rng.randint(35, 95))
        image = Image.open(buffer).convert("RGB")
    return image


def outline(shape: str) -> list[tuple[float, float]]:
    """The shape's corners in -1..1, y down."""
    if shape == "square":
        return [(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)]
    if shape == "triangle":
        return [(0, -1), (0.95, 0.8), (-0.95, 0.8)]
    if shape == "star":
        radii = ((1.0, 0.42)[k % 2] for k in range(10))
        return [(r * math.sin(k * math.pi / 5), -r * math.cos(k * math.pi / 5)) for k, r in enumerate(radii)]
    if shape == "cross":
        a = 0.32
        return [(-a, -1), (a, -1), (a, -a), (1, -a), (1, a), (a, a), (a, 1), (-a, 1), (-a, a), (-1, a), (-1, -a), (-a, -a)]
    steps = [2 * math.pi * k / 40 for k in range(40)]
    if shape == "heart":
        return [
            (math.sin(t) ** 3, -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 15)
            for t in steps
        ]
    return [(math.cos(t), math.sin(t)) for t in steps]


def corners(shape: str, center: tuple[float, float], radius: float, turn: float) -> list[tuple[float, float]]:
    cos, sin = math.cos(turn) * radius, math.sin(turn) * radius
    return [(center[0] + x * cos - y * sin, center[1] + x * sin + y * cos) for x, y in outline(shape)]


def thing(shape: str, color: str, center: tuple[float, float], radius: float, turn: float) -> Thing:
    xs, ys = zip(*corners(shape, center, radius, turn))
    return Thing(shape, color, (min(xs), min(ys), max(xs), max(ys)), turn)


def draw_thing(rng: Random, draw: ImageDraw.ImageDraw, drawn: Thing) -> None:
    plain = corners(drawn.shape, (0, 0), 1.0, drawn.turn)
    xs, ys = zip(*plain)
    scale = (drawn.box[2] - drawn.box[0]) / (max(xs) - min(xs))
    points = [(drawn.box[0] + (x - min(xs)) * scale, drawn.box[1] + (y - min(ys)) * scale) for x, y in plain]
    draw.polygon(points, fill=tint(rng, drawn.color))


def tint(rng: Random, color: str) -> tuple[int, int, int]:
    return tuple(max(0, min(255, c + rng.randint(-14, 14))) for c in COLORS[color])


def palette(background: str) -> list[str]:
    return [c for c in COLORS if not (background == "dark" and c == "black")]


def place(rng: Random, size: tuple[int, int], count: int, background: str, taken: list[tuple] = ()) -> tuple[Thing, ...]:
    """Puts objects, no two of one colour and shape, where they overlap neither each other nor the taken boxes."""
    side = min(size)
    placed: list[Thing] = []
    boxes = list(taken)
    for _ in range(60):
        if len(placed) == count:
            break
        radius = side * rng.uniform(0.075, 0.16 if count > 3 else 0.2)
        center = rng.uniform(radius, size[0] - radius), rng.uniform(radius, size[1] - radius)
        repeat = rng.choice(placed) if placed and rng.random() < 0.35 else None
        shape = repeat.shape if repeat and rng.random() < 0.5 else rng.choice(SHAPES)
        color = repeat.color if repeat and shape != repeat.shape else rng.choice(palette(background))
        candidate = thing(shape, color, center, radius, rng.uniform(-0.3, 0.3))
        x1, y1, x2, y2 = candidate.box
        gap = 0.02 * side
        free = all(x2 + gap < b[0] or b[2] + gap < x1 or y2 + gap < b[1] or b[3] + gap < y1 for b in boxes)
        inside = x1 >= 0 and y1 >= 0 and x2 <= size[0] and y2 <= size[1]
        if free and inside and all(candidate.name != p.name for p in placed):
            placed.append(candidate)
            boxes.append(candidate.box)
    return tuple(placed)


def paint(rng: Random, ground: Canvas, things: tuple[Thing, ...]) -> Image.Image:
    image = ground.paint()
    draw = ImageDraw.Draw(image)
    for drawn in things:
        draw_thing(rng, draw, drawn)
    return image


def objects(rng: Random, size: tuple[int, int]) -> Picture:
    """One to five objects; sometimes a printed word or number among up to three of them."""
    ground = canvas(rng, size)
    image = ground.paint()
    text, glyphs = "", ()
    if rng.random() < 0.25:
        text = printed(rng)
        glyphs = draw_text(rng, image, ground, text, 0.6)
    taken = [extent(glyphs)] if glyphs else []
    things = place(rng, size, rng.randint(1, 3 if text else 5), ground.name, taken)
    draw = ImageDraw.Draw(image)
    for drawn in things:
        draw_thing(rng, draw, drawn)
    return Picture(finished(rng, image), things, glyphs, ground.name, text)


def printed(rng: Random, numbers: float = 0.4) -> str:
    if rng.random() < numbers:
        return str(rng.randint(0, 10 ** rng.randint(1, 4) - 1))
    word = rng.choice(WORDS)
    return rng.choice((word.upper(), word.upper(), word.capitalize(), word))


def text_picture(rng: Random, size: tuple[int, int], numbers: float = 0.4) -> Picture:
    """A printed word or, so often, a number alone."""
    ground = canvas(rng, size)
    image = ground.paint()
    text = printed(rng, numbers)
    glyphs = draw_text(rng, image, ground, text, 0.9)
    return Picture(finished(rng, image), (), glyphs, ground.name, text)


def page(rng: Random, size: tuple[int, int]) -> Picture:
    """Lines of words and numbers from side to side."""
    ground = canvas(rng, size)
    image = ground.paint()
    glyphs, top = [], 0.02 * size[1]
    while top < 0.7 * size[1]:
        height = size[1] * rng.uniform(0.1, 0.3)
        line = printed(rng)
        while len(line) < 5:
            line += printed(rng)
        glyphs += draw_line(rng, image, ground, line, top, height)
        top = max(glyph.box[3] for glyph in glyphs) + 0.02 * size[1]
    return Picture(finished(rng, image), (), tuple(glyphs), ground.name)


def extent(glyphs: tuple[Glyph, ...]) -> tuple[float, float, float, float]:
    boxes = [g.box for g in glyphs]
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


@lru_cache(maxsize=512)
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    package = importlib.util.find_spec("matplotlib").submodule_search_locations[0]
    return ImageFont.truetype(str(Path(package, "mpl-data", "fonts", "ttf", name + ".ttf")), size)


def draw_text(rng: Random, image: Image.Image, ground: Canvas, text: str, share: float) -> tuple[Glyph, ...]:
    """Prints text somewhere, at most the given share of the width, never smaller than a tenth of the height."""
    width, height = image.size
    name = rng.choice(FONTS)
    unit = font(name, 100).getlength(text) / 100
    largest = min(share * width / unit, 0.32 * height)
    smallest = min(max(0.11 * height, 0.075 * width), largest)
    face = font(name, max(12, int(rng.uniform(smallest, largest))))
    x1, y1, x2, y2 = face.getbbox(text)
    left = rng.uniform(2, max(3, width - x2 - 2)) - min(0, x1)
    top = rng.uniform(2, max(3, height - y2 - 2)) - y1 * 0.5
    return put(rng, image, ground, text, face, (left, top))


def draw_line(rng: Random, image: Image.Image, ground: Canvas, text: str, top: float, height: float) -> tuple[Glyph, ...]:
    """Prints text below the given line, as high as asked where the width lets it."""
    name = rng.choice(FONTS)
    unit = font(name, 100).getlength(text) / 100
    face = font(name, max(12, int(min(height, 0.95 * image.width / unit))))
    x1, y1, x2, _ = face.getbbox(text)
    return put(rng, image, ground, text, face, (rng.uniform(2, max(3, image.width - x2 - 2)) - min(0, x1), top - y1))


def put(rng: Random, image: Image.Image, ground: Canvas, text: str, face, at: tuple[float, float]) -> tuple[Glyph, ...]:
    """Prints text in a colour that stands out."""
    colors = ["yellow", "pink", "orange"] if ground.name == "dark" else ["black", "black", "blue", "red", "green", "purple"]
    light = ground.name == "dark" and rng.random() < 0.6
    fill = (245, 245, 245) if light else tint(rng, rng.choice(colors))
    ImageDraw.Draw(image).text(at, text, font=face, fill=fill)
    _, y1, _, y2 = face.getbbox(text)
    ends = [at[0] + face.getlength(text[:i]) for i in range(len(text) + 1)]
    return tuple(Glyph(char, (ends[i], at[1] + y1, ends[i + 1], at[1] + y2)) for i, char in enumerate(text))


def chart(rng: Random, size: tuple[int, int]) -> Picture:
    """Three to five bars named A, B, C, ... over a scale of 0 to 10, the highest and the lowest one alone."""
    width, height = size
    ground = replace(canvas(rng, size), slope=0)
    image = ground.paint()
    draw = ImageDraw.Draw(image)
    count = rng.randint(3, 5)
    values = [rng.randint(1, TOP_VALUE) for _ in range(count)]
    while values.count(max(values)) > 1 or values.count(min(values)) > 1:
        values = [rng.randint(1, TOP_VALUE) for _ in range(count)]
    ink = (235, 235, 235) if ground.name == "dark" else (25, 25, 25)
    left, right = width * rng.uniform(0.1, 0.16), width * rng.uniform(0.93, 0.98)
    top, bottom = height * rng.uniform(0.04, 0.12), height * rng.uniform(0.84, 0.89)
    name = rng.choice(FONTS)
    ticks = font(name, max(9, int(min(size) * 0.045)))
    labels = font(name, max(12, int(min(size) * rng.uniform(0.07, 0.085))))
    for value in range(0, TOP_VALUE + 1, 2):
        y = bottom - (bottom - top) * value / TOP_VALUE
        draw.line((left, y, right, y), fill=tuple((a + b) // 2 for a, b in zip(ink, ground.color)), width=1)
        draw.text((left - 4, y), str(value), font=ticks, fill=ink, anchor="rm")
    colors = rng.sample(palette(ground.name), count) if rng.random() < 0.7 else [rng.choice(palette(ground.name))] * count
    step = (right - left) / count
    thickness = step * rng.uniform(0.4, 0.75)
    things, glyphs, written = [], [], rng.random() < 0.3
    for i, value in enumerate(values):
        middle = left + step * (i + 0.5)
        y = bottom - (bottom - top) * value / TOP_VALUE
        box = (middle - thickness / 2, y, middle + thickness / 2, bottom)
        draw.rectangle(box, fill=tint(rng, colors[i]))
        things.append(Thing("bar", colors[i], box))
        draw.text((middle, bottom + 3), BARS[i], font=labels, fill=ink, anchor="mt")
        half = labels.size * 0.4
        glyphs.append(Glyph(BARS[i], (middle - half, bottom + 3, middle + half, bottom + 3 + 2 * half)))
        if written:
            draw.text((middle, y - 2), str(value), font=ticks, fill=ink, anchor="mb")
    draw.line((left, top, left, bottom, right, bottom), fill=ink, width=2)
    return Picture(finished(rng, image), tuple(things), tuple(glyphs), ground.name, values=tuple(values))


def pair(rng: Random, size: tuple[int, int]) -> tuple[Picture, Picture, str]:
    """Two pictures of one scene and what differs: color, shape, removed, added or nothing."""
    ground = canvas(rng, size)
    first = place(rng, size, rng.randint(2, 4), ground.name)
    change = rng.choice(("color", "shape", "removed", "added", "nothing", "nothing"))
    second = list(first)
    at = rng.randrange(len(first))
    names = {t.name for t in first}
    if change in ("color", "shape"):
        options = [(s, c) for s in SHAPES for c in palette(ground.name)]
        kept = [o for o in options if (o[0] == first[at].shape) != (o[1] == first[at].color)]
        kept = [o for o in kept if (o[0] == first[at].shape) == (change == "color") and f"{o[1]} {o[0]}" not in names]
        shape, color = rng.choice(kept)
        box = first[at].box
        radius = min(box[2] - box[0], box[3] - box[1]) / 2
        second[at] = thing(shape, color, first[at].center, radius, first[at].turn)
    elif change != "nothing":
        del second[at]
    scenes = [tuple(first), tuple(second)]
    if change == "added":
        scenes.reverse()
    pictures = [Picture(finished(rng, paint(rng, ground, s)), s, background=ground.name) for s in scenes]
    return pictures[0], pictures[1], change


MOVES = {"to the right": (1, 0), "to the left": (-1, 0), "up": (0, -1), "down": (0, 1), "nowhere": (0, 0)}


def clip(rng: Random, size: tuple[int, int], frames: int) -> tuple[list[Picture], Thing, str]:
    """Frames in which one object moves (or does not), beside at most one that stands still."""
    ground = canvas(rng, size)
    move = rng.choice(list(MOVES))
    dx, dy = (size[i] * rng.uniform(0.4, 0.65) * MOVES[move][i] for i in range(2))
    while True:
        things = place(rng, size, rng.randint(1, 2), ground.name)
        start = [t.moved(-dx / 2, -dy / 2) for t in things[:1]][0]
        end = start.moved(dx, dy)
        path = tuple(f(a, b) for f, a, b in zip((min, min, max, max), start.box, end.box))
        inside = path[0] >= 0 and path[1] >= 0 and path[2] <= size[0] and path[3] <= size[1]
        rest = things[1:]
        apart = all(
            path[2] < t.box[0] or t.box[2] < path[0] or path[3] < t.box[1] or t.box[3] < path[1] for t in rest
        )
        if inside and apart:
            break
    pictures = []
    for k in range(frames):
        step = k / (frames - 1)
        scene = (start.moved(dx * step, dy * step), *rest)
        pictures.append(Picture(finished(rng, paint(rng, ground, scene)), scene, background=ground.name))
    return pictures, start, move
