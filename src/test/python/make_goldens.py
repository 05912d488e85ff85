"""Makes the tiny checkpoints and goldens of src/test/resources/goldens, or checks goldens made elsewhere.

    OMP_NUM_THREADS=1 python make_goldens.py                  rewrites ../resources/goldens/conformance
    OMP_NUM_THREADS=1 python make_goldens.py --only VARIANT   rewrites one variant
    OMP_NUM_THREADS=1 python make_goldens.py --out FOLDER     writes the same files elsewhere
    OMP_NUM_THREADS=1 python make_goldens.py --check FOLDER   recomputes every golden found in FOLDER/*/golden.json

The reference is transformers' own InternVL (float32, eager attention, CPU, one thread) on weights renamed from the
official layout; prompts, image tags, batches and InternLM2's rope scaling follow OpenGVLab's chat code. Nothing is
downloaded. Seeds are fixed: a rerun with the pinned requirements gives the same files.
"""

import argparse
import shutil
from pathlib import Path

import torch

from goldens import check, pictures, plan, storage, variants
from goldens import native as native_layout
from goldens.cases import Bench, margins

RESOURCES = Path(__file__).resolve().parent.parent / "resources" / "goldens" / "conformance"


def make(out: Path, only: str | None) -> None:
    wanted = [variant for variant in variants.VARIANTS if only in (None, variant.name)]
    native = [name for name in variants.NATIVE if only in (None, name + "-hf")]
    for old in ["images", *(variant.name for variant in wanted), *(name + "-hf" for name in native)]:
        shutil.rmtree(out / old, ignore_errors=True)
    pictures.draw(out / "images")
    for variant in wanted:
        folder = out / variant.name
        variants.write(variant, folder / "model")
        bench = Bench(folder / "model", out / "images", plan.MAX_NUM_CAP)
        cases, tensors = plan.run(variant, bench)
        header = _header(variant.name, bench) | plan.tokenizer_entries(bench, variant.seed)
        header["min_margin"] = min(margin for case in cases for margin in margins(case))
        storage.save_json(folder / "golden.json", header | {"cases": cases})
        storage.save_tensors(folder / "golden.safetensors", tensors)
    for name in native:
        native_layout.write(out / name, out / f"{name}-hf")


def _header(name: str, bench: Bench) -> dict:
    reference = bench.reference
    tokens = ["<img>", "</img>", "<IMG_CONTEXT>", "<quad>", "</quad>", "<ref>", "</ref>", "<box>", "</box>"]
    tokens += ["<|im_start|>", "<|im_end|>"]
    tokens += ["<|endoftext|>"] if reference.llm["model_type"] == "qwen2" else []
    return {
        "variant": name,
        "base": None,
        "template": reference.config["template"],
        "system_message": reference.system_message,
        "num_image_token": reference.tokens_per_tile,
        "image_size": reference.image_size,
        "max_num_cap": bench.max_num_cap,
        "token_ids": {token: reference.tokenizer.id(token) for token in tokens},
        "chat_eos_token_id": reference.end_id,
        "pad_token_id": reference.tokenizer.pad_id,
        "vocab_size": reference.llm["vocab_size"],
        "checkpoint_bytes": reference.checkpoint_bytes,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=RESOURCES)
    parser.add_argument("--only", metavar="VARIANT", help="rewrite this one and the pictures")
    parser.add_argument("--check", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.check:
        check.check_all(options.check)
    else:
        make(options.out, options.only)


if __name__ == "__main__":
    main()
