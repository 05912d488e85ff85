"""The tiny checkpoints: shapes, config.json, seeded weights under the official names, shards and side files."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from . import awq, tokenization, vocabulary
from .pixels import MEAN, STD

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Variant:
    """Shapes are unlike each other on purpose: patch and tile sizes, widths, head counts and head widths all differ."""

    name: str
    seed: int
    internlm2: bool
    vit6b: bool
    patch_size: int
    vit_image_size: int  # of the stored position grid
    image_size: int  # of a tile
    vit_width: int
    vit_heads: int
    vit_mlp: int
    vit_layers: int
    width: int
    heads: int
    kv_heads: int
    mlp: int
    layers: int
    shards: int = 1
    tied: bool = False
    awq: bool = False
    system_message: str | None = None
    max_positions: int = 32768


VARIANTS = (
    Variant(
        name="tiny-qwen",
        seed=11,
        internlm2=False,
        vit6b=False,
        patch_size=6,
        vit_image_size=36,
        image_size=36,
        vit_width=36,
        vit_heads=3,
        vit_mlp=60,
        vit_layers=3,
        width=60,
        heads=6,
        kv_heads=3,
        mlp=88,
        layers=3,
        shards=2,
    ),
    Variant(
        name="tiny-internlm2",
        seed=22,
        internlm2=True,
        vit6b=True,
        patch_size=5,
        vit_image_size=20,
        image_size=20,
        vit_width=32,
        vit_heads=2,
        vit_mlp=56,
        vit_layers=3,
        width=72,
        heads=4,
        kv_heads=2,
        mlp=80,
        layers=2,
        max_positions=192,
    ),
    Variant(
        name="tiny-resized",
        seed=33,
        internlm2=False,
        vit6b=False,
        patch_size=10,
        vit_image_size=40,
        image_size=60,
        vit_width=24,
        vit_heads=4,
        vit_mlp=56,
        vit_layers=2,
        width=48,
        heads=6,
        kv_heads=2,
        mlp=72,
        layers=2,
        tied=True,
        system_message="You are a keeper of small pictures.",
    ),
    Variant(
        name="tiny-awq",
        seed=44,
        internlm2=True,
        vit6b=False,
        patch_size=6,
        vit_image_size=36,
        image_size=36,
        vit_width=24,
        vit_heads=2,
        vit_mlp=40,
        vit_layers=2,
        width=128,
        heads=8,
        kv_heads=4,
        mlp=256,
        layers=2,
        max_positions=192,
        awq=True,
    ),
)
NATIVE = ("tiny-internlm2",)  # these are written in transformers' own layout as well


def write(variant: Variant, folder: Path) -> None:
    """The model folder, whole."""
    folder.mkdir(parents=True)
    write_tokenizer = vocabulary.write_internlm2 if variant.internlm2 else vocabulary.write_qwen
    vocab = write_tokenizer(folder)
    added = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))["added_tokens_decoder"]
    ids = {token["content"]: int(i) for i, token in added.items()}
    end, pad = ids["<|im_end|>"], ids["</s>" if variant.internlm2 else "<|endoftext|>"]
    _json(folder / "config.json", _config(variant, vocab, end, pad))
    _json(folder / "generation_config.json", {"eos_token_id": [end, pad], "transformers_version": "4.37.2"})
    _json(folder / "preprocessor_config.json", _preprocessor(variant.image_size))
    tokenizer = tokenization.read(folder)
    broken = [i for i in range(vocab) if "\ufffd" in tokenizer.decode([i], skip_special=False)]
    weights = _weights(variant, vocab, end, broken)
    _save(folder, awq.quantized(weights) if variant.awq else weights, variant.shards)


def _config(v: Variant, vocab: int, end: int, pad: int) -> dict:
    auto_map = {
        "AutoConfig": "configuration_internvl_chat.InternVLChatConfig",
        "AutoModel": "modeling_internvl_chat.InternVLChatModel",
    }
    config = {"architectures": ["InternVLChatModel"], "auto_map": auto_map, "downsample_ratio": 0.5}
    config |= {"dynamic_image_size": True, "force_image_size": v.image_size, "hidden_size": v.width}
    config |= {"llm_config": _llm(v, vocab, end, pad), "max_dynamic_patch": 12, "min_dynamic_patch": 1}
    config |= {"model_type": "internvl_chat", "pad2square": False, "ps_version": "v2", "select_layer": -1}
    config |= {"template": "internvl2_5", "tie_word_embeddings": v.tied, "torch_dtype": _dtype(v)}
    config |= {"use_thumbnail": True, "vision_config": _vit(v)}
    return config | ({"system_message": v.system_message} if v.system_message else {})


def _llm(v: Variant, vocab: int, end: int, pad: int) -> dict:
    llm = {"hidden_act": "silu", "hidden_size": v.width, "intermediate_size": v.mlp}
    llm |= {"max_position_embeddings": v.max_positions, "num_attention_heads": v.heads}
    llm |= {"num_hidden_layers": v.layers, "num_key_value_heads": v.kv_heads, "rope_theta": 1000000.0}
    llm |= {"tie_word_embeddings": v.tied, "torch_dtype": _dtype(v), "use_cache": True, "vocab_size": vocab}
    llm |= {"quantization_config": awq.CONFIG} if v.awq else {}
    if v.internlm2:
        llm |= {"architectures": ["InternLM2ForCausalLM"], "bias": False, "model_type": "internlm2"}
        llm |= {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2, "rms_norm_eps": 1e-05}
        return llm | {"rope_scaling": {"factor": 3.0, "type": "dynamic"}}
    llm |= {"architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "model_type": "qwen2"}
    llm |= {"bos_token_id": pad, "eos_token_id": end, "rms_norm_eps": 1e-06, "sliding_window": v.max_positions}
    return llm | {"max_window_layers": 21, "use_sliding_window": False}


def _dtype(v: Variant) -> str:
    return "float16" if v.awq else "bfloat16"


def _vit(v: Variant) -> dict:
    vit = {"architectures": ["InternVisionModel"], "attention_dropout": 0.0, "drop_path_rate": 0.0, "dropout": 0.0}
    vit |= {"hidden_act": "gelu", "hidden_size": v.vit_width, "image_size": v.vit_image_size}
    vit |= {"intermediate_size": v.vit_mlp, "layer_norm_eps": 1e-06, "model_type": "intern_vit_6b"}
    vit |= {"norm_type": "rms_norm" if v.vit6b else "layer_norm", "num_attention_heads": v.vit_heads}
    vit |= {"num_channels": 3, "num_hidden_layers": v.vit_layers, "patch_size": v.patch_size}
    return vit | {"qk_normalization": v.vit6b, "qkv_bias": not v.vit6b, "torch_dtype": _dtype(v)}


def _preprocessor(side: int) -> dict:
    content = {"crop_size": side, "do_center_crop": True, "do_normalize": True, "do_resize": True}
    content |= {"feature_extractor_type": "CLIPFeatureExtractor", "image_mean": MEAN, "image_std": STD}
    return content | {"resample": 3, "size": side}


def _shapes(v: Variant, vocab: int) -> Shapes:
    vision, llm = "vision_model.embeddings.", "language_model."
    patches = (v.vit_image_size // v.patch_size) ** 2
    shapes: Shapes = {
        vision + "class_embedding": (1, 1, v.vit_width),
        vision + "position_embedding": (1, patches + 1, v.vit_width),
        vision + "patch_embedding.weight": (v.vit_width, 3, v.patch_size, v.patch_size),
        vision + "patch_embedding.bias": (v.vit_width,),
    }
    for layer in range(v.vit_layers):
        shapes |= {f"vision_model.encoder.layers.{layer}.{n}": s for n, s in _vit_layer(v).items()}
    shapes |= {"mlp1.0.weight": (4 * v.vit_width,), "mlp1.0.bias": (4 * v.vit_width,)}
    shapes |= _linear("mlp1.1", v.width, 4 * v.vit_width) | _linear("mlp1.3", v.width, v.width)
    shapes[llm + ("model.tok_embeddings.weight" if v.internlm2 else "model.embed_tokens.weight")] = (vocab, v.width)
    for layer in range(v.layers):
        parts = _internlm2_layer(v) if v.internlm2 else _qwen2_layer(v)
        shapes |= {f"{llm}model.layers.{layer}.{n}": s for n, s in parts.items()}
    shapes[llm + "model.norm.weight"] = (v.width,)
    head = {llm + ("output.weight" if v.internlm2 else "lm_head.weight"): (vocab, v.width)}
    return shapes if v.tied else shapes | head


def _linear(name: str, rows: int, columns: int, bias: bool = True) -> Shapes:
    return {f"{name}.weight": (rows, columns)} | ({f"{name}.bias": (rows,)} if bias else {})


def _vit_layer(v: Variant) -> Shapes:
    d = v.vit_width
    shapes: Shapes = {"ls1": (d,), "ls2": (d,), "norm1.weight": (d,), "norm2.weight": (d,)}
    if v.vit6b:
        shapes |= {"attn.q_norm.weight": (d,), "attn.k_norm.weight": (d,)}
    else:
        shapes |= {"norm1.bias": (d,), "norm2.bias": (d,)}
    shapes |= _linear("attn.qkv", 3 * d, d, bias=not v.vit6b) | _linear("attn.proj", d, d)
    return shapes | _linear("mlp.fc1", v.vit_mlp, d) | _linear("mlp.fc2", d, v.vit_mlp)


def _qwen2_layer(v: Variant) -> Shapes:
    h, kv = v.width, v.width // v.heads * v.kv_heads
    shapes: Shapes = {"input_layernorm.weight": (h,), "post_attention_layernorm.weight": (h,)}
    shapes |= _linear("self_attn.q_proj", h, h) | _linear("self_attn.k_proj", kv, h)
    shapes |= _linear("self_attn.v_proj", kv, h) | _linear("self_attn.o_proj", h, h, bias=False)
    shapes |= _linear("mlp.gate_proj", v.mlp, h, bias=False) | _linear("mlp.up_proj", v.mlp, h, bias=False)
    return shapes | _linear("mlp.down_proj", h, v.mlp, bias=False)


def _internlm2_layer(v: Variant) -> Shapes:
    h, fused = v.width, v.width // v.heads * (v.heads + 2 * v.kv_heads)
    shapes: Shapes = {"attention_norm.weight": (h,), "ffn_norm.weight": (h,)}
    shapes |= _linear("attention.wqkv", fused, h, bias=False) | _linear("attention.wo", h, h, bias=False)
    shapes |= _linear("feed_forward.w1", v.mlp, h, bias=False) | _linear("feed_forward.w3", v.mlp, h, bias=False)
    return shapes | _linear("feed_forward.w2", h, v.mlp, bias=False)


def _weights(v: Variant, vocab: int, end: int, broken: list[int]) -> dict[str, Tensor]:
    """Random, scaled so that every layer matters, answers wander, seldom break a character, and sometimes end."""
    generator = torch.Generator().manual_seed(v.seed)
    weights = {}
    for name, shape in _shapes(v, vocab).items():
        weight = torch.randn(shape, generator=generator)
        if name.endswith(("lm_head.weight", "output.weight", "embed_tokens.weight", "tok_embeddings.weight")):
            scale = 3 / v.width**0.5 if v.tied or name.endswith(("lm_head.weight", "output.weight")) else 1.0
            weight *= scale
            if scale != 1.0:
                weight[broken] *= 0.2
                weight[end] *= 1.3
        elif "norm" in name or name.startswith("mlp1.0."):
            weight = 1 + 0.15 * weight if name.endswith("weight") else 0.12 * weight
        elif ".ls" in name:
            weight = 0.45 + 0.2 * weight
        elif name.endswith("_embedding"):
            weight *= 0.4
        elif name.endswith("bias"):
            weight *= 0.15
        else:
            weight *= 1.35 / weight[0].numel() ** 0.5
        weights[name] = weight.to(torch.bfloat16)
    return weights


def _save(folder: Path, weights: dict[str, Tensor], shards: int) -> None:
    """One file, or about equal shards in order of name with an index."""
    total = sum(weight.nbytes for weight in weights.values())
    if shards == 1:
        save_file(weights, folder / "model.safetensors", {"format": "pt"})
        return
    files: list[dict[str, Tensor]] = [{} for _ in range(shards)]
    done = 0
    for name in sorted(weights):
        files[min(done * shards // total, shards - 1)][name] = weights[name]
        done += weights[name].nbytes
    index = {}
    for number, content in enumerate(files, 1):
        file = f"model-{number:05}-of-{shards:05}.safetensors"
        save_file(content, folder / file, {"format": "pt"})
        index |= dict.fromkeys(content, file)
    sizes = {"metadata": {"total_size": total}, "weight_map": dict(sorted(index.items()))}
    _json(folder / "model.safetensors.index.json", sizes)


def _json(file: Path, content: dict) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n", "utf-8")
