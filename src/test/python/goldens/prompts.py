"""The `internvl2_5` template, histories and image tags, as OpenGVLab's chat code executes them."""

import re

DEFAULT_SYSTEM_MESSAGE = (
    "你是书生·万象，英文名是InternVL，是由上海人工智能实验室、清华大学及多家合作单位联合开发的多模态大语言模型。"
)
START, END = "<|im_start|>", "<|im_end|>"
TAG, CONTEXT = "<image>", "<IMG_CONTEXT>"

History = list[list[str]]  # [question, answer] pairs, oldest first


def render(system_message: str, history: History, question: str) -> str:
    """The whole conversation; an empty message leaves a bare role header, the system block is always there."""
    turns = [("user" if i % 2 == 0 else "assistant", text) for i, text in enumerate(sum(history, []) + [question, ""])]
    prompt = f"{START}system\n{system_message}{END}\n"
    for role, text in turns:
        prompt += f"{START}{role}\n" + (f"{text}{END}\n" if text else "")
    return prompt


def tagged(question: str, has_pixels: bool, history: History | None) -> str:
    """Puts a tag in front when nothing says where the picture goes; any history, even an empty one, forbids it."""
    return f"{TAG}\n{question}" if history is None and has_pixels and TAG not in question else question


def expand(prompt: str, patches: list[int], tokens_per_tile: int) -> str:
    """Each entry of the patch list takes the first tag that is left, wherever in the prompt it stands."""
    for count in patches:
        prompt = prompt.replace(TAG, f"<img>{CONTEXT * (count * tokens_per_tile)}</img>", 1)
    return prompt


def abbreviate(prompt: str) -> str:
    return re.sub(f"(?:{CONTEXT})+", lambda run: f"[IMG_CONTEXT x {len(run[0]) // len(CONTEXT)}]", prompt)


def response(text: str) -> str:
    return text.split(END)[0].strip()
