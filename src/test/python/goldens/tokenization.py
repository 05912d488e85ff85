"""The two tokenizer families, read from the files of a model folder."""

import json
import re
from pathlib import Path

import sentencepiece
from transformers import Qwen2Tokenizer


class QwenTokenizer:
    def __init__(self, folder: Path):
        self._slow = Qwen2Tokenizer.from_pretrained(folder)
        self.pad_id = self._slow.pad_token_id

    def id(self, token: str) -> int:
        return self._slow.convert_tokens_to_ids(token)

    def encode(self, text: str) -> list[int]:
        return self._slow(text)["input_ids"]

    def decode(self, ids: list[int], skip_special: bool) -> str:
        return self._slow.decode(ids, skip_special_tokens=skip_special)


class InternLm2Tokenizer:
    """SentencePiece pieces overlaid by `added_tokens_decoder`; decodes like the official repositories' slow class."""

    CLEAN_UP = ((" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"))
    CLEAN_UP += ((" 's", "'s"), (" 've", "'ve"), (" 're", "'re"))

    def __init__(self, folder: Path):
        self._pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
        config = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
        self._added = {int(i): token["content"] for i, token in config["added_tokens_decoder"].items()}
        self._ids = {content: i for i, content in self._added.items()}
        self._split = re.compile("(" + "|".join(map(re.escape, sorted(self._ids, key=len, reverse=True))) + ")")
        self._bos, self.pad_id = self._ids[config["bos_token"]], self._ids[config["pad_token"]]

    def id(self, token: str) -> int:
        return self._ids[token]

    def encode(self, text: str) -> list[int]:
        ids = [self._bos]
        for part in self._split.split(text):
            ids += [self._ids[part]] if part in self._ids else self._pieces.encode(part)
        return ids

    def decode(self, ids: list[int], skip_special: bool) -> str:
        """Tokens past the pieces are joined with blanks; a blank goes before a special token inside them."""
        if skip_special:
            return self._text([i for i in ids if i not in self._added])
        parts, run = [], []
        for i in ids:
            if i < len(self._pieces):
                run.append(i)
                continue
            parts += [text for text in (self._text(run),) if text] + [self._added[i]]
            run = []
        return " ".join(parts + ([self._text(run)] if run else []))

    def _text(self, ids: list[int]) -> str:
        text, run, after_special = "", [], False
        for i in ids:
            if i in self._added:
                text += ("" if after_special else " ") + self._pieces.decode(run) + self._added[i]
                run = []
            else:
                run.append(i)
            after_special = i in self._added
        text += self._pieces.decode(run)
        for before, after in self.CLEAN_UP:
            text = text.replace(before, after)
        return text


def read(folder: Path) -> QwenTokenizer | InternLm2Tokenizer:
    return InternLm2Tokenizer(folder) if (folder / "tokenizer.model").exists() else QwenTokenizer(folder)
