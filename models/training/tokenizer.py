"""The demo model's vocabulary: a small byte-level BPE in the files of an official Qwen2-based checkpoint."""

import json
import shutil
from pathlib import Path
from random import Random

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

import scenes
import tasks

QWEN_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN_SPECIAL = (
    "<|endoftext|> <|im_start|> <|im_end|> <|object_ref_start|> <|object_ref_end|> <|box_start|> <|box_end|> "
    "<|quad_start|> <|quad_end|> <|vision_start|> <|vision_end|> <|vision_pad|> <|image_pad|> <|video_pad|>"
).split()
QWEN_PLAIN = "<tool_call> </tool_call> <|fim_prefix|> <|fim_middle|> <|fim_suffix|> <|fim_pad|> <|repo_name|> <|file_sep|>".split()
INTERNVL = "<img> </img> <IMG_CONTEXT> <quad> </quad> <ref> </ref> <box> </box>".split()
FILES = ("vocab.json", "merges.txt", "added_tokens.json", "tokenizer_config.json", "special_tokens_map.json")
ADDED = QWEN_SPECIAL + QWEN_PLAIN + INTERNVL
CHAT_TEMPLATE = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def corpus(samples: int):
    """Everything that is asked and answered about so many pictures, and every word that can be printed."""
    yield from ["system\nuser\nassistant\nYou are InternVL.\nImage-1: \nImage-2: \nFrame1: \nFrame-1: \n"] * 200
    for word in scenes.WORDS:
        yield from [f"{word}\n{word.upper()}\n{word.capitalize()}\n {word} {word.upper()} {word.capitalize()}"] * 20
    for seed in range(samples):
        for question in tasks.sample(Random(seed)).questions:
            for asked, answer in question.rounds:
                yield asked
                yield answer


def train(samples: int = 2000, size: int = 960) -> Tokenizer:
    """At most so many entries, before the added tokens, from the questions about so many pictures."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=size, min_frequency=5, initial_alphabet=alphabet, show_progress=False)
    plain = (text for line in corpus(samples) for text in pieces(line))
    tokenizer.train_from_iterator(plain, trainer)
    return tokenizer


def pieces(line: str) -> list[str]:
    """The text between special tokens, which the BPE never sees."""
    for token in ADDED:
        line = line.replace(token, "\x00")
    return [piece for piece in line.split("\x00") if piece]


def write(tokenizer: Tokenizer, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.model.save(str(folder))
    first = tokenizer.get_vocab_size()
    added = {token: first + k for k, token in enumerate(ADDED)}
    flags = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
    special = QWEN_SPECIAL[1:] + INTERNVL
    settings = {
        "add_bos_token": False,
        "add_eos_token": False,
        "add_prefix_space": False,
        "added_tokens_decoder": {
            str(i): {"content": token, **flags, "special": token not in QWEN_PLAIN} for token, i in added.items()
        },
        "additional_special_tokens": special,
        "bos_token": None,
        "chat_template": CHAT_TEMPLATE,
        "clean_up_tokenization_spaces": False,
        "eos_token": "<|im_end|>",
        "errors": "replace",
        "model_max_length": 8192,
        "pad_token": "<|endoftext|>",
        "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer",
        "unk_token": None,
    }
    mapped = {
        "additional_special_tokens": [{"content": token, **flags} for token in special],
        "eos_token": {"content": "<|im_end|>", **flags},
        "pad_token": {"content": "<|endoftext|>", **flags},
    }
    for name, content in (
        ("added_tokens.json", dict(sorted(added.items()))),
        ("tokenizer_config.json", settings),
        ("special_tokens_map.json", mapped),
    ):
        (folder / name).write_text(json.dumps(content, indent=2) + "\n")


def copy(source: Path, folder: Path) -> None:
    """Another checkpoint's tokenizer: one that is trained anew would number everything otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(source / name, folder / name)
