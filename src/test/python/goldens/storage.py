"""Writes golden.json and golden.safetensors."""

import json
import re
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

SAMPLES = 4096
LARGEST = 8192  # elements; a bigger tensor is stored as a sample, its shape and its statistics


def sampled(name: str, tensor: Tensor) -> dict[str, Tensor]:
    flat = tensor.reshape(-1)
    indices = torch.arange(SAMPLES) * flat.numel() // SAMPLES
    wide = flat.double()
    statistics = torch.stack([wide.mean(), wide.square().mean().sqrt(), wide.min(), wide.max()])
    shape = torch.tensor(tensor.shape, dtype=torch.int32)
    return {f"{name}@sample": flat[indices], f"{name}@shape": shape, f"{name}@stats": statistics.float()}


def save_tensors(file: Path, tensors: dict[str, Tensor]) -> None:
    stored = {}
    for name, tensor in tensors.items():
        stored |= sampled(name, tensor) if tensor.numel() > LARGEST else {name: tensor}
    save_file({name: stored[name].contiguous() for name in sorted(stored)}, file)


def save_json(file: Path, content: dict) -> None:
    """Indented, with lists of numbers on one line."""
    text = json.dumps(content, ensure_ascii=False, indent=1)
    text = re.sub(r"\[\n\s*(-?\d+(?:,\n\s*-?\d+)*)\n\s*\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text)
    file.write_text(text + "\n", "utf-8")
