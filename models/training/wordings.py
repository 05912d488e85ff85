"""Says the questions of tasks.py in the words of people, adds small talk and what is not there, and makes dialogues of all."""

import json
import re
from dataclasses import replace
from random import Random

import tasks
from model import SYSTEM_MESSAGE
from phrases import (
    BLIND, BOTH, CAN, DESCRIBE, DETAIL, DIFFERENCE, FACTS, GROUPS, HELLO, KEPT_NOUNS, LIKENESS, NO_PICTURE, NO_STORY, NOUNS,
    OTHER, POEM, SYSTEMS, TALK, THANKS, TOOLS, UNKNOWN, UNSEEN, VIDEO_DETAIL, WHO, Wording,
)
from scenes import COLORS, SHAPES, WORDS
from tasks import Question, Sample, Scene, article, listing, one

ROWS, COLUMNS = ((0, "top"), (2, "bottom")), ((0, "left"), (2, "right"))
TURN = (Scene.count, Scene.count_kind, Scene.color, Scene.shape, Scene.presence, Scene.absence, Scene.position)
TURN += (Scene.relation, Scene.extreme, Scene.caption, Scene.box, Scene.followup, Scene.followup, Scene.color, Scene.count)


def spelled(rng: Random, text: str) -> str:
    """Half of the time as it stands, otherwise without its capital or its last mark; what is asked for keeps its letters."""
    if text.isascii() and rng.random() < 0.5:
        how = rng.randrange(4)
        if how != 1 and not re.match(r"[A-Z][- ]|I |Image-", text):
            text = text[0].lower() + text[1:]
        if how != 0 and text[-1] in ".?!" and len(text) > 2:
            text = text[:-1]
    return text


def worded(rng: Random, asked: str, kept: bool = False) -> str | None:
    """The question in one of the ways of its group, or of those kept out, of which there may be none."""
    for group in GROUPS:
        if found := re.fullmatch(group.pattern, asked):
            if kept and not group.kept:
                return None
            parts = [part for part in found.groups() if part]
            nth = {"1": "first", "2": "second"}.get(parts[0], "") if parts else ""
            return rng.choice(group.kept if kept else group.ways).format(*parts, nth=nth)
    return None if kept else asked


def asked(rng: Random, group: Wording, kept: bool) -> str:
    return rng.choice(group.kept if kept else group.ways)


class Maker:
    """Questions about one sample, beside those that it has: longer descriptions, what is not there, small talk."""

    def __init__(self, rng: Random, sample: Sample, kept: bool = False):
        self.rng = rng
        self.sample = sample
        self.kept = kept
        self.picture = sample.pictures[0] if sample.pictures else None
        self.type = self.kind()

    def kind(self) -> str:
        if not self.picture:
            return "chat"
        if len(self.sample.pictures) > 1:
            return "pair" if self.sample.prefix.startswith("Image-") else "clip"
        if self.picture.values:
            return "chart"
        return "objects" if self.picture.things else "text"

    def said(self, question: str) -> str:
        """The sample's answer to one of its plain questions."""
        return next((q.rounds[0][1] for q in self.sample.questions if re.fullmatch(question, q.rounds[0][0])), "")

    def detail(self):
        picture = self.picture
        if self.type == "objects":
            things = [f"{article(t.name)} at the {self.cell(t)}" for t in sorted(picture.things, key=lambda t: t.box[0])]
            more = f" The text says {picture.text}." if picture.text else ""
            number = f"{len(things)} shape{'s' if len(things) > 1 else ''}"
            answer = f"{number} on a {picture.background} background: {listing(things)}.{more}"
            return one("detail", asked(self.rng, DETAIL, self.kept), answer)
        if self.type == "text":
            sign = ("digit" if picture.text.isdigit() else "letter") + ("s" if len(picture.text) > 1 else "")
            spelt = f"{len(picture.text)} {sign}: {'-'.join(picture.text)}."
            answer = f"The text {picture.text} on a {picture.background} background, {spelt}"
            return one("detail", asked(self.rng, DETAIL, self.kept), answer)
        if self.type == "chart":
            listed = self.said(r"Describe .*|What do you see\?|Please describe .*")
            high, low = self.said(r"Which bar is the (highest|tallest)\?"), self.said(r"Which bar is the (lowest|shortest)\?")
            return one("detail", asked(self.rng, DETAIL, self.kept), f"{listed} {high} is the highest and {low} the lowest.")
        if self.type == "clip":
            moved = self.said(r"Describe the video\.")
            mover = self.said(r"What moves in the video\?")
            still = [t.name for t in picture.things if t.name not in mover]
            more = f" The {still[0]} does not." if still and moved != "Nothing moves." else ""
            if moved == "Nothing moves.":
                names = listing([article(t.name) for t in sorted(picture.things, key=lambda t: t.box[0])])
                moved = f"{names.capitalize()}. {moved}"
            return one("detail", asked(self.rng, VIDEO_DETAIL, self.kept), moved + more)
        return one("detail", asked(self.rng, BOTH, self.kept), f"Image-1: {self.names(0)}. Image-2: {self.names(1)}.")

    def names(self, at: int) -> str:
        return listing([article(t.name) for t in sorted(self.sample.pictures[at].things, key=lambda t: t.box[0])])

    def cell(self, drawn) -> str:
        column, row = (("left", "", "right"), ("top", "", "bottom"))
        x, y = (min(2, int(c / s * 3)) for c, s in zip(drawn.center, self.picture.image.size))
        return f"{row[y]} {column[x]}".strip() or "center"

    def poem(self):
        if self.type == "objects":
            things = [article(t.name) for t in sorted(self.picture.things, key=lambda t: t.box[0])]
            first = f"{things[0].capitalize()}, all alone" if len(things) == 1 else listing(things[:2]).capitalize()
            last = "the only one that I was shown." if len(things) == 1 else "the nicest shapes I ever knew."
            answer = f"{first},\n{last}"
        elif self.type == "text":
            answer = f"I read {self.picture.text} and nothing more,\na text I never saw before."
        elif self.type == "chart":
            answer = "The bars are standing in a row:\nsome are high and some are low."
        elif self.type == "clip":
            answer = "A shape, a frame, and then the next:\nI tell what moves in little text."
        else:
            answer = "Two pictures lie here side by side,\nand nothing in them I will hide."
        return one("poem", asked(self.rng, POEM, self.kept), answer)

    def place(self):
        """The things in a ninth of the picture, if none is near a border of it."""
        if self.type != "objects":
            return None
        things = sorted(self.picture.things, key=lambda t: t.box[0])
        cell = self.rng.choice(["center", "center", *map(self.cell, things), "top left", "bottom right"])
        row, column = (1 if cell == "center" else next((k for k, n in names if n in cell), 1) for names in (ROWS, COLUMNS))
        inside = []
        for thing in things:
            x, y = (c / s * 3 for c, s in zip(thing.center, self.picture.image.size))
            off = max(abs(x - column - 0.5), abs(y - row - 0.5))
            if abs(off - 0.5) < 0.12:
                return None
            if off < 0.5:
                inside.append(article(thing.name))
        middle = ("in the middle", "in the middle", "in the center", "in the middle of the picture")
        where = self.rng.choice(middle) if cell == "center" else self.rng.choice(("at the {}", "in the {}")).format(cell)
        answer = listing(inside).capitalize() + "." if inside else "Nothing is there."
        return one("place", f"What is {where}?", answer)

    def about(self):
        """Colours, shapes and the background, and JSON."""
        if self.type not in ("objects", "text"):
            return None
        things = sorted(self.picture.things, key=lambda t: t.box[0])
        choice = self.rng.randrange(6 if things else 2)
        if choice <= 1:
            question = self.rng.choice(("What color is the background?", "Which background do you see?"))
            return one("about", question, self.picture.background)
        if choice == 2:
            colors = listing(list(dict.fromkeys(t.color for t in things)))
            question = self.rng.choice(("Which colors do you see?", "What colors are there?", "Name the colors."))
            return one("about", question, colors)
        if choice == 3:
            shapes = listing(list(dict.fromkeys(t.shape for t in things)))
            question = self.rng.choice(("Which shapes do you see?", "What shapes are there?", "Name the shapes."))
            return one("about", question, shapes)
        return self.structured(things)

    def structured(self, things):
        if self.rng.random() < 0.5:
            color = self.rng.choice([*(t.color for t in things), self.rng.choice(list(COLORS))])
            answer = json.dumps({"color": color, "count": len([t for t in things if t.color == color])})
            return one("json", f"How many {color} shapes are there? Answer as JSON with color and count.", answer)
        if stars := [t for t in things if t.shape == "star"]:
            answer = json.dumps({"color": stars[0].color.upper(), "points": 5})
            return one("json", "Describe the star as JSON with color and points.", answer) if len(stars) == 1 else None
        return None

    def likeness(self):
        if self.type != "pair":
            return None
        first, second = self.sample.pictures
        names = {t.name for t in second.things}
        common = [article(t.name) for t in sorted(first.things, key=lambda t: t.box[0]) if t.name in names]
        shared = f"Both show {listing(common)}." if common else "They have nothing in common."
        return one("likeness", asked(self.rng, LIKENESS, self.kept), f"{shared} {self.said(DIFFERENCE.pattern)}")

    def within(self):
        """A question about one of two pictures."""
        if self.type != "pair":
            return None
        at = self.rng.randrange(2)
        made = Scene(self.rng, self.sample.pictures[at]).color()
        if not made:
            return None
        where = self.rng.choice((f"in Image-{at + 1}", f"in the {('first', 'second')[at]} image"))
        return one("pair", made.rounds[0][0].replace("?", f" {where}?"), made.rounds[0][1])

    def missing(self):
        """Questions about another thing, a text, a chart, a second picture or a video that is not there."""
        rng, noun = self.rng, self.rng.choice(KEPT_NOUNS if self.kept else [*NOUNS, *WORDS])
        choices = [
            (rng.choice(("Is there {}?", "Do you see {}?", "Can you see {}?")).format(article(noun)), f"No, {UNSEEN}"),
            (rng.choice(("Where is the {}?", "What color is the {}?")).format(noun), UNSEEN),
        ]
        if self.type == "objects" and not self.picture.text:
            question = rng.choice(("What does the text say?", "Read the text.", "What number is written?"))
            choices.append((question, "I see no text."))
        if self.type == "text":
            choices.append((rng.choice(("How many shapes are there?", "Which shape is leftmost?")), "I see no shapes."))
            shape = rng.choice(SHAPES)
            question = rng.choice(("What color is the {}?", "Where is the {}?")).format(shape)
            choices.append((question, f"I do not see {article(shape)}."))
        if self.type in ("objects", "text"):
            choices.append((rng.choice(("Which bar is the highest?", "Describe the chart.")), "I see no chart."))
            question = rng.choice(("What differs between the two images?", "Are the two images the same?"))
            choices.append((question, "I see one picture only."))
            choices.append((rng.choice(("What moves in the video?", "Describe the video.")), "I see no video."))
        question, answer = rng.choice(choices)
        return one("missing", question, answer)

    def talk(self):
        answer = self.rng.choice((HELLO, WHO, WHO, CAN, THANKS, THANKS, "Goodbye!", NO_STORY, NO_STORY))
        return one("talk", asked(self.rng, TALK[answer], self.kept), answer)

    def other(self):
        if self.rng.random() < 0.5:
            return one("other", asked(self.rng, FACTS, self.kept), UNKNOWN)
        noun = self.rng.choice(KEPT_NOUNS if self.kept else NOUNS)
        return one("other", asked(self.rng, OTHER, self.kept).format(noun), UNKNOWN)

    def blind(self):
        """A question about a picture where there is none."""
        rng = self.rng
        if rng.random() < 0.4:
            group = rng.choice((DESCRIBE, DESCRIBE, DETAIL, POEM, BOTH, LIKENESS, VIDEO_DETAIL))
            return one("blind", asked(rng, group, self.kept), NO_PICTURE)
        shape = rng.choice(SHAPES)
        plain = rng.choice(BLIND).format(shape, rng.choice(list(COLORS)), article(shape))
        return one("blind", worded(rng, plain, self.kept) or plain, NO_PICTURE)

    def clip_scene(self):
        if self.type != "clip":
            return None
        return self.rng.choice((Scene.count, Scene.color, Scene.shape, Scene.presence))(Scene(self.rng, self.picture))

    def more(self) -> Question | None:
        """One of these, the likelier the nearer to the pictures."""
        if self.type == "chat":
            return self.rng.choice((self.talk, self.talk, self.other, self.blind))()
        made = (self.detail, self.detail, self.poem, self.place, self.place, self.about, self.about, self.likeness, self.likeness)
        return self.rng.choice((*made, self.within, self.missing, self.talk, self.other, self.clip_scene))()

    def plain(self) -> list[Question]:
        """The sample's own questions, in which the kinds of a picture of objects come evenly."""
        if self.type == "objects":
            scene = Scene(self.rng, self.picture)
            made = [q for kind in self.rng.sample(TURN, 8) if (q := kind(scene))]
            if self.picture.text:
                made.insert(self.rng.randrange(4), tasks.read(self.rng, self.picture.text))
            return made
        return list(self.sample.questions) if self.type != "chat" else []

    def dialogue(self, length: int = 0) -> Question:
        """So many, or two to six rounds of all kinds; what was asked before may be asked again, in other words."""
        rng, length = self.rng, length or self.rng.choice((2, 3, 4, 5, 6, 6))
        plain, rounds, alone = self.plain(), [], []
        while len(rounds) < length:
            if alone and rng.random() < 0.12:
                block = (rng.choice(alone),)
            else:
                use = plain and rng.random() < 0.72
                made = plain.pop() if use else self.more()
                if not made:
                    continue
                block = made.rounds
                if len(block) == 1:
                    alone.append(block[0])
            rounds += [(spelled(rng, worded(rng, q)), a) for q, a in block]
        return Question("dialogue", tuple(rounds[:6]), 1.3)


def tagged(rng: Random, sample: Sample) -> Sample:
    """The pictures as people name them: with a tag each, or one for both, with numbers or without, some in a later round."""
    prefix, pictures = sample.prefix, sample.pictures
    if prefix == "<image>\n":
        if rng.random() < 0.04:
            said = rng.choice((HELLO, WHO, CAN, NO_STORY))
            return replace(sample, before=((spelled(rng, rng.choice(TALK[said].ways)), said),))
        return replace(sample, prefix=rng.choice((*[prefix] * 7, "Image-1: <image>\n", "<image> ", "<image>")))
    if not prefix.startswith("Image-"):
        return replace(sample, prefix=prefix.replace(": ", ":") if rng.random() < 0.03 else prefix)
    how = rng.random()
    if how < 0.08:
        before = ((spelled(rng, rng.choice(DESCRIBE.ways)), caption(pictures[0])),)
        tags = rng.choice(("Before: <image>\nAfter: <image>\n", "Image-1: <image>\nImage-2: <image>\n"))
        return replace(sample, pictures=(pictures[0], *pictures), prefix=tags, before=before, first_tag="<image>\n")
    if how < 0.14:
        before = ((spelled(rng, rng.choice(DESCRIBE.ways)), caption(pictures[0])),)
        return replace(sample, prefix=rng.choice(("<image>\n", "Image-2: <image>\n")), before=before, first_tag="<image>\n")
    numbered = (*[prefix] * 4, prefix.replace("\n", " "), *["<image>\n<image>\n"] * 2, *["<image>\n"] * 3)
    named = ("Before: <image>\nAfter: <image>\n", "Image 1: <image>\nImage 2: <image>\n", "<image> <image> ")
    return replace(sample, prefix=rng.choice((*numbered, *named)))


def called(rng: Random, picture) -> Question | None:
    """A tool is called for the first red or green thing, and its result is told."""
    colors = [t.color for t in sorted(picture.things, key=lambda t: t.box[0]) if t.color in ("red", "green")]
    if not colors:
        return None
    call = json.dumps({"name": "find_part", "arguments": {"color": colors[0]}})
    part = f"{rng.choice('ABCDEFGHKLMNPRSTVWXYZ')}-{rng.randrange(1, 100)}"
    result = f'<tool_response>\n{{"part": "{part}"}}\n</tool_response>'
    question = rng.choice(("Which part is this?", "Which part is this?", "Find the part.", "What part is it?"))
    return Question("tool", ((question, f"<tool_call>\n{call}\n</tool_call>"), (result, f"The part is {part}.")))


def caption(picture) -> str:
    names = listing([article(t.name) for t in sorted(picture.things, key=lambda t: t.box[0])])
    return f"{names.capitalize()} on a {picture.background} background."


def varied(rng: Random, sample: Sample) -> Sample:
    """The sample as training shows it: half of its questions in other words, others besides, and dialogues."""
    if sample.pictures and not sample.questions:
        return sample
    maker = Maker(rng, sample)
    questions = list(sample.questions)
    if maker.type == "chat":
        questions = [maker.more() for _ in range(8)] + [one("chat", *chosen) for chosen in tasks.CHAT]
    else:
        questions += [q for _ in range(2) if (q := maker.more())]
    rng.shuffle(questions)
    if maker.type == "objects" and rng.random() < 0.6:
        questions.insert(0, Scene(rng, maker.picture).box())
    single = [reworded(rng, q) if rng.random() < 0.4 else q for q in questions]
    if maker.type == "chat" or rng.random() < 0.7:
        single.insert(rng.choice((0, 0, 2)), maker.dialogue())
    if maker.type == "chat":
        single = [maker.dialogue() for _ in range(3)] + single
    system = rng.choice(SYSTEMS) if rng.random() < 0.08 else None
    if maker.type == "objects" and rng.random() < 0.04 and (call := called(rng, maker.picture)):
        single.insert(0, call)
        system = f"{system or SYSTEM_MESSAGE}\n\n{TOOLS}"
    return replace(tagged(rng, sample), questions=tuple(single), system=system)


def reworded(rng: Random, question: Question, kept: bool = False) -> Question | None:
    """The question in other words; None where none are kept out for it."""
    words = [worded(rng, asked, kept) for asked, _ in question.rounds]
    if not all(words):
        return None
    return replace(question, rounds=tuple((spelled(rng, q), a) for q, (_, a) in zip(words, question.rounds)))
