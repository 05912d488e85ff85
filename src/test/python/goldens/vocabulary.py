"""Writes the tokenizer files of a tiny checkpoint; both vocabularies are learned from the few lines below."""

import io
import json
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from .prompts import DEFAULT_SYSTEM_MESSAGE

CORPUS = (
    DEFAULT_SYSTEM_MESSAGE,
    "Image-1: Image-2: Frame1: Frame2: Frame3: Frame4: What is in the image? What is shown in the picture?",
    "Describe the image. Describe the two images in detail. Please look at the picture and tell me what you see.",
    "Which of the two is larger, and what are the differences between these images? Thank you! Please be brief.",
    "The lighthouse stands on the cliff; the boats are in the harbour. They're small, aren't they? It's late.",
    "The user asks a question and the assistant answers it. The system message is written first.",
    "## Results\n## Method\ndef side(tiles):\n    return tiles[0].size\nfor i in range(4):\n    print(i)",
    "system\nuser\nassistant\nsystem\nuser\nassistant",
    "请描述这张图片。请详细描述这两张图片。图中有什么？你好，请简短回答。",
)
VISUAL = ("<img>", "</img>", "<IMG_CONTEXT>", "<quad>", "</quad>", "<ref>", "</ref>", "<box>", "</box>")
CHAT_TEMPLATE = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>'"
    " + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

QWEN_MERGES = 140
QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>")
QWEN_SPECIAL += ("<|box_start|>", "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>")
QWEN_SPECIAL += ("<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>")
QWEN_PLAIN = ("<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>")
QWEN_PLAIN += ("<|repo_name|>", "<|file_sep|>")

INTERNLM2_PIECES = 432
INTERNLM2_USER_DEFINED = ("——", "……", "Ａ", "Ｂ", "[UNUSED_TOKEN_0]") + tuple(
    f"[UNUSED_TOKEN_{i}]" for i in range(141, 147)
)
INTERNLM2_OVERLAID = (
    "<|plugin|>",
    "<|interpreter|>",
    "<|action_end|>",
    "<|action_start|>",
    "<|im_end|>",
    "<|im_start|>",
)


def write_qwen(folder: Path) -> int:
    """vocab.json and merges.txt, 22 added tokens of Qwen2.5 and the nine of InternVL; returns the number of tokens."""
    bpe = Tokenizer(models.BPE())
    bytes_only = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    bpe.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(QWEN_SPLIT), "isolated"), bytes_only])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    size = len(alphabet) + QWEN_MERGES
    bpe.train_from_iterator(
        CORPUS, trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    )
    bpe.model.save(str(folder))
    assert bpe.get_vocab_size() == size, "the corpus is too small for this vocabulary"
    added = {token: size + i for i, token in enumerate(QWEN_SPECIAL + QWEN_PLAIN + VISUAL)}
    special = list(QWEN_SPECIAL[1:] + VISUAL)
    _write(folder, "added_tokens.json", added)
    _write_special(folder, special, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    config = {"add_bos_token": False, "add_prefix_space": False}
    config |= {"added_tokens_decoder": _decoder({i: t for t, i in added.items()}, QWEN_PLAIN)}
    config |= {"additional_special_tokens": special, "bos_token": None, "chat_template": CHAT_TEMPLATE}
    config |= {"clean_up_tokenization_spaces": False, "eos_token": "<|im_end|>", "errors": "replace"}
    config |= {"model_max_length": 8192, "pad_token": "<|endoftext|>", "split_special_tokens": False}
    _write(folder, "tokenizer_config.json", config | {"tokenizer_class": "Qwen2Tokenizer", "unk_token": None})
    return size + len(added)


def write_internlm2(folder: Path) -> int:
    """tokenizer.model whose last pieces are placeholders for the six chat tokens; returns the number of tokens."""
    buffer, learned = io.BytesIO(), INTERNLM2_PIECES - len(INTERNLM2_USER_DEFINED)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(line for text in CORPUS for line in text.splitlines()),
        model_writer=buffer,
        model_type="bpe",
        vocab_size=learned,
        character_coverage=0.98,
        byte_fallback=True,
        split_digits=True,
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        normalization_rule_name="identity",
        num_threads=1,
        minloglevel=2,
    )
    model = proto.ModelProto.FromString(buffer.getvalue())
    for piece in INTERNLM2_USER_DEFINED:
        model.pieces.add(piece=piece, score=0.0, type=proto.ModelProto.SentencePiece.USER_DEFINED)
    model.trainer_spec.vocab_size = len(model.pieces)
    (folder / "tokenizer.model").write_bytes(model.SerializeToString(deterministic=True))
    size = len(model.pieces)
    overlaid = {size - len(INTERNLM2_OVERLAID) + i: token for i, token in enumerate(INTERNLM2_OVERLAID)}
    visual = {size + i: token for i, token in enumerate(VISUAL)}
    control = {0: "<unk>", 1: "<s>", 2: "</s>"}
    special = list(reversed(INTERNLM2_OVERLAID)) + list(VISUAL)
    roles = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>"}
    _write(folder, "added_tokens.json", {token: i for i, token in visual.items()})
    _write_special(folder, special, **roles)
    config = {"added_tokens_decoder": _decoder(control | overlaid | visual), "additional_special_tokens": special}
    config |= {"auto_map": {"AutoTokenizer": ["tokenization_internlm2.InternLM2Tokenizer", None]}}
    config |= {"chat_template": "{{ bos_token }}" + CHAT_TEMPLATE, "clean_up_tokenization_spaces": False}
    config |= {"model_max_length": 8192, "tokenizer_class": "InternLM2Tokenizer"}
    _write(folder, "tokenizer_config.json", config | roles)
    return size + len(VISUAL)


def _decoder(tokens: dict[int, str], plain: tuple[str, ...] = ()) -> dict[str, dict]:
    return {str(i): _token(token) | {"special": token not in plain} for i, token in sorted(tokens.items())}


def _token(content: str) -> dict:
    return {"content": content, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False}


def _write_special(folder: Path, additional: list[str], **roles: str) -> None:
    tokens = {"additional_special_tokens": [_token(t) for t in additional]}
    _write(folder, "special_tokens_map.json", tokens | {role: _token(token) for role, token in roles.items()})


def _write(folder: Path, name: str, content: dict) -> None:
    (folder / name).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
