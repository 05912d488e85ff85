"""The demo model: transformers' InternVL in a small size, and its weights under the official checkpoint's names."""

import json
import re
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, InternVLConfig, InternVLForConditionalGeneration

from pixels import MEAN, STD, TILE

SYSTEM_MESSAGE = "You are InternVL."
PATCH = 28
TOKENS_PER_TILE = (TILE // PATCH // 2) ** 2
VISION = {"hidden_size": 192, "num_hidden_layers": 6, "num_attention_heads": 3, "intermediate_size": 768}
TEXT = {
    "hidden_size": 256,
    "num_hidden_layers": 5,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 640,
    "max_position_embeddings": 4096,
    "rope_theta": 10000.0,
    "rms_norm_eps": 1e-6,
}

NAMES = [
    (r"model\.vision_tower\.embeddings\.cls_token", "vision_model.embeddings.class_embedding"),
    (r"model\.vision_tower\.embeddings\.patch_embeddings\.projection\.", "vision_model.embeddings.patch_embedding."),
    (r"model\.vision_tower\.embeddings\.position_embeddings", "vision_model.embeddings.position_embedding"),
    (r"model\.vision_tower\.encoder\.layer\.", "vision_model.encoder.layers."),
    (r"attention\.projection_layer\.", "attn.proj."),
    (r"layernorm_before", "norm1"),
    (r"layernorm_after", "norm2"),
    (r"lambda_(\d)", r"ls\1"),
    (r"model\.multi_modal_projector\.layer_norm\.", "mlp1.0."),
    (r"model\.multi_modal_projector\.linear_1\.", "mlp1.1."),
    (r"model\.multi_modal_projector\.linear_2\.", "mlp1.3."),
    (r"^model\.language_model\.", "language_model.model."),
    (r"^lm_head\.", "language_model.lm_head."),
]


def tokenizer(folder: Path):
    return AutoTokenizer.from_pretrained(folder, use_fast=True)


def build(tokens, attention: str = "sdpa") -> InternVLForConditionalGeneration:
    """A model with fresh weights for this tokenizer."""
    text = {
        **TEXT,
        "model_type": "qwen2",
        "vocab_size": len(tokens),
        "bos_token_id": None,
        "eos_token_id": tokens.convert_tokens_to_ids("<|im_end|>"),
        "tie_word_embeddings": False,
        "initializer_range": 0.03,
    }
    vision = {
        **VISION,
        "image_size": [TILE, TILE],
        "patch_size": [PATCH, PATCH],
        "attention_bias": True,
        "layer_scale_init_value": 1.0,
        "norm_type": "layer_norm",
        "layer_norm_eps": 1e-6,
        "initializer_range": 0.03,
    }
    config = InternVLConfig(
        vision_config=vision,
        text_config=text,
        image_token_id=tokens.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=TOKENS_PER_TILE,
        tie_word_embeddings=False,
    )
    model = InternVLForConditionalGeneration._from_config(config, attn_implementation=attention)
    with torch.no_grad():
        model.model.vision_tower.embeddings.position_embeddings[0, 1:] = waves(TILE // PATCH, VISION["hidden_size"])
    return model


def waves(side: int, width: int) -> torch.Tensor:
    """[side * side, width]: sines and cosines of row and column, so that geometry need not be learned from nothing."""
    rates = 1.5 * side ** (-torch.arange(width // 4) / (width // 4))
    angles = torch.arange(side)[:, None] * rates
    line = torch.cat((angles.sin(), angles.cos()), dim=1)
    rows = line[:, None, :].expand(side, side, width // 2)
    columns = line[None, :, :].expand(side, side, width // 2)
    return torch.cat((rows, columns), dim=2).reshape(side * side, width)


def visual_tokens(model, pixels: torch.Tensor) -> torch.Tensor:
    """[tiles, 3, 448, 448] to [tiles, 64, hidden]: vision tower, pixel unshuffle, projector."""
    features = model.model.get_image_features(
        pixel_values=pixels, vision_feature_layer=-1, vision_feature_select_strategy="default"
    )
    return getattr(features, "pooler_output", features)


def embedded(model, ids: torch.Tensor, visual: torch.Tensor) -> torch.Tensor:
    """The prompt's embeddings with the visual tokens in place of the context tokens."""
    vectors = model.model.get_input_embeddings()(ids).to(visual.dtype)
    here = (ids == model.config.image_token_id).unsqueeze(-1).expand_as(vectors)
    return vectors.masked_scatter(here, visual.reshape(-1, visual.shape[-1]))


def to_official(native: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Renames, and joins query, key and value of the vision tower into one."""
    official = {}
    for name, tensor in native.items():
        if re.search(r"vision_tower.*q_proj", name):
            parts = [native[name.replace("q_proj", part)] for part in ("q_proj", "k_proj", "v_proj")]
            name, tensor = name.replace("attention.q_proj", "attn.qkv"), torch.cat(parts)
        elif re.search(r"vision_tower.*[kv]_proj", name):
            continue
        for pattern, replacement in NAMES:
            name = re.sub(pattern, replacement, name)
        official[name] = tensor.contiguous()
    return official


def to_native(official: dict[str, torch.Tensor], names: list[str]) -> dict[str, torch.Tensor]:
    """The inverse, for the given native names."""
    native = {}
    for name in names:
        match = re.search(r"vision_tower.*attention\.([qkv])_proj", name)
        source = name.replace(f"attention.{match[1]}_proj", "attn.qkv") if match else name
        for pattern, replacement in NAMES:
            source = re.sub(pattern, replacement, source)
        tensor = official[source]
        native[name] = tensor.chunk(3)["qkv".index(match[1])].clone() if match else tensor
    return native


def load(folder: Path):
    """The model and tokenizer of an official-layout folder, in float32."""
    tokens = tokenizer(folder)
    model = build(tokens)
    official = load_file(folder / "model.safetensors")
    native = to_native(official, list(model.state_dict()))
    model.load_state_dict({name: tensor.float() for name, tensor in native.items()})
    return model.eval(), tokens


def save(model, tokens, folder: Path) -> None:
    """Writes everything but the tokenizer's files, which are there already."""
    weights = to_official({name: t.detach().cpu().bfloat16() for name, t in model.state_dict().items()})
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    write_json(folder / "config.json", official_config(tokens))
    ends = [tokens.convert_tokens_to_ids(t) for t in ("<|im_end|>", "<|endoftext|>")]
    write_json(folder / "generation_config.json", {"_from_model_config": True, "eos_token_id": ends})
    preprocessor = {
        "crop_size": TILE,
        "do_center_crop": True,
        "do_normalize": True,
        "do_resize": True,
        "feature_extractor_type": "CLIPFeatureExtractor",
        "image_mean": list(MEAN),
        "image_std": list(STD),
        "resample": 3,
        "size": TILE,
    }
    write_json(folder / "preprocessor_config.json", preprocessor)


def official_config(tokens) -> dict:
    return {
        "architectures": ["InternVLChatModel"],
        "downsample_ratio": 0.5,
        "dynamic_image_size": True,
        "force_image_size": TILE,
        "hidden_size": TEXT["hidden_size"],
        "llm_config": {
            "architectures": ["Qwen2ForCausalLM"],
            "model_type": "qwen2",
            **TEXT,
            "attention_dropout": 0.0,
            "bos_token_id": tokens.convert_tokens_to_ids("<|endoftext|>"),
            "eos_token_id": tokens.convert_tokens_to_ids("<|im_end|>"),
            "hidden_act": "silu",
            "max_window_layers": TEXT["num_hidden_layers"],
            "sliding_window": None,
            "tie_word_embeddings": False,
            "torch_dtype": "bfloat16",
            "use_cache": True,
            "use_sliding_window": False,
            "vocab_size": len(tokens),
        },
        "max_dynamic_patch": 6,
        "min_dynamic_patch": 1,
        "model_type": "internvl_chat",
        "pad2square": False,
        "ps_version": "v2",
        "select_layer": -1,
        "system_message": SYSTEM_MESSAGE,
        "template": "internvl2_5",
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        "use_thumbnail": True,
        "vision_config": {
            "architectures": ["InternVisionModel"],
            "model_type": "intern_vit_6b",
            **VISION,
            "attention_dropout": 0.0,
            "drop_path_rate": 0.0,
            "dropout": 0.0,
            "hidden_act": "gelu",
            "image_size": TILE,
            "layer_norm_eps": 1e-6,
            "norm_type": "layer_norm",
            "num_channels": 3,
            "patch_size": PATCH,
            "qk_normalization": False,
            "qkv_bias": True,
            "torch_dtype": "bfloat16",
        },
    }


def write_json(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")
