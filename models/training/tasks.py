"""Questions about the pictures, and the one right answer to each."""

from dataclasses import dataclass
from random import Random

import scenes
from scenes import BARS, COLORS, SHAPES, Picture, Thing

ZH_COLORS = dict(zip(COLORS, ("红色", "绿色", "蓝色", "黄色", "紫色", "橙色", "粉色", "黑色")))
ZH_SHAPES = dict(zip(SHAPES, ("圆形", "正方形", "三角形", "星形", "十字", "心形")))
LOCATE = "Please provide the bounding box coordinate of the region this sentence describes: <ref>{}</ref>"
DESCRIBE = ("Describe this image.", "Please describe the image shortly.", "Describe the image.", "What do you see?")
CHAT = (
    ("Hello.", "Hello! Show me a picture and ask me about it."),
    ("Who are you?", "I am InternVL, a small model that answers questions about pictures."),
    ("What can you do?", "I can describe shapes, read words and charts, and compare pictures."),
    ("Thank you.", "You are welcome."),
)
MAX_TILES = 6
SHARES = {
    "objects": 0.3,
    "text": 0.26,
    "number": 0.11,
    "chart": 0.1,
    "pair": 0.24,
    "clip": 0.06,
    "chat": 0.05,
}
DENSE_SHARES = {"objects": 0.15, "page": 0.65, "text": 0.1, "chart": 0.1}


@dataclass(frozen=True)
class Question:
    """A dialogue of one or more rounds about one picture; the last answer is the one that is scored.

    The weight is how much its answers count in training.
    """

    kind: str
    rounds: tuple[tuple[str, str], ...]
    weight: float = 1.0


@dataclass(frozen=True)
class Sample:
    """Pictures, how they stand in the prompt, and questions that are asked independently of each other.

    Before them may stand rounds that are given, the first picture in the first of them, and another system message.
    """

    pictures: tuple[Picture, ...]
    prefix: str
    max_tiles: int
    questions: tuple[Question, ...]
    before: tuple[tuple[str, str], ...] = ()
    first_tag: str = ""
    system: str | None = None


def one(kind: str, question: str, answer: str, weight: float = 1.0) -> Question:
    return Question(kind, ((question, answer),), weight)


def article(name: str) -> str:
    return ("an " if name[0] in "aeiou" else "a ") + name


def listing(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


class Scene:
    """Questions about a picture of objects; every method returns None where the scene does not lend itself."""

    def __init__(self, rng: Random, picture: Picture):
        self.rng = rng
        self.things = picture.things
        self.picture = picture
        self.size = picture.image.size

    def by(self, field: str, value: str) -> list[Thing]:
        return [t for t in self.things if getattr(t, field) == value]

    def alone(self, field: str) -> list[Thing]:
        return [t for t in self.things if len(self.by(field, getattr(t, field))) == 1]

    def absent(self) -> str:
        """An object that is not there though often something like it is."""
        present = {t.name for t in self.things}
        while True:
            near = self.rng.choice(self.things)
            shape = near.shape if self.rng.random() < 0.4 else self.rng.choice(SHAPES)
            color = near.color if self.rng.random() < 0.4 else self.rng.choice(list(COLORS))
            if f"{color} {shape}" not in present:
                return f"{color} {shape}"

    def count(self):
        question = self.rng.choice(("How many shapes are there?", "How many shapes do you see?", "How many objects are there?"))
        return one("count", question, str(len(self.things)))

    def count_kind(self):
        if self.rng.random() < 0.5:
            shape = self.rng.choice([t.shape for t in self.things] * 2 + list(SHAPES))
            plural = shape + ("es" if shape == "cross" else "s")
            return one("count_kind", f"How many {plural} are there?", str(len(self.by("shape", shape))))
        color = self.rng.choice([t.color for t in self.things] * 2 + list(COLORS))
        return one("count_kind", f"How many {color} shapes are there?", str(len(self.by("color", color))))

    def color(self):
        options = self.alone("shape")
        if not options:
            return None
        chosen = self.rng.choice(options)
        question = self.rng.choice(("What color is the {}?", "What is the color of the {}?"))
        return one("color", question.format(chosen.shape), chosen.color)

    def shape(self):
        options = self.alone("color")
        if not options:
            return None
        chosen = self.rng.choice(options)
        question = self.rng.choice(("What shape is {}?", "Which shape is {}?", "What is the {} shape?"))
        return one("shape", question.format(chosen.color), chosen.shape)

    def presence(self):
        question = self.rng.choice(("Is there {}?", "Do you see {}?", "Is there {} in the image?"))
        if self.rng.random() < 0.5:
            return one("presence", question.format(article(self.rng.choice(self.things).name)), "Yes")
        name = article(self.absent())
        return one("presence", question.format(name), f"No, I do not see {name}.")

    def absence(self):
        shapes = [s for s in SHAPES if not self.by("shape", s)]
        if not shapes:
            return None
        shape = self.rng.choice(shapes)
        question = self.rng.choice((f"What color is the {shape}?", f"Where is the {shape}?"))
        return one("absence", question, f"I do not see {article(shape)}.")

    def where(self, drawn: Thing) -> str | None:
        """The ninth of the picture the object's centre is in, unless it is near the border of one."""
        cells = []
        for center, side in zip(drawn.center, self.size):
            cell = center / side * 3
            if any(abs(cell - border) < 0.12 for border in (1, 2)):
                return None
            cells.append(int(cell))
        column, row = ("left", "", "right")[cells[0]], ("top", "", "bottom")[cells[1]]
        return f"{row} {column}".strip() or "center"

    def position(self):
        options = [(t, self.where(t)) for t in self.things if self.where(t)]
        if not options:
            return None
        chosen, place = self.rng.choice(options)
        return one("position", f"Where is the {chosen.name}?", place)

    def side(self, a: Thing, b: Thing) -> str | None:
        """Where a is as seen from b, if one direction clearly prevails."""
        dx, dy = ((a.center[i] - b.center[i]) / self.size[i] for i in range(2))
        if max(abs(dx), abs(dy)) < 0.12 or abs(abs(dx) - abs(dy)) < 0.1:
            return None
        if abs(dx) > abs(dy):
            return "left of" if dx < 0 else "right of"
        return "above" if dy < 0 else "below"

    def relation(self):
        pairs = [(a, b, self.side(a, b)) for a in self.things for b in self.things if a != b and self.side(a, b)]
        if not pairs:
            return None
        a, b, side = self.rng.choice(pairs)
        if self.rng.random() < 0.5:
            question = f"Where is the {a.name} relative to the {b.name}?"
            return one("relation", question, side)
        opposite = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
        asked = side if self.rng.random() < 0.5 else opposite[side]
        return one("relation", f"Is the {a.name} {asked} the {b.name}?", "Yes" if asked == side else "No")

    def extreme(self):
        axis = self.rng.choice((0, 1))
        order = sorted(self.things, key=lambda t: t.center[axis])
        last = self.rng.random() < 0.5
        if len(order) < 2:
            return None
        chosen, next_one = (order[-1], order[-2]) if last else (order[0], order[1])
        if abs(chosen.center[axis] - next_one.center[axis]) < 0.06 * self.size[axis]:
            return None
        word = (("leftmost", "rightmost"), ("topmost", "bottommost"))[axis][last]
        return one("extreme", f"Which shape is {word}?", chosen.name)

    def caption(self):
        ordered = sorted(self.things, key=lambda t: t.box[0])
        text = listing([article(t.name) for t in ordered]).capitalize()
        if self.picture.text:
            text += f" with the text {self.picture.text}"
        return one("caption", self.rng.choice(DESCRIBE), f"{text} on a {self.picture.background} background.")

    def box(self):
        if self.rng.random() < 0.05:
            name = self.absent()
            return one("absence", LOCATE.format(name), f"I do not see {article(name)}.")
        chosen = self.rng.choice(self.things)
        return one("box", LOCATE.format(chosen.name), located(chosen, self.size))

    def followup(self):
        """Questions that only their history makes clear."""
        by_color, by_shape = self.alone("color"), self.alone("shape")
        if len(by_shape) > 1 and self.rng.random() < 0.5:
            first, *others = self.rng.sample(by_shape, min(len(by_shape), self.rng.choice((2, 3, 4))))
            rounds = [(f"What color is the {first.shape}?", first.color)]
            rounds += [(f"And the {other.shape}?", other.color) for other in others]
            if (place := self.where(([first] + others)[-1])) and self.rng.random() < 0.3:
                rounds.append(("Where is it?", place))
            return Question("followup", tuple(rounds))
        if by_color and self.rng.random() < 0.6:
            chosen = self.rng.choice(by_color)
            if place := self.where(chosen):
                return Question("followup", ((f"What shape is {chosen.color}?", chosen.shape), ("Where is it?", place)))
        if by_shape:
            chosen = self.rng.choice(by_shape)
            first = (f"Is there {article(chosen.shape)}?", "Yes")
            return Question("followup", (first, ("What color is it?", chosen.color)))
        return None

    def chinese(self):
        if self.rng.random() < 0.4:
            return one("chinese", "图中有几个图形？", f"{len(self.things)}个")
        if not (options := self.alone("shape")):
            return None
        chosen = self.rng.choice(options)
        return one("chinese", f"{ZH_SHAPES[chosen.shape]}是什么颜色？", ZH_COLORS[chosen.color])

    KINDS = (count, count_kind, color, shape, presence, absence, position, relation, extreme, caption, box, followup, chinese)


def located(drawn: Thing, size: tuple[int, int]) -> str:
    """The box in thousandths of the picture, in steps of ten."""
    values = [min(1000, max(0, round(100 * v / size[i % 2]) * 10)) for i, v in enumerate(drawn.box)]
    return f"<ref>{drawn.name}</ref><box>[[{', '.join(map(str, values))}]]</box>"


def read(rng: Random, text: str) -> Question:
    if text.isdigit():
        return one("number", rng.choice(("What number is written?", "Which number do you see?")), text, 2.0)
    return one("word", rng.choice(("What does the text say?", "Read the text.", "What word is written?")), text, 2.0)


def about_objects(rng: Random, picture: Picture, limit: int) -> list[Question]:
    """At most so many questions, of different kinds; those the model finds hard come more often."""
    scene = Scene(rng, picture)
    often = (*[Scene.box] * 5, Scene.relation, Scene.count_kind, Scene.caption)
    kinds = list(Scene.KINDS) + list(often)
    rng.shuffle(kinds)
    asked = list(dict.fromkeys(q for kind in kinds if (q := kind(scene))))[:limit]
    if picture.text:
        asked.insert(rng.randrange(3), read(rng, picture.text))
    return asked


def about_text(rng: Random, picture: Picture) -> list[Question]:
    text = picture.text
    described = f"The text {text} on a {picture.background} background."
    sign = "digit" if text.isdigit() else "letter"
    asked = [
        read(rng, text),
        one("caption", rng.choice(DESCRIBE), described),
        one("letter", "Spell the text.", "-".join(text)),
        one("letter", f"What is the first {sign}?", text[0]),
        one("letter", f"What is the last {sign}?", text[-1]),
        one("letter", f"How many {sign}s are there?", str(len(text))),
    ]
    if len(text) > 2:
        at = rng.randrange(1, len(text) - 1)
        if text.count(text[at]) == 1:
            asked.append(one("letter", f"Which {sign} comes after {text[at]}?", text[at + 1]))
    rng.shuffle(asked)
    return asked


def about_chart(rng: Random, picture: Picture) -> list[Question]:
    values = picture.values
    highest, lowest = BARS[values.index(max(values))], BARS[values.index(min(values))]
    asked = [
        one("chart_bar", rng.choice(("Which bar is the highest?", "Which bar is the tallest?")), highest),
        one("chart_bar", rng.choice(("Which bar is the lowest?", "Which bar is the shortest?")), lowest),
        one("count", "How many bars are there?", str(len(values))),
    ]
    for i in rng.sample(range(len(values)), min(3, len(values))):
        asked.append(one("chart_value", f"What is the value of {BARS[i]}?", str(values[i])))
    i = rng.randrange(len(values))
    asked.append(one("color", f"What color is bar {BARS[i]}?", picture.things[i].color))
    a, b = rng.sample(range(len(values)), 2)
    if values[a] != values[b]:
        asked.append(one("chart_bar", f"Is {BARS[a]} higher than {BARS[b]}?", "Yes" if values[a] > values[b] else "No"))
    listed = ", ".join(f"{BARS[k]} {v}" for k, v in enumerate(values))
    asked.append(one("caption", rng.choice((*DESCRIBE, "Describe the chart.")), f"A bar chart: {listed}."))
    rng.shuffle(asked)
    return asked


def about_pair(rng: Random, first: Picture, second: Picture, change: str) -> list[Question]:
    gone = [t.name for t in first.things if t.name not in {s.name for s in second.things}]
    new = [t.name for t in second.things if t.name not in {s.name for s in first.things}]
    if change == "nothing":
        answer = "Nothing differs."
    elif change == "removed":
        answer = f"Image-2 has no {gone[0]}."
    elif change == "added":
        answer = f"Image-2 also has {article(new[0])}."
    else:
        answer = f"Image-2 has {article(new[0])} instead of {article(gone[0])}."
    asked = [
        one("difference", rng.choice(("What differs between the two images?", "What is the difference?")), answer, 2.0),
        one("difference", "Are the two images the same?", "Yes" if change == "nothing" else "No", 5.0),
    ]
    for i, picture in enumerate((first, second), 1):
        asked.append(one("pair", f"How many shapes are in Image-{i}?", str(len(picture.things))))
        names = listing([article(t.name) for t in sorted(picture.things, key=lambda t: t.box[0])])
        asked.append(one("pair", f"Describe Image-{i}.", f"{names.capitalize()}."))
    drawn = rng.choice([*first.things, *second.things])
    held = [drawn.name in {t.name for t in p.things} for p in (first, second)]
    where = "In both images" if all(held) else f"In Image-{held.index(True) + 1}"
    asked.append(one("pair", f"Which image shows {article(drawn.name)}?", where, 4.0))
    rng.shuffle(asked)
    return asked


def about_clip(rng: Random, mover: Thing, move: str) -> list[Question]:
    called = "ball" if mover.shape == "circle" and rng.random() < 0.5 else mover.shape
    still = move == "nowhere"
    asked = [
        one("clip", f"Which way does the {called} move?", "It does not move." if still else f"It moves {move}."),
        one("clip", "What moves in the video?", "Nothing moves." if still else f"The {mover.name} moves."),
        one("clip", "Describe the video.", "Nothing moves." if still else f"The {mover.name} moves {move}."),
    ]
    if not still:
        asked.append(one("clip", "Which way does it move?", f"It moves {move}."))
    rng.shuffle(asked)
    return asked


def plain_size(rng: Random) -> tuple[tuple[int, int], int]:
    """A picture size and a tile limit that together give one tile."""
    side = rng.randint(320, 560)
    if rng.random() < 0.5:
        return (side, round(side * rng.uniform(0.85, 1.2))), MAX_TILES
    return (side, round(side * rng.uniform(0.5, 1.8))), 1


def many_tiles_size(rng: Random) -> tuple[tuple[int, int], int]:
    """A picture size that dynamic tiling cuts into two to six tiles, with a thumbnail after them."""
    ratio = rng.choice((0.34, 0.5, 0.67, 1.0, 1.33, 1.33, 1.5, 1.78, 2.0, 3.0))
    height = rng.randint(640, 700) if ratio == 1.0 else rng.randint(240, 480)
    ratio *= rng.uniform(0.97, 1.03)
    return (round(height * ratio), height), rng.choice((2, 3, 4, MAX_TILES))


def sample(rng: Random, shares: dict[str, float] = SHARES, questions: int = 10, many_tiles: float = 0.12) -> Sample:
    """One training sample of a kind drawn by these shares."""
    kind = rng.choices(list(shares), list(shares.values()))[0]
    if kind in ("pair", "clip", "page"):
        size, limit = plain_size(rng)
    else:
        size, limit = many_tiles_size(rng) if rng.random() < many_tiles else plain_size(rng)
    if kind == "objects":
        picture = scenes.objects(rng, size)
        return Sample((picture,), "<image>\n", limit, tuple(about_objects(rng, picture, questions)))
    if kind in ("text", "number"):
        picture = scenes.text_picture(rng, size) if kind == "text" else scenes.text_picture(rng, size, numbers=1.0)
        return Sample((picture,), "<image>\n", limit, tuple(about_text(rng, picture)))
    if kind == "chart":
        picture = scenes.chart(rng, size)
        return Sample((picture,), "<image>\n", limit, tuple(about_chart(rng, picture)))
    if kind == "page":
        return Sample((scenes.page(rng, size),), "<image>\n", limit, ())
    if kind == "pair":
        first, second, change = scenes.pair(rng, size)
        prefix = "Image-1: <image>\nImage-2: <image>\n"
        return Sample((first, second), prefix, limit, tuple(about_pair(rng, first, second, change)))
    if kind == "chat":
        return Sample((), "", 1, tuple(one("chat", *chosen) for chosen in CHAT))
    frames, mover, move = scenes.clip(rng, size, rng.choice((3, 4, 4, 4, 5, 6, 8)))
    mark = rng.choice(("Frame{}: <image>\n", "Frame{}: <image>\n", "Frame-{}: <image>\n"))
    prefix = "".join(mark.format(k + 1) for k in range(len(frames)))
    return Sample(tuple(frames), prefix, 1, tuple(about_clip(rng, mover, move)))
