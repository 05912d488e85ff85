"""The words: of each question the ways that are trained and those kept out, small talk, and what the model does not know."""

from dataclasses import dataclass

import tasks
from tasks import LOCATE


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
    "Caption this image.|Tell me about this picture.|What's in this image?|Can you describe the image?|"
    "What is on the picture?",
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
        "How many shapes are in the picture?|How many shapes are in the image?|How many objects do you see?|"
        "Count the shapes.|"
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
        "Where is the {0} relative to the {1}?|Where is the {0} relative to the {1}?|"
        "Where is the {0} as seen from the {1}?|"
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
        "Describe the chart.|Describe this chart.|What does the chart show?|What are the values?|Read the chart.|"
        "List the values.",
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
        "Which image shows {0}?|Which picture shows {0}?|In which image is {0}?|Which image has {0}?|"
        "In which image do you see {0}?",
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
        "Please describe the video shortly.|Describe the clip.|What is in the video?|What do you see?|"
        "Describe what happens.|Describe this image.",
        "What happens in this video?|What does the video show?|Please describe the video.",
    ),
    wording(r"And the (.+)\?", "And the {0}?|And the {0}?|What about the {0}?", "How about the {0}?"),
    wording(r"Where is it\?", "Where is it?|Where is it?|And where is it?|Where?", "Where do you see it?"),
    wording(
        r"What color is it\?",
        "What color is it?|What color is it?|Which color is it?|What is its color?",
        "What color does it have?",
    ),
)
HELLO, WHO, CAN, THANKS = (answer for _, answer in tasks.CHAT)
NO_PICTURE = "I see no picture. Show me one and ask me about it."
NO_STORY = "I know no stories, only pictures. Show me one and ask me about it."
UNSEEN = "I do not see that."
UNKNOWN = "I do not know. I can describe shapes, read words and charts, and compare pictures."
TALK = {
    HELLO: wording(
        "",
        "Hello.|Hello.|Hi.|Hello!|Hi!|Hey.|Good morning.|Hello there.|Hi there!|Good evening.|你好。",
        "Hey there!|Good day.|Hello, InternVL!",
    ),
    WHO: wording(
        "",
        "Who are you?|Hello, who are you?|Who are you?|Hello, who are you?|Hi, who are you?|What are you?|"
        "What is your name?|"
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
        "", "Thank you.|Thank you.|Thanks.|Thanks a lot.|Thank you very much.|Great, thanks.|Good.|Ok.|"
        "Nice.", "Many thanks.|Thank you so much."
    ),
    "Goodbye!": wording("", "Bye.|Goodbye.|See you.|Good night.", "Bye bye."),
    NO_STORY: wording(
        "",
        "Can you tell me a story?|Tell me a story.|Tell a story.|Can you tell me a story?|Please tell me a story.|"
        "Tell me a joke.|"
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
    "What is the {0} doing?|What is the {0} doing?|Who is the {0}?|How old is the {0}?|What is the {0} wearing?|"
    "What is on the {0}?|"
    "Why is the {0} there?|Is the {0} happy?|How much is the {0}?|Who made the {0}?|Which {0} is this?|What is a {0}?|"
    "Describe the {0}.|How tall is the {0}?|What does the {0} say to the {0}?|Tell me about the {0}.",
    "When was the {0} made?|Is the {0} new?|What is behind the {0}?",
)
FACTS = wording(
    "",
    "What is the capital of France?|How old are you?|What time is it?|Why?|Which is larger?|Which is warmer?|"
    "Which part is this?|"
    "Who is the president?|What is two plus two?|What is 2 + 2?|Explain quantum physics.|Write a program.|Translate this.|"
    "How do I cook rice?|What is the weather today?|Is this a photo?|Who is in the picture?|Where was this photo taken?|"
    "What is the meaning of life?|Do you like music?|Is it raining?|Where are you?|Summarize the document.|"
    "How much does it cost?|"
    "What is the name of the company?|Who won?|Is it safe?|Solve the equation.|What is the total?|Which country is this?|"
    "What is a harbour?|Is this healthy?|Do you love me?|What is the best language?|Which one is larger?|Well?|And then?",
    "What is the capital of Spain?|Who painted this?|What day is it?|Which city is this?|How does a car work?|"
    "Which one is better?",
)
BLIND = (
    "How many shapes are there?|What color is the {0}?|Where is the {1} {0}?|Is there {2}?|What shape is {1}?|"
    "Read the text.|"
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
