"""The texts that the small tokenizers are trained on, and those of their goldens."""

CORPUS = [
    "The harbour shows seven boats, three cranes and a long red warehouse. Please describe the image shortly.",
    "What is in this picture? Describe the two images in detail, please. It isn't what you'd think, I'm sure.",
    "## Heading\n\n### Step 1\n- item\n- item\n\n```python\n#include <stdio.h>\ndef main(args):\n    return args[0]\n```",
    "请简要描述这张图片。图片里有一个人在公园散步。今天天气很好，我们去公园散步吧！",
    "Пожалуйста, опишите это изображение. Что вы видите на картинке?",
    "x = 1234567890; y = [0.5, 1e-10]; print('x', \"y\", x ** 2)  # square\n\n\n",
    "        indented    text with   spaces\n\t\ttabs and ----- dashes ===== ##### ......",
] * 8

SYSTEM = "<|im_start|>system\nBe brief.<|im_end|>\n"

TEXTS = [
    "",
    " ",
    "a",
    "Please describe the image shortly.",
    "It isn't John's; we've seen they're sure, I'm not. 'quoted' ' ' . ? ! ,",
    "spaces  before   marks   . and ' between ' them  !",
    "  leading and trailing  ",
    "\n\n\n a \t\t b \r\n c \u00a0 d \u3000 e",
    "## Heading\n### Step 3\n#include <x>\n#hashtag # one ## two ### three",
    "0123456789 1,234,567.89 -1e-10",
    "图片里有一个人。今天天气很好！繁體中文：臺灣",
    "Изображение Ёлка",
    "Zażółć gęślą jaźń, Příliš žluťoučký kůň",
    "한국어 日本語のテキスト العربية हिन्दी ไทย",
    "e\u0301 cafe\u0301 \u212b \u1100\u1161 nai\u0308ve",
    "😀👨\u200d👩\u200d👧\u200d👦🏳\ufe0f\u200d🌈 \U00020000\U0010ffff",
    "\x00nul \x01\x02\x7f \u200b\ufeff\ue000",
    "▁a ▁▁ b▁",
    "<0x41> <0x0A> ⁇",
    "——dash————ＡＢ ＡＢＣ",
    "[UNUSED_TOKEN_0] [UNUSED_TOKEN_1][UNUSED_TOKEN_2] [UNUSED_TOKEN_3]",
    "<s>x</s> <unk>  <pad>",
    "<|endoftext|> a<|im_end|>b <|im_start|> c",
    "<|im_end|>\u0338 <|im_end|",
    "<img><IMG_CONTEXT><IMG_CONTEXT></img>\n<image>",
    "a <img> b </img>c  <tool_call>{}  <tool_call>",
    "  <|im_end|>  <|im_end|>.  ,<|im_end|> ' <|im_start|>",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ----------------------- \n\n\n\n\n\n\n\n\n ======",
    "if (a<b && c>d) { return \"x\\n\"; } // comment\n| a | b |\n|---|---|\n",
    SYSTEM + "<|im_start|>user\n<image>\nWhat is it?<|im_end|>\n<|im_start|>assistant\n",
    SYSTEM + "<|im_start|>user\nImage-1: <img><IMG_CONTEXT></img>\nImage-2: <img><IMG_CONTEXT></img>\nhi<|im_end|>\n",
]
