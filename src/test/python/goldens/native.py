"""The same weights in transformers' own layout, as transformers itself writes it."""

import shutil
from pathlib import Path

import torch
from transformers import GotOcr2ImageProcessor

from . import storage
from .pixels import MEAN, STD
from .reference import Reference


def write(base: Path, folder: Path) -> None:
    """A folder whose goldens are those of `base`."""
    reference = Reference(base / "model")
    model = reference.native_model().to(torch.bfloat16)
    text = model.config.text_config
    text.max_position_embeddings = reference.llm["max_position_embeddings"]
    if reference.llm.get("rope_scaling"):
        text.rope_scaling = {"rope_type": "dynamic", **reference.llm["rope_scaling"]}
    side = reference.image_size
    model.config.image_token_id = reference.context_id
    model.config.image_seq_length = reference.tokens_per_tile
    model.config.dtype = text.dtype = model.config.vision_config.dtype = "bfloat16"
    model.generation_config.eos_token_id = reference.end_id
    model.save_pretrained(folder / "model")
    size = {"height": side, "width": side}
    GotOcr2ImageProcessor(size=size, image_mean=MEAN, image_std=STD).save_pretrained(folder / "model")
    ours = {file.name for file in (folder / "model").iterdir()}
    for file in (base / "model").iterdir():
        if file.name not in ours and ".safetensors" not in file.name:
            shutil.copy(file, folder / "model" / file.name)
    storage.save_json(folder / "golden.json", {"variant": folder.name, "base": base.name, "cases": []})
