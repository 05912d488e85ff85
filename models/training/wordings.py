"""The ways in which people word the questions of tasks.py, what else they say, and dialogues of all of it.

Of each question some wordings are kept out of training, for evaluate.py.
"""

import json
import re
from dataclasses import dataclass, replace
from random import Random

import tasks
from model import SYSTEM_MESSAGE
from scenes import COLORS, SHAPES, WORDS
from tasks import LOCATE, Question, Sample, Scene, article, listing, one


@dataclass(frozen=True)
class Wording:
    """Questions with one meaning: a pattern that finds the plain one, the ways that are trained, those that are kept out."""

    pattern: str
    ways: tuple[str, ...]
    kept: tuple[str, ...]


def wording(pattern: str, ways: str, kept: str = "") -> Wording:
    return Wording(pattern, *(tuple(way.strip() for way in text.split("|") if way.strip()) for text in (ways, kept)))


DESCRIBE = wording(
    r"Describe this image\.|Please describe the image shortly\.|Describe the image\.|What do you see\?",
    "Describe this image.|Please describe the image shortly.|Describe the image.|What do you see?|Describe the picture.|"
    "Describe this image.|Please describe the image shortly.|Please describe the image.|Please describe this image.|"
    "Describe the image shortly.|Describe this picture.|Please describe the picture shortly.|Briefly describe the image.|"
    "What is in the picture?|What is in the image?|What is shown in the picture?|What is shown in the image?|What is this?|"
    "What is it?|What can you see?|What do you see in the image?|What does the picture show?|Describe what you see.|"
    "Caption this image.|Tell me about this picture.|What's in this image?|Can you describe the image?|What is on the picture?",
    "What is in this picture?|Please describe what is in the image.|What does this image show?|"
    "Give a short description of the picture.|What can be seen here?|Could you describe this picture?",
)
DETAIL = wording(
    "",
    "Please describe the image in detail.|Describe the image in detail.|Describe this image in detail.|"
    "Please describe the image in detail.|Describe the picture in detail.|Please describe this picture in detail.|"
    "Describe everything you see.|Give a detailed description of the image.|Describe exactly what you see.",
    "Please describe this image in detail.|Can you describe the image in detail?|What do you see in detail?",
)
POEM = wording(
    "",
    "Please write a poem according to the image.|Please write a poem according to the image.|Write a poem about the image.|"
    "Write a poem about this picture.|Write a poem.|Please write a poem.|Can you write a poem about it?",
    "Please write a poem about the picture.|Could you write a poem?",
)
DIFFERENCE = wording(
    r"What differs between the two images\?|What is the difference\?",
    "What differs between the two images?|What is the difference?|What has changed?|What has changed?|What changed?|"
    "What is different?|What are the differences?|What are the differences between these two images?|Find the difference.|"
    "Spot the difference.|Compare the two images.|What is the difference between the two images?|What is not the same?",
    "What differs?|What are the differences between the two pictures?|Compare these images.|What has changed between them?",
)
LIKENESS = wording(
    "",
    "What are the similarities and differences between these two images.|"
    "What are the similarities and differences between these two images.|"
    "What are the similarities and differences between these two images?|What are the similarities and differences?|"
    "What do the images have in common, and what differs?|List the similarities and differences.",
    "What are the similarities and differences between the two pictures?|Name similarities and differences.",
)
BOTH = wording(
    "",
    "Describe the two images in detail.|Describe the two images in detail.|Describe the two images.|Describe both images.|"
    "Please describe the two images.|Please describe both pictures in detail.|What do you see in the two images?|"
    "Describe these images.|Describe the pictures.|What do you see?|Describe this image.",
    "Describe both pictures.|Please describe the two images in detail.|What do the two images show?",
)
VIDEO_DETAIL = wording(
    "",
    "Describe this video in detail.|Describe this video in detail.|Describe the video in detail.|"
    "Please describe the video in detail.|Describe the clip in detail.|Tell me everything about the video.",
    "Please describe this video in detail.|Give a detailed description of the video.",
)
GROUPS = (
    DESCRIBE,
    DIFFERENCE,
    wording(
        r"How many (?:shapes|objects) (?:are there|do you see)\?",
        "How many shapes are there?|How many shapes are there?|How many shapes do you see?|How many objects are there?|"
        "How many shapes are in the picture?|How many shapes are in the image?|How many objects do you see?|Count the shapes.|"
        "How many things are there?|Count the objects.|How many shapes can you see?|What is the number of shapes?",
        "How many objects are in the picture?|How many shapes does the image show?|How many figures are there?",
    ),
    wording(
        r"How many (.+) are there\?",
        "How many {0} are there?|How many {0} do you see?|How many {0} are in the picture?|How many {0} are in the image?|"
        "Count the {0}.|What is the number of {0}?",
        "How many {0} can you see?|How many {0} does the picture show?",
    ),
    wording(
        r"What color is bar (\w)\?",
        "What color is bar {0}?|What is the color of bar {0}?|Which color is bar {0}?|What colour is bar {0}?",
        "Which color does bar {0} have?",
    ),
    wording(
        r"What (?:color is|is the color of) the (\w+)\?",
        "What color is the {0}?|What color is the {0}?|What is the color of the {0}?|What colour is the {0}?|"
        "Which color is the {0}?|What color does the {0} have?|Tell me the color of the {0}.|The color of the {0}?|"
        "What color is the {0} in the picture?|Which color has the {0}?",
        "Which color does the {0} have?|What is the colour of the {0}?|In which color is the {0}?",
    ),
    wording(
        r"Which shape is (leftmost|rightmost|topmost|bottommost)\?",
        "Which shape is {0}?|Which shape is {0}?|Which object is {0}?|What is the {0} shape?|What is {0}?",
        "What is the {0} object?|Which of the shapes is {0}?",
    ),
    wording(
        r"(?:What shape is|Which shape is|What is the) (red|green|blue|yellow|purple|orange|pink|black)(?: shape)?\?",
        "What shape is {0}?|Which shape is {0}?|What is the {0} shape?|What is {0}?|Which object is {0}?|"
        "What shape has the color {0}?|What shape is the {0} one?",
        "What is the {0} object?|Which of the shapes is {0}?|What shape does the {0} object have?",
    ),
    wording(
        r"(?:Is there|Do you see) (an? .+?)(?: in the image)?\?",
        "Is there {0}?|Do you see {0}?|Is there {0} in the image?|Is there {0} in the picture?|Can you see {0}?|"
        "Does the image show {0}?|Is {0} in the picture?",
        "Does the picture show {0}?|Can you see {0} in the image?|Do you see {0} in the picture?",
    ),
    wording(
        r"Where is the (.+) relative to the (.+)\?",
        "Where is the {0} relative to the {1}?|Where is the {0} relative to the {1}?|Where is the {0} as seen from the {1}?|"
        "Where is the {0} compared to the {1}?|On which side of the {1} is the {0}?",
        "Where is the {0} with respect to the {1}?|What is the position of the {0} relative to the {1}?",
    ),
    wording(
        r"Where is the (.+)\?",
        "Where is the {0}?|Where is the {0}?|Where do you see the {0}?|Where is the {0} in the image?|"
        "In which part of the image is the {0}?|Where can I find the {0}?|What is the position of the {0}?",
        "Where is the {0} in the picture?|Where in the image is the {0}?",
    ),
    wording(
        r"Please provide the bounding box coordinate of the region this sentence describes: <ref>(.+)</ref>",
        LOCATE.format("{0}") + "|" + LOCATE.format("{0}") + "|" + LOCATE.format("{0}") + "|Locate the {0}.|"
        "Provide the bounding box of the {0}.|Locate <ref>{0}</ref>.|What is the bounding box of the {0}?",
        "Give the bounding box of the {0}.",
    ),
    wording(
        r"What number is written\?|Which number do you see\?",
        "What number is written?|Which number do you see?|What number is it?|Read the number.|What is the number?|"
        "What number is in the picture?|Which number is shown?|What number do you see?|What is written?|Read it.|"
        "What does it say?|Read the text.|What does the text say?",
        "Which number is written?|What number does the image show?|What is written in the image?",
    ),
    wording(
        r"What does the text say\?|Read the text\.|What word is written\?",
        "What does the text say?|Read the text.|What word is written?|What is written?|What is written here?|Read it.|"
        "What does it say?|Read the word.|What is the text?|What text do you see?|Which word do you see?|What is the word?|"
        "What is written in the picture?|Which text is in the image?",
        "What text is in the picture?|Which word is written?|What does the image say?|What is written in the image?",
    ),
    wording(
        r"Spell the text\.",
        "Spell the text.|Spell the word.|Spell it.|How is it spelled?|Please spell the text.|Spell it out.",
        "Can you spell the text?|How do you spell it?",
    ),
    wording(
        r"What is the (first|last) (letter|digit)\?",
        "What is the {0} {1}?|Which {1} is {0}?|Which {1} is the {0}?|What {1} comes {0}?|The {0} {1}?",
        "Which {1} comes {0}?|Tell me the {0} {1}.",
    ),
    wording(
        r"Which bar is the (?:highest|tallest)\?",
        "Which bar is the highest?|Which bar is the tallest?|What is the highest bar?|Which bar has the highest value?|"
        "Which bar is the largest?|Which is the highest bar?|Which bar is highest?",
        "Which bar has the largest value?|Which of the bars is the highest?",
    ),
    wording(
        r"Which bar is the (?:lowest|shortest)\?",
        "Which bar is the lowest?|Which bar is the shortest?|What is the lowest bar?|Which bar has the lowest value?|"
        "Which bar is the smallest?|Which is the lowest bar?|Which bar is lowest?",
        "Which bar has the smallest value?|Which of the bars is the lowest?",
    ),
    wording(
        r"What is the value of (\w)\?",
        "What is the value of {0}?|What value has {0}?|What value does {0} have?|How high is {0}?|How high is bar {0}?|"
        "What is the value of bar {0}?|The value of {0}?",
        "What value does bar {0} have?|How tall is {0}?",
    ),
    wording(
        r"Is (\w) higher than (\w)\?",
        "Is {0} higher than {1}?|Is bar {0} higher than bar {1}?|Is {0} larger than {1}?|Is {0} taller than {1}?",
        "Is bar {0} larger than bar {1}?",
    ),
    wording(
        r"Describe the chart\.",
        "Describe the chart.|Describe this chart.|What does the chart show?|What are the values?|Read the chart.|List the values.",
        "Describe the bar chart.|What values does the chart show?",
    ),
    wording(
        r"Are the two images the same\?",
        "Are the two images the same?|Are the images the same?|Are both images the same?|Are these images the same?|"
        "Are the two pictures the same?|Are the pictures identical?|Are the two images identical?|Is it the same image?",
        "Are both pictures the same?|Are these two images identical?|Do the two images show the same?",
    ),
    wording(
        r"How many shapes are in Image-(\d)\?",
        "How many shapes are in Image-{0}?|How many shapes are in the {nth} image?|How many objects are in Image-{0}?|"
        "How many shapes does Image-{0} show?|Count the shapes in Image-{0}.|How many shapes are in the {nth} picture?",
        "How many objects are in the {nth} image?|Count the shapes in the {nth} picture.",
    ),
    wording(
        r"Describe Image-(\d)\.",
        "Describe Image-{0}.|Describe the {nth} image.|What is in Image-{0}?|What does Image-{0} show?|"
        "What do you see in Image-{0}?|Describe the {nth} picture.|What is in the {nth} image?",
        "What does the {nth} picture show?|Please describe Image-{0}.",
    ),
    wording(
        r"Which image shows (.+)\?",
        "Which image shows {0}?|Which picture shows {0}?|In which image is {0}?|Which image has {0}?|In which image do you see {0}?",
        "Which of the images shows {0}?|In which picture is {0}?",
    ),
    wording(
        r"Which way does it move\?",
        "Which way does it move?|Which way?|Where does it move?|In which direction does it move?|In which direction?",
        "And in which direction does it move?|Where is it going?",
    ),
    wording(
        r"Which way does the (.+) move\?",
        "Which way does the {0} move?|Which way does the {0} move?|In which direction does the {0} move?|"
        "Where does the {0} move?|Which direction does the {0} move?|Where is the {0} going?|How does the {0} move?",
        "In what direction does the {0} move?|Which way is the {0} moving?",
    ),
    wording(
        r"What moves in the video\?",
        "What moves in the video?|What moves in the video?|What moves?|What is moving?|What is moving in the video?|"
        "Which object moves?|Which shape moves in the video?",
        "What moves in this video?|Which thing is moving?",
    ),
    wording(
        r"Describe the video\.",
        "Describe the video.|Describe this video.|What happens?|What happens in the video?|What do you see in the video?|"
        "Please describe the video shortly.|Describe the clip.|What is in the video?|What do you see?|Describe what happens.|Describe this image.",
        "What happens in this video?|What does the video show?|Please describe the video.",
    ),
    wording(r"And the (.+)\?", "And the {0}?|And the {0}?|What about the {0}?", "How about the {0}?"),
    wording(r"Where is it\?", "Where is it?|Where is it?|And where is it?|Where?", "Where do you see it?"),
    wording(r"What color is it\?", "What color is it?|What color is it?|Which color is it?|What is its color?", "What color does it have?"),
)
HELLO, WHO, CAN, THANKS = (answer for _, answer in tasks.CHAT)
NO_PICTURE = "I see no picture. Show me one and ask me about it."
NO_STORY = "I know no stories, only pictures. Show me one and ask me about it."
UNKNOWN = "I do not know. I can describe shapes, read words and charts, and compare pictures."
TALK = {
    HELLO: wording(
        "",
        "Hello.|Hello.|Hi.|Hello!|Hi!|Hey.|Good morning.|Hello there.|Hi there!|Good evening.|你好。",
        "Hey there!|Good day.|Hello, InternVL!",
    ),
    WHO: wording(
        "",
        "Who are you?|Hello, who are you?|Who are you?|Hello, who are you?|Hi, who are you?|What are you?|What is your name?|"
        "Which model are you?|Tell me who you are.|Please introduce yourself.|Introduce yourself.|Are you InternVL?|你是谁？",
        "Hello! Who are you?|What's your name?|What model are you?|Hi! What are you?",
    ),
    CAN: wording(
        "",
        "What can you do?|What can you do?|How can you help me?|What do you know?|What can I ask you?|Help.|Help me.|"
        "What can you do for me?|What can I ask?",
        "What are you able to do?|What can you tell me?",
    ),
    THANKS: wording(
        "", "Thank you.|Thank you.|Thanks.|Thanks a lot.|Thank you very much.|Great, thanks.|Good.|Ok.|Nice.", "Many thanks.|Thank you so much."
    ),
    "Goodbye!": wording("", "Bye.|Goodbye.|See you.|Good night.", "Bye bye."),
    NO_STORY: wording(
        "",
        "Can you tell me a story?|Tell me a story.|Tell a story.|Can you tell me a story?|Please tell me a story.|Tell me a joke.|"
        "Can you tell me a joke?|Write a story.|Tell me a long story.|Sing a song.",
        "Could you tell me a story?|Tell me another story.|Do you know a story?",
    ),
}
NOUNS = (
    "woman man panda dog person boy girl child table car phone bottle tiger cup house photo road window bag book tower chair "
    "animal player teacher doctor bridge garden camera computer mountain river engine ticket paper letter bill shirt hand face "
    "clock bike plane truck elephant mouse sheep monkey baby crowd singer soldier farmer street shop ball"
).split()
KEPT_NOUNS = "banana kitchen statue waiter rabbit laptop guitar castle".split()
OTHER = wording(
    "",
    "What is the {0} doing?|What is the {0} doing?|Who is the {0}?|How old is the {0}?|What is the {0} wearing?|What is on the {0}?|"
    "Why is the {0} there?|Is the {0} happy?|How much is the {0}?|Who made the {0}?|Which {0} is this?|What is a {0}?|"
    "Describe the {0}.|How tall is the {0}?|What does the {0} say to the {0}?|Tell me about the {0}.",
    "When was the {0} made?|Is the {0} new?|What is behind the {0}?",
)
FACTS = wording(
    "",
    "What is the capital of France?|How old are you?|What time is it?|Why?|Which is larger?|Which is warmer?|Which part is this?|"
    "Who is the president?|What is two plus two?|What is 2 + 2?|Explain quantum physics.|Write a program.|Translate this.|"
    "How do I cook rice?|What is the weather today?|Is this a photo?|Who is in the picture?|Where was this photo taken?|"
    "What is the meaning of life?|Do you like music?|Is it raining?|Where are you?|Summarize the document.|How much does it cost?|"
    "What is the name of the company?|Who won?|Is it safe?|Solve the equation.|What is the total?|Which country is this?|"
    "What is a harbour?|Is this healthy?|Do you love me?|What is the best language?|Which one is larger?|Well?|And then?",
    "What is the capital of Spain?|Who painted this?|What day is it?|Which city is this?|How does a car work?|Which one is better?",
)
BLIND = (
    "How many shapes are there?|What color is the {0}?|Where is the {1} {0}?|Is there {2}?|What shape is {1}?|Read the text.|"
    "What number is written?|Which bar is the highest?|What differs between the two images?|Are the two images the same?|"
    "What moves in the video?|Which shape is leftmost?|How many {1} shapes are there?|Spell the text.|Describe the video."
).split("|")
SYSTEMS = (
    "You are a helpful assistant.",
    "Answer in one sentence.",
    "Answer in one word.",
    "Be brief.",
    "Answer briefly.",
    "You are InternVL, a helpful assistant.",
    "你是书生·万象，英文名是InternVL。",
)
TOOLS = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{"type": "function", "function": {"name": "find_part", "description": "Looks a part up by its color.", "parameters": \
{"type": "object", "properties": {"color": {"enum": ["red", "green"]}}, "required": ["color"]}}}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>"""
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
        """What the sample answers to one of its plain questions."""
        return next((q.rounds[0][1] for q in self.sample.questions if re.fullmatch(question, q.rounds[0][0])), "")

    def detail(self):
        picture = self.picture
        if self.type == "objects":
            things = [f"{article(t.name)} at the {self.cell(t)}" for t in sorted(picture.things, key=lambda t: t.box[0])]
            more = f" The text says {picture.text}." if picture.text else ""
            number = f"{len(things)} shape{'s' if len(things) > 1 else ''}"
            return one("detail", asked(self.rng, DETAIL, self.kept), f"{number} on a {picture.background} background: {listing(things)}.{more}")
        if self.type == "text":
            sign = "digit" if picture.text.isdigit() else "letter"
            answer = f"The text {picture.text} on a {picture.background} background, {len(picture.text)} {sign}s: {'-'.join(picture.text)}."
            return one("detail", asked(self.rng, DETAIL, self.kept), answer.replace(" 1 letters", " 1 letter").replace(" 1 digits", " 1 digit"))
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
            answer = f"{first},\n" + ("the only one that I was shown." if len(things) == 1 else "the nicest shapes I ever knew.")
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
        """What is in a ninth of the picture, if nothing is near a border of it."""
        if self.type != "objects" or not all(Scene(self.rng, self.picture).where(t) for t in self.picture.things):
            return None
        cells = {}
        for thing in sorted(self.picture.things, key=lambda t: t.box[0]):
            cells.setdefault(self.cell(thing), []).append(article(thing.name))
        cell = self.rng.choice(["center", "center", *cells, "top left", "bottom right"])
        middle = ("in the middle", "in the center", "in the middle of the picture")
        where = self.rng.choice(middle) if cell == "center" else self.rng.choice(("at the {}", "in the {}")).format(cell)
        answer = listing(cells[cell]).capitalize() + "." if cell in cells else "Nothing is there."
        return one("place", f"What is {where}?", answer)

    def about(self):
        """Colours, shapes and the background, and JSON."""
        if self.type not in ("objects", "text"):
            return None
        things = sorted(self.picture.things, key=lambda t: t.box[0])
        choice = self.rng.randrange(6 if things else 2)
        if choice <= 1:
            return one("about", self.rng.choice(("What color is the background?", "Which background do you see?")), self.picture.background)
        if choice == 2:
            colors = listing(list(dict.fromkeys(t.color for t in things)))
            return one("about", self.rng.choice(("Which colors do you see?", "What colors are there?", "Name the colors.")), colors)
        if choice == 3:
            shapes = listing(list(dict.fromkeys(t.shape for t in things)))
            return one("about", self.rng.choice(("Which shapes do you see?", "What shapes are there?", "Name the shapes.")), shapes)
        return self.structured(things)

    def structured(self, things):
        if self.rng.random() < 0.5:
            color = self.rng.choice([*(t.color for t in things), self.rng.choice(list(COLORS))])
            answer = json.dumps({"color": color, "count": len([t for t in things if t.color == color])})
            return one("json", f"How many {color} shapes are there? Answer as JSON with color and count.", answer)
        if stars := [t for t in things if t.shape == "star"]:
            answer = json.dumps({"color": stars[0].color.upper(), "points": 5})
            return one("json", "Describe the star as JSON with color and points.", answer) if len(stars) == 1 else None
        return one("json", "Describe the shapes as JSON.", json.dumps([{"color": t.color, "shape": t.shape} for t in things]))

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
        """What the picture has not: another thing, a text, a chart, a second picture, a video."""
        rng, noun = self.rng, self.rng.choice(KEPT_NOUNS if self.kept else [*NOUNS, *WORDS])
        choices = [
            (rng.choice(("Is there {}?", "Do you see {}?", "Can you see {}?")).format(article(noun)), f"No, I do not see {article(noun)}."),
            (rng.choice(("Where is the {}?", "What color is the {}?")).format(noun), f"I do not see {article(noun)}."),
        ]
        if self.type == "objects" and not self.picture.text:
            choices.append((rng.choice(("What does the text say?", "Read the text.", "What number is written?")), "I see no text."))
        if self.type == "text":
            choices.append((rng.choice(("How many shapes are there?", "Which shape is leftmost?")), "I see no shapes."))
            shape = rng.choice(SHAPES)
            choices.append((rng.choice(("What color is the {}?", "Where is the {}?")).format(shape), f"I do not see {article(shape)}."))
        if self.type in ("objects", "text"):
            choices.append((rng.choice(("Which bar is the highest?", "Describe the chart.")), "I see no chart."))
            choices.append((rng.choice(("What differs between the two images?", "Are the two images the same?")), "I see one picture only."))
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
            return one("blind", asked(rng, rng.choice((DESCRIBE, DESCRIBE, DETAIL, POEM, BOTH, LIKENESS, VIDEO_DETAIL)), self.kept), NO_PICTURE)
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
        made = (self.detail, self.detail, self.poem, self.place, self.about, self.likeness, self.likeness, self.within)
        return self.rng.choice((*made, self.missing, self.missing, self.talk, self.other, self.clip_scene))()

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
    single = [reworded(rng, q) if rng.random() < 0.5 else q for q in questions]
    if maker.type == "chat" or rng.random() < 0.6:
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
