"""Recomputes goldens made elsewhere and compares every field and tensor: the proof that this code is a reference."""

import json
from collections import Counter
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from . import storage
from .cases import Bench, Case

VISION, LOGITS = 1e-4, 1e-3  # tolerances of the goldens' README


def check_all(folder: Path) -> None:
    """Every variant with a model in the official layout; native folders have another one."""
    for golden in sorted(folder.glob("*/golden.json")):
        config = golden.parent / "model" / "config.json"
        if not config.exists():
            print(f"{golden.parent.name}: left out, no checkpoint")
            continue
        content = json.loads(config.read_text("utf-8"))
        if content["model_type"] != "internvl_chat":
            print(f"{golden.parent.name}: left out, native layout")
            continue
        counts = check(golden.parent)
        print(f"{golden.parent.name}: " + ", ".join(f"{name} {count:.4g}" for name, count in sorted(counts.items())))


def check(folder: Path) -> Counter:
    """Ends the program at the first difference; counts what agreed and, as `skipped`, processors and beams."""
    golden = json.loads((folder / "golden.json").read_text("utf-8"))
    tensors = load_file(folder / "golden.safetensors")
    bench = Bench(folder / "model", folder.parent / "images", golden["max_num_cap"])
    counts = Counter()
    _tokenizer(bench, golden, counts)
    for expected in golden["cases"]:
        if set(expected.get("generation_config", {})) - {"eos_token_id"}:
            counts["skipped"] += 1
            continue
        record, found = bench.run(case_of(expected, tensors))
        where = f"{folder.name}/{expected['name']}"
        _fields(where, expected, record, counts)
        _tensors(where, {n: t for n, t in tensors.items() if n.startswith(expected["name"] + ".")}, found, counts)
        counts["cases"] += 1
        counts["answers"] += len(expected.get("rounds", expected.get("rows", [expected] if "text" in expected else [])))
    return counts


def case_of(golden: dict, tensors: dict[str, Tensor]) -> Case:
    """The inputs of a recorded case."""
    rounds = golden.get("rounds", [golden])
    name, api = golden["name"], golden["api"]
    questions = golden.get("questions") or [r["question"] for r in rounds if "question" in r]
    other = {s: tensors.get(f"{name}.{s}.pixel_values") for s in ("bigger", "smaller")} if api == "vision" else {}
    return Case(
        name=name,
        api=api,
        questions=tuple(questions),
        images=tuple(image["file"] for image in golden["images"]),
        max_num=4 if api == "vision" else golden.get("max_num"),
        patches=golden.get("num_patches_list"),
        history=rounds[0].get("history"),
        system_message=golden.get("system_message"),
        end_ids=tuple(golden.get("generation_config", {}).get("eos_token_id", ())),
        fails="error" in golden,
        flat="without_scaling_ids" in golden and "generation_config" not in golden,
        limit=golden.get("max_new_tokens", 0),
        note=golden.get("note"),
        inputs=other,
    )


def _tokenizer(bench: Bench, golden: dict, counts: Counter) -> None:
    tokenizer = bench.reference.tokenizer
    for entry in golden["tokenization"] + golden["decoding"]:
        if "text" in entry:
            _same(entry["text"], entry["ids"], tokenizer.encode(entry["text"]))
        _same(str(entry["ids"]), entry["decoded"], tokenizer.decode(entry["ids"], skip_special=False))
        _same(str(entry["ids"]), entry["decoded_skip_special"], tokenizer.decode(entry["ids"], skip_special=True))
        counts["texts"] += 1


def _fields(where: str, expected, found, counts: Counter) -> None:
    """Equal down to the last field, token id and letter; margins within the logits' tolerance."""
    if isinstance(expected, dict):
        _same(f"{where}: fields", sorted(expected), sorted(found))
        for key in expected:
            _fields(f"{where}.{key}", expected[key], found[key], counts)
    elif isinstance(expected, list) and expected and isinstance(expected[0], dict):
        _same(f"{where}: entries", len(expected), len(found))
        for index, pair in enumerate(zip(expected, found)):
            _fields(f"{where}[{index}]", *pair, counts)
    elif where.endswith("min_margin"):
        _same(where, True, abs(expected - found) <= 2 * LOGITS)
    elif not where.endswith(".note"):
        _same(where, expected, found)
        counts["token ids"] += len(expected) if where.endswith("generated_ids") else 0


def _tensors(where: str, expected: dict[str, Tensor], found: dict[str, Tensor], counts: Counter) -> None:
    found = found | {n: t for name, tensor in found.items() for n, t in storage.sampled(name, tensor).items()}
    for name, tensor in expected.items():
        _same(f"{where}: {name}", tensor.shape, found[name].shape)
        counts["tensors"] += 1
        if "top8_ids" in name:  # near ties may change places, never the first
            _same(f"{where}: {name}", tensor[:, 0].tolist(), found[name][:, 0].tolist())
            continue
        language = "logits" in name or "top8" in name or "llm_layers" in name
        difference = float((tensor.double() - found[name].double()).abs().max())
        _same(f"{where}: {name} differs by {difference}", True, difference <= (LOGITS if language else VISION))
        kind = "language, largest difference" if language else "vision, largest difference"
        counts[kind] = max(counts[kind], difference)


def _same(where: str, expected, found) -> None:
    if expected != found:
        raise SystemExit(f"{where}: expected {expected}, found {found}")
