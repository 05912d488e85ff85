"""Texts of a tokenizer in transformers' own layout, decoded by transformers with and without the clean-up of spaces.

    python -m venv VENV && VENV/bin/pip install transformers==4.57.1 && VENV/bin/python make_native_text.py

Writes ../resources/goldens/native-text.json: text, ids, and what the class of tokenizer.json makes of them where
tokenizer_config.json says clean_up_tokenization_spaces: false ("kept") and true ("cleaned").
"""

import json
from pathlib import Path

from transformers import PreTrainedTokenizerFast

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "internvl-tokenizer/src/test/resources/io/github/internvl/tokenizer/internlm2-fast"
TEXTS = ("it 's fine", "the dog 's tail , the cat n't", "I 'm here . You 've seen ' it ' ?", "plain words")


def main():
    kept, cleaned = (
        PreTrainedTokenizerFast(tokenizer_file=str(FOLDER / "tokenizer.json"), clean_up_tokenization_spaces=cleans)
        for cleans in (False, True)
    )
    rows = []
    for text in TEXTS:
        ids = kept.encode(text, add_special_tokens=False)
        decoded = {name: t.decode(ids, skip_special_tokens=True) for name, t in (("kept", kept), ("cleaned", cleaned))}
        rows.append({"text": text, "ids": ids} | decoded)
    target = Path(__file__).parent.parent / "resources/goldens/native-text.json"
    target.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
