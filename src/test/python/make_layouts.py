"""Writes the tensors of the published checkpoints, names and shapes, to ../resources/goldens/layouts.

    python make_layouts.py

The parts and their settings are those of the catalogue that ships with the library; what tensors a model of these
settings has is said by transformers' own classes, built without memory (device "meta"), and renamed to OpenGVLab's
names; SIZE-hf.txt has transformers' own. Two other names rest on rules: InternLM2's are its own code's, and of a mixture of
experts each expert has tensors of its own, as transformers 4 has it. One line for each tensor: name and sizes; layers and experts
that are alike share lines, as `layers.{0..23}`. In 4-bit checkpoints
three tensors take the place of each linear weight of the language model's layers, as LMDeploy's quantizer writes them.
"""

import itertools
import json
import re
from pathlib import Path

import torch
from transformers import InternVLForConditionalGeneration

from goldens.reference import INTERNLM2_NAMES, PROJECTOR_NAMES, VISION_NAMES, native_config

HERE = Path(__file__).resolve().parent
CATALOGUE = HERE.parents[2] / "internvl-core/src/main/resources/io/github/internvl/catalogue.json"
LAYOUTS = HERE.parent / "resources" / "goldens" / "layouts"
NUMBER = r"(?<=layers\.)\d+|(?<=layer\.)\d+|(?<=experts\.)\d+"
COMMON = {
    "vision": {"hidden_act": "gelu", "layer_norm_eps": 1e-6},
    "language": {"bias": False, "hidden_act": "silu", "tie_word_embeddings": False},  # of the catalogue's "shared"
}


def shapes(config: dict) -> dict[str, list[int]]:
    with torch.device("meta"):
        model = InternVLForConditionalGeneration._from_config(native_config(config))
    return {name: list(tensor.shape) for name, tensor in model.state_dict().items()}


def official(native: dict[str, list[int]], internlm2: bool) -> dict[str, list[int]]:
    tensors = {}
    for name, shape in native.items():
        part, rest = re.fullmatch(r"(?:model\.(vision_tower|multi_modal_projector|language_model)\.)?(.*)", name).groups()
        if part == "vision_tower":
            new = "vision_model." + restored(rest, VISION_NAMES)
            new = re.sub(r"attn\.[qkv]_proj", "attn.qkv", new)
        elif part == "multi_modal_projector":
            new = restored(rest, PROJECTOR_NAMES)
        elif part == "language_model" and internlm2:
            new = "language_model.model." + restored(rest, INTERNLM2_NAMES)
            new = re.sub(r"self_attn\.[qkv]_proj", "attention.wqkv", new)
        elif part == "language_model":
            new = "language_model.model." + rest
        else:
            new = "language_model." + (rest.replace("lm_head", "output") if internlm2 else rest)
        if new in tensors:
            tensors[new][0] += shape[0]  # one of three that are stored as one
        else:
            tensors[new] = shape
    return tensors


def restored(name: str, table: dict[str, str]) -> str:
    for old, new in table.items():
        name = name.replace(new, old)
    return name


def packed(tensors: dict[str, list[int]], group: int) -> dict[str, list[int]]:
    """Eight outputs a number of `qweight` and `qzeros`; a scale and a zero for each group of inputs."""
    stored = {}
    for name, shape in tensors.items():
        if name.startswith("language_model.model.layers.") and len(shape) == 2:
            linear, (outputs, inputs) = name.removesuffix("weight"), shape
            stored[linear + "qweight"] = [inputs, outputs // 8]
            stored[linear + "qzeros"] = [inputs // group, outputs // 8]
            stored[linear + "scales"] = [inputs // group, outputs]
        else:
            stored[name] = shape
    return stored


def compact(tensors: dict[str, list[int]]) -> list[str]:
    """One line for tensors that differ in the numbers of their layer and their expert alone."""
    alike: dict[tuple, list[tuple[int, ...]]] = {}
    for name, shape in tensors.items():
        numbers = tuple(int(number) for number in re.findall(NUMBER, name))
        alike.setdefault((re.sub(NUMBER, "#", name), tuple(shape)), []).append(numbers)
    lines = []
    for (name, shape), numbers in alike.items():
        lasts = [max(column) for column in zip(*numbers)]
        if sorted(numbers) != list(itertools.product(*(range(last + 1) for last in lasts))):
            raise ValueError(f"{name}: {numbers}")
        for last in lasts:
            name = name.replace("#", f"{{0..{last}}}", 1)
        lines.append(" ".join([name, *map(str, shape)]))
    return sorted(lines)


def main() -> None:
    catalogue = json.loads(CATALOGUE.read_text("utf-8"))
    LAYOUTS.mkdir(parents=True, exist_ok=True)
    for model in catalogue["models"]:
        config = {
            "downsample_ratio": 0.5,
            "vision_config": COMMON["vision"] | catalogue["vision"][model["vision"]],
            "llm_config": COMMON["language"] | catalogue["language"][model["language"]],
        }
        native = shapes(config)
        if config["llm_config"]["model_type"] != "phi3":  # transformers' own conversion knows none
            write(model["id"] + "-hf", native)
        tensors = official(native, config["llm_config"]["model_type"] == "internlm2")
        write(model["id"], tensors)
        if "-AWQ" in model["variants"]:
            write(model["id"] + "-AWQ", packed(tensors, catalogue["awq"]["group_size"]))


def write(model: str, tensors: dict[str, list[int]]) -> None:
    lines = compact(tensors)
    (LAYOUTS / f"{model.split('/')[1]}.txt").write_text("\n".join(lines) + "\n", "utf-8", newline="\n")
    print(model, len(tensors), "tensors in", len(lines), "lines")


if __name__ == "__main__":
    main()
