"""Which cases each variant gets, and the search for wordings whose greedy answers no float32 rounding can change."""

import itertools
import re
from dataclasses import replace

import torch
from PIL import Image
from torch import Tensor

from . import pixels, prompts
from .cases import Bench, Case, Tensors, margins
from .pictures import FRAMES
from .variants import Variant

MIN_MARGIN = 0.03
NEW_TOKENS = 16
MAX_NUM_CAP = 4
DETAILED = ("image1",)  # every stage of the vision path is stored
LAYERED = ("text", "image1", "ntk_prefill", "ntk_decode")
ENDINGS = ("", " Please.", " Thank you!", " Be brief.", " 请简短回答。", " Look closely.", " Why?", " In one line.")
FILLER = (
    "The lighthouse stands on the cliff; the boats are in the harbour. What is shown in the picture, and what is not? "
    "请描述这张图片。 for i in range(4): print(i) The assistant answers the user in detail. "
) * 3

TEXTS = (
    "Describe the image. What is in the picture?",
    prompts.DEFAULT_SYSTEM_MESSAGE,
    "## Method\n\ndef side(tiles):\n    return tiles[0].size  # 3.14",
    "They're small, aren't they? I'm late , it's 12:05 .",
    "",
    " ",
    "  two  spaces  ",
    "a\r\nb\t c\n\n\n",
    "Привет, 世界! 안녕 😀 ½",
    "cafe\u0301 ﬁne ＡＢ —— ……",
    "▁under [UNUSED_TOKEN_0] [UNUSED_TOKEN_145]",
    "<|im_start|>user\nhi<|im_end|>\n",
    "<img><IMG_CONTEXT><IMG_CONTEXT></img>\n",
    "x <box>[[1, 2, 3, 4]]</box> y <ref>cat</ref><image>",
    "<s>x</s><|endoftext|><tool_call>{}</tool_call><|im_end",
)

COMMON = (
    Case("text", ("Who are you?",)),
    Case("text_round2", ("What is a harbour?", "And what is behind it?")),
    Case("image1", ("<image>\nDescribe the image in detail.",), images=("meadow.png",), max_num=12),
    Case(
        "image1_auto",
        ("What is shown in the picture?",),
        images=("badge.png",),
        max_num=12,
        note="no tag in the question and history is None: the tag and a newline are put in front",
    ),
    Case("multi_combined", ("<image>\nWhich one is larger?",), images=("tower.png", "river.png"), max_num=3),
    Case(
        "multi_separate",
        ("Image-1: <image>\nImage-2: <image>\nDescribe the two images.", "What are the differences?"),
        images=("river.png", "window.png"),
        max_num=3,
        patches="tiles",
    ),
    Case(
        "video",
        ("".join(f"Frame{i + 1}: <image>\n" for i in range(len(FRAMES))) + "What moves?",),
        images=FRAMES,
        max_num=1,
        patches="tiles",
    ),
    Case(
        "batch",
        ("<image>\nDescribe the image.", "What is in the picture?", "<image>\nIs it small?"),
        api="batch_chat",
        images=("map.png", "badge.png", "seed.png"),
        max_num=4,
        patches="tiles",
    ),
    Case("batch_text", ("Who are you?", "Is the boat in the harbour?"), api="batch_chat", patches=[0, 0]),
    Case(
        "more_tags",
        ("Image-1: <image>\nImage-2: <image>\nDescribe the two images.",),
        images=("badge.png",),
        max_num=12,
        patches="tiles",
        note="more tags than images: the surplus tag stays in the prompt as ordinary text",
    ),
    Case(
        "fewer_tags",
        ("<image>\nDescribe the two images.",),
        images=("fog.png", "badge.png"),
        max_num=1,
        patches="tiles",
        fails=True,
        note="fewer context tokens than image features: the scatter fails",
    ),
    Case(
        "no_tag_history",
        ("Describe the two images.",),
        images=("fog.png", "badge.png"),
        max_num=1,
        history=[],
        fails=True,
        note="an (even empty) history switches the automatic tag off; no context token in the prompt",
    ),
    Case(
        "patch_list_mismatch",
        ("<image>\n<image>\nDescribe the two images.",),
        images=("fog.png", "badge.png"),
        max_num=1,
        patches=[1, 2],
        fails=True,
        note="the patch list does not add up to the number of tiles",
    ),
    Case(
        "system",
        ("<image>\nWhat is this?", "Tell me more."),
        images=("fog.png",),
        max_num=4,
        system_message="你是助手，请简短回答。",
    ),
    Case(
        "empty_answer",
        ("Who are you?",),
        history=[["Is it late?", ""]],
        note="an empty answer in the history is written as a bare role header without separator",
    ),
    Case(
        "history_answer_tag",
        ("<image>\nDescribe the image.",),
        images=("meadow.png", "badge.png"),
        max_num=2,
        patches="tiles",
        history=[["<image>\nWhat is it?", "It is an <image> of a harbour."]],
        note="tags are replaced left to right over the whole prompt, answers included; here the second image lands "
        "inside the old answer and the tag of the new question stays literal text",
    ),
    Case(
        "modes",
        ("Image-1: <image>\nImage-2: <image>\nImage-3: <image>\nImage-4: <image>\nWhich one is larger?",),
        images=("window.png", "fog.png", "flags.png", "seed.png"),
        max_num=2,
        patches="tiles",
        note="RGBA (alpha dropped, not composited), greyscale, palette and tiny images",
    ),
)


def run(variant: Variant, bench: Bench) -> tuple[list[dict], Tensors]:
    cases = list(COMMON) + [_two_ends(bench)]
    if variant.internlm2:
        limit = variant.max_positions
        cases += [_filled(bench, "ntk_prefill", limit + 60), _filled(bench, "ntk_decode", limit - 12)]
    if variant.image_size == variant.vit_image_size:
        cases.append(_vision(bench))
    records, tensors = [], {}
    for case in cases:
        record, found = _settled(bench, replace(case, limit=NEW_TOKENS))
        records.append(record)
        tensors |= {name: tensor for name, tensor in found.items() if case.api == "vision" or _kept(case.name, name)}
    answers = _generated(records)
    ended = sum(ids[-1] == bench.reference.end_id for ids in answers)
    print(f"{variant.name}: {len(records)} cases, {len(answers)} answers, {ended} of them ended by themselves")
    return records, tensors


def _kept(case: str, tensor: str) -> bool:
    if tensor.endswith("llm_layers_last_token"):
        return case in LAYERED
    stages = (".projector", ".pixel_values") if case == "modes" else (".projector",)
    return case in DETAILED or tensor.endswith(stages) or "logits" in tensor or "top8" in tensor


def _generated(records: list[dict]) -> list[list[int]]:
    rows = itertools.chain.from_iterable(r.get("rounds", r.get("rows", [r])) for r in records)
    return [row["generated_ids"] for row in rows if "generated_ids" in row]


def _settled(bench: Bench, case: Case) -> tuple[dict, Tensors]:
    """Tries other endings of the questions, a batch at once and a chat round by round, until all answers are clear."""
    if case.fails or case.api == "vision":
        return bench.run(case)
    asked: tuple[str, ...] = ()
    for group in [case.questions] if case.api == "batch_chat" else [(question,) for question in case.questions]:
        for endings in _endings(len(group)):
            worded = asked + tuple(question + ending for question, ending in zip(group, endings))
            record, tensors = bench.run(replace(case, questions=worded))
            if _clear(record):
                break
        else:
            raise SystemExit(f"{case.name}: no wording with clear answers, try another seed")
        asked = worded
    return record, tensors


def _endings(count: int) -> list[tuple[str, ...]]:
    """One or two endings for each of `count` questions, the plainest first."""
    single = [a + b for a, b in itertools.product(("", *ENDINGS[1:]), ENDINGS)]
    return sorted(itertools.product(single[: 64 if count == 1 else 8], repeat=count), key=lambda e: len("".join(e)))


def _clear(record: dict) -> bool:
    """Safe margins, whole and printable answers that do not just repeat a token, and effects that show."""
    answers = record.get("rounds", record.get("rows", [record]))
    return (
        min(margins(record)) >= MIN_MARGIN
        and not any(re.search("[\0\ufffd]", answer["text"]) for answer in answers)
        and all(answer["text"].strip() for answer in answers)
        and all(2 * len(set(answer["generated_ids"])) > len(answer["generated_ids"]) for answer in answers)
        and all(record.get("same_as_alone", [True]))
        and record.get("without_scaling_ids") != answers[0]["generated_ids"]
    )


def _two_ends(bench: Bench) -> Case:
    """Stops at an ordinary token that the free answer reaches after a few steps."""
    case = Case("eos_2", ("<image>\nWhat is in the image?",), images=("badge.png",), max_num=4, limit=NEW_TOKENS)
    record, _ = _settled(bench, case)
    ids = record["rounds"][0]["generated_ids"]
    stop = next(token for step, token in enumerate(ids) if step >= 4 and token not in ids[:step])
    return replace(
        case,
        api="generate",
        questions=(record["rounds"][0]["question"],),
        patches="tiles",
        end_ids=(stop, bench.reference.end_id),
        note="generation stops right after the first token that is in the list; that token is part of the output",
    )


def _filled(bench: Bench, name: str, tokens: int) -> Case:
    """A question as long as the prompt allows within so many tokens."""
    words = FILLER.split(" ")

    def length(count: int) -> int:
        prompt = prompts.render(bench.reference.system_message, [], " ".join(words[:count]))
        return len(bench.reference.tokenizer.encode(prompt))

    count = max(n for n in range(len(words)) if length(n) <= tokens)
    return Case(name, (" ".join(words[:count]),), flat=True)


def _vision(bench: Bench) -> Case:
    side, image = bench.reference.image_size, Image.open(bench.images / "meadow.png")
    inputs: dict[str, Tensor] = {size: pixels.whole(image, s) for size, s in _sides(side, bench).items()}
    return Case(
        "vit_extra",
        api="vision",
        images=("meadow.png",),
        max_num=4,
        note="first two tiles of the image (max_num 4); projector outputs for other select_layer values, "
        "for ps_version v1 and for inputs of another resolution",
        inputs=inputs,
    )


def _sides(side: int, bench: Bench) -> dict[str, int]:
    step = 2 * bench.reference.vit["patch_size"]
    return {"bigger": side + step, "smaller": side - step}


def tokenizer_entries(bench: Bench, seed: int) -> dict[str, list[dict]]:
    """Texts there and back, and random ids decoded."""
    tokenizer = bench.reference.tokenizer

    def decoded(ids: list[int]) -> dict:
        return {
            "decoded": tokenizer.decode(ids, skip_special=False),
            "decoded_skip_special": tokenizer.decode(ids, skip_special=True),
        }

    texts = [{"text": text, "ids": tokenizer.encode(text)} for text in TEXTS]
    generator = torch.Generator().manual_seed(seed)
    vocab = bench.reference.llm["vocab_size"]
    bounds = [(0 if n % 3 == 0 else 260, vocab, (n,)) for n in range(2, 20)]  # every third run with single bytes
    runs = [{"ids": torch.randint(*bound, generator=generator).tolist()} for bound in bounds]
    runs = [entry | decoded(entry["ids"]) for entry in runs]
    return {
        "tokenization": [entry | decoded(entry["ids"]) for entry in texts],
        "decoding": [entry | {"invalid_utf8": "\ufffd" in entry["decoded"]} for entry in runs],
    }
