"""Trains a small tokenizer of each family and writes down what the reference's tokenizer classes make of texts and ids.

    python -m venv VENV && VENV/bin/pip install -r requirements.txt
    VENV/bin/python make_goldens.py ../resources/io/github/internvl/tokenizer

Folders: qwen2 (vocab.json and merges.txt), internlm2 (tokenizer.model, as the official one asks for), internlm2-prefix (a model file
that asks for a space in front and for single spaces), qwen2-fast and internlm2-fast (tokenizer.json). Each holds the tokenizer's
files and goldens.json. bytes.json holds what Python and SentencePiece make of bytes that are no UTF-8. The same seed and versions give the same files.
"""

import io
import json
import random
import sys
import unicodedata
from pathlib import Path

import sentencepiece
from texts import CORPUS, TEXTS
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizer, Qwen2Tokenizer

QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
VISUAL = ["<img>", "</img>", "<IMG_CONTEXT>"]
USER_DEFINED = ["——", "ＡＢ", "[UNUSED_TOKEN_0]", "[UNUSED_TOKEN_1]", "[UNUSED_TOKEN_2]"]
OVERLAID = {"[UNUSED_TOKEN_1]": "<|im_end|>", "[UNUSED_TOKEN_2]": "<|im_start|>"}


class InternLM2(PreTrainedTokenizer):
    """The behaviour of the InternLM2 checkpoints' own tokenizer class."""

    def __init__(self, vocab_file, **options):
        self.model = sentencepiece.SentencePieceProcessor()
        self.model.Load(vocab_file)
        super().__init__(bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="</s>", **options)

    @property
    def vocab_size(self):
        return self.model.get_piece_size()

    def get_vocab(self):
        return {self.model.id_to_piece(i): i for i in range(self.vocab_size)} | self.added_tokens_encoder

    def _tokenize(self, text):
        return self.model.encode(text, out_type=str)

    def _convert_token_to_id(self, token):
        return self.model.piece_to_id(token)

    def _convert_id_to_token(self, index):
        return self.model.IdToPiece(index)

    def convert_tokens_to_string(self, tokens):
        text, pieces, after_special = "", [], False
        for token in tokens:
            special = token in self.all_special_tokens
            if special:
                text += ("" if after_special else " ") + self.model.decode(pieces) + token
                pieces = []
            else:
                pieces.append(token)
            after_special = special
        return self.clean_up_tokenization(text + self.model.decode(pieces))

    def build_inputs_with_special_tokens(self, first, second=None):
        return [self.bos_token_id] + first


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=True, indent=1) + "\n", encoding="ascii")


def entry(content, special=True):
    plain = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
    return {"content": content, "special": special} | plain


def token(fields):
    return AddedToken(**fields)


def make_qwen(folder):
    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.NFC()
    split = pre_tokenizers.Split(Regex(QWEN_SPLIT), "isolated")
    trained.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet, show_progress=False)
    trained.train_from_iterator(CORPUS, trainer)
    trained.model.save(str(folder))
    size = trained.get_vocab_size()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    added = [(name, True) for name in special] + [("<tool_call>", False)] + [(name, True) for name in VISUAL]
    decoder = {str(size + i): entry(name, is_special) for i, (name, is_special) in enumerate(added)}
    roles = {
        "additional_special_tokens": special[1:] + VISUAL,
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
    }
    write(folder / "added_tokens.json", {fields["content"]: int(i) for i, fields in decoder.items()})
    write(folder / "special_tokens_map.json", roles)
    config = {"tokenizer_class": "Qwen2Tokenizer", "clean_up_tokenization_spaces": False, "bos_token": None}
    write(folder / "tokenizer_config.json", config | roles | {"added_tokens_decoder": decoder})
    return Qwen2Tokenizer(
        str(folder / "vocab.json"),
        str(folder / "merges.txt"),
        unk_token=None,
        added_tokens_decoder={int(i): token(fields) for i, fields in decoder.items()},
        clean_up_tokenization_spaces=False,
        **roles,
    )


def make_internlm(folder, **settings):
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(line for text in CORPUS for line in text.split("\n")),
        model_writer=trained,
        model_type="bpe",
        vocab_size=520,
        byte_fallback=True,
        character_coverage=0.98,
        normalization_rule_name="identity",
        user_defined_symbols=USER_DEFINED,
        allow_whitespace_only_pieces=True,
        split_digits=True,
        num_threads=1,
        minloglevel=2,
        **settings,
    )
    (folder / "tokenizer.model").write_bytes(trained.getvalue())
    model = sentencepiece.SentencePieceProcessor()
    model.Load(str(folder / "tokenizer.model"))
    size = model.get_piece_size()
    decoder = {str(i): entry(name) for i, name in enumerate(["<unk>", "<s>", "</s>"])}
    decoder |= {str(model.piece_to_id(piece)): entry(name) for piece, name in OVERLAID.items()}
    decoder |= {str(size + i): entry(name) for i, name in enumerate(VISUAL)}
    roles = {"additional_special_tokens": list(OVERLAID.values()) + VISUAL}
    roles |= {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>"}
    write(folder / "added_tokens.json", {name: size + i for i, name in enumerate(VISUAL)})
    write(folder / "special_tokens_map.json", roles)
    config = {"tokenizer_class": "InternLM2Tokenizer", "clean_up_tokenization_spaces": False}
    write(folder / "tokenizer_config.json", config | roles | {"added_tokens_decoder": decoder})
    return InternLM2(
        str(folder / "tokenizer.model"),
        added_tokens_decoder={int(i): token(fields) for i, fields in decoder.items()},
        additional_special_tokens=roles["additional_special_tokens"],
        clean_up_tokenization_spaces=False,
    )


def make_fast(folder, slow, tokenizer):
    added = sorted(slow.added_tokens_decoder.items())
    for _, fields in added:
        (tokenizer.add_special_tokens if fields.special else tokenizer.add_tokens)([fields])
    tokenizer.save(str(folder / "tokenizer.json"))
    write(folder / "tokenizer_config.json", {"clean_up_tokenization_spaces": False})
    return tokenizer


def make_qwen_fast(folder, slow, files):
    tokenizer = Tokenizer(models.BPE.from_file(str(files / "vocab.json"), str(files / "merges.txt")))
    tokenizer.normalizer = normalizers.NFC()
    split = pre_tokenizers.Split(Regex(QWEN_SPLIT), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.enable_truncation(8)  # to be ignored
    tokenizer.enable_padding()
    return make_fast(folder, slow, tokenizer)


def make_internlm_fast(folder, slow):
    names = {slow.model.piece_to_id(piece): name for piece, name in OVERLAID.items()}
    vocabulary = {names.get(i, slow.model.id_to_piece(i)): i for i in range(slow.vocab_size)}
    merges = []
    for piece, index in vocabulary.items():
        cuts = ((piece[:cut], piece[cut:]) for cut in range(1, len(piece)))
        ways = [way for way in cuts if way[0] in vocabulary and way[1] in vocabulary]
        merges += [(-slow.model.get_score(index), *(vocabulary[part] for part in way), way) for way in ways]
    model = models.BPE(
        vocabulary, [merge[3] for merge in sorted(merges)], unk_token="<unk>", fuse_unk=True, byte_fallback=True
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A", special_tokens=[("<s>", 1)])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return make_fast(folder, slow, tokenizer)


def slow_row(tokenizer, text):
    ids = tokenizer.encode(text, add_special_tokens=False)
    row = {"text": text, "ids": ids, "ids_with_special": tokenizer.encode(text)}
    return row | {"decoded": tokenizer.decode(ids), "decoded_skip_special": tokenizer.decode(ids, True)}


def fast_row(tokenizer, text):
    # the whole text is normalised first, as the slow tokenizer does it
    whole = unicodedata.normalize("NFC", text) if isinstance(tokenizer.normalizer, normalizers.NFC) else text
    tokenizer.no_truncation()
    tokenizer.no_padding()
    ids = tokenizer.encode(whole, add_special_tokens=False).ids
    row = {"text": text, "ids": ids, "ids_with_special": tokenizer.encode(whole).ids}
    return row | {
        "decoded": tokenizer.decode(ids, skip_special_tokens=False),
        "decoded_skip_special": tokenizer.decode(ids, skip_special_tokens=True),
    }


def random_rows(tokenizer):
    dice = random.Random(5)
    size = 1 + max(tokenizer.get_vocab().values())
    for _ in range(40):
        ids = [dice.randrange(size) for _ in range(dice.randint(1, 12))]
        decoded = {"decoded": tokenizer.decode(ids), "decoded_skip_special": tokenizer.decode(ids, True)}
        yield {"ids": ids} | decoded


def byte_rows(model):
    dice = random.Random(6)
    interesting = bytes.fromhex("4180bf9fa0c0c2dfe0e4bda0edeff09f98f48ff5ff")
    for length in list(range(1, 5)) * 40:
        data = bytes(dice.choice(interesting) for _ in range(length))
        pieces = [f"<0x{byte:02X}>" for byte in data]
        yield {"hex": data.hex(), "python": data.decode("utf-8", "replace"), "sentencepiece": model.decode(pieces)}


def main(target):
    folders = {name: target / name for name in ("qwen2", "internlm2", "internlm2-prefix", "qwen2-fast", "internlm2-fast")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    plain = {"add_dummy_prefix": False, "remove_extra_whitespaces": False}
    slow = {
        "qwen2": make_qwen(folders["qwen2"]),
        "internlm2": make_internlm(folders["internlm2"], **plain),
        "internlm2-prefix": make_internlm(folders["internlm2-prefix"]),
    }
    for name, tokenizer in slow.items():
        rows = [slow_row(tokenizer, text) for text in TEXTS]
        write(folders[name] / "goldens.json", {"encode": rows, "decode": list(random_rows(tokenizer))})
    write(target / "bytes.json", list(byte_rows(slow["internlm2"].model)))
    fast = {
        "qwen2-fast": make_qwen_fast(folders["qwen2-fast"], slow["qwen2"], folders["qwen2"]),
        "internlm2-fast": make_internlm_fast(folders["internlm2-fast"], slow["internlm2"]),
    }
    for name, tokenizer in fast.items():
        write(folders[name] / "goldens.json", {"encode": [fast_row(tokenizer, text) for text in TEXTS], "decode": []})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
