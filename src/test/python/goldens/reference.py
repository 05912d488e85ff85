"""A checkpoint of the official layout, computed by transformers' own InternVL classes in float32 on the CPU."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import DynamicCache, InternVLConfig, InternVLForConditionalGeneration

from . import awq, tokenization
from .prompts import CONTEXT, DEFAULT_SYSTEM_MESSAGE


@dataclass
class Generation:
    """Greedy answers to left-padded rows; a row's lists end with its end token."""

    input_ids: list[list[int]]
    attention_mask: list[list[int]]
    position_ids: list[list[int]]
    generated_ids: list[list[int]]
    margins: list[float]  # smallest gap between the two best logits of each row
    prompt_logits: Tensor  # [rows, vocab]
    top8: list[tuple[Tensor, Tensor]]  # values and ids of each row, [steps, 8]
    layers: Tensor  # [rows, layers + 1, hidden] at the last prompt token, the last one normed


class DynamicRope(nn.Module):
    """InternLM2's rotary embedding: past `limit` keys, padding included, the base grows with the number of keys."""

    def __init__(self, llm: dict, scaled: bool):
        super().__init__()
        self.theta, self.limit = llm["rope_theta"], llm["max_position_embeddings"]
        self.dim = llm["hidden_size"] // llm["num_attention_heads"]
        self.factor = llm["rope_scaling"]["factor"] if scaled and llm.get("rope_scaling") else None
        self.keys = 0  # keys of the call under way, set before each

    def forward(self, x: Tensor, position_ids: Tensor) -> tuple[Tensor, Tensor]:
        base = self.theta
        if self.factor and self.keys > self.limit:
            growth = self.factor * self.keys / self.limit - (self.factor - 1)
            base *= growth ** (self.dim / (self.dim - 2))
        frequencies = 1.0 / base ** (torch.arange(0, self.dim, 2).float() / self.dim)
        angles = (position_ids[:, :, None].float() * frequencies).repeat(1, 1, 2)
        return angles.cos(), angles.sin()


class Reference:
    def __init__(self, folder: Path, rope_scaling: bool = True):
        self.config = json.loads((folder / "config.json").read_text("utf-8"))
        self.llm, self.vit = self.config["llm_config"], self.config["vision_config"]
        self.tokenizer = tokenization.read(folder)
        self.context_id, self.end_id = self.tokenizer.id(CONTEXT), self.tokenizer.id("<|im_end|>")
        self.system_message = self.config.get("system_message", DEFAULT_SYSTEM_MESSAGE)
        self.image_size = self.config.get("force_image_size") or self.vit["image_size"]
        per_side = self.image_size // self.vit["patch_size"]
        self.tokens_per_tile = int(per_side**2 * self.config["downsample_ratio"] ** 2)
        weights = {}
        for file in sorted(folder.glob("*.safetensors")):
            weights |= load_file(file)
        self.checkpoint_bytes = sum(w.nbytes for w in weights.values())
        native = _native_names({name: w.float() for name, w in awq.widened(weights).items()}, self.llm)
        self._model = InternVLForConditionalGeneration._from_config(
            native_config(self.config), attn_implementation="eager"
        ).eval()
        self._model.load_state_dict(native, strict=True)
        self._text = self._model.model.language_model
        if self.llm["model_type"] == "internlm2":
            self._text.rotary_emb = DynamicRope(self.llm, rope_scaling)

    def native_model(self) -> InternVLForConditionalGeneration:
        return self._model

    @torch.no_grad()
    def vision(self, pixels: Tensor) -> list[Tensor]:
        """Hidden states [tiles, 1 + patches, width]: embeddings, then after each layer."""
        tower = self._model.model.vision_tower
        hidden = [tower.embeddings(pixels)[0]]
        for layer in tower.encoder.layer:
            hidden.append(layer(hidden[-1]))
        return hidden

    def pixel_shuffle(self, hidden: Tensor, version: str | None = None) -> Tensor:
        """Blocks of 2x2 patches as one token [tiles, tokens, 4 * width]; v1 orders the tokens column by column."""
        patches = hidden[:, 1:]
        count, side = patches.shape[0], int(patches.shape[1] ** 0.5)
        square = patches.reshape(count, side, side, -1)
        shuffled = self._model.model.pixel_shuffle(square, self.config["downsample_ratio"])
        if (version or self.config["ps_version"]) == "v1":
            shuffled = shuffled.transpose(1, 2)
        return shuffled.reshape(count, -1, shuffled.shape[-1])

    @torch.no_grad()
    def project(self, shuffled: Tensor) -> Tensor:
        return self._model.model.multi_modal_projector(shuffled)

    @torch.no_grad()
    def generate(self, prompts: list[list[int]], features: Tensor | None, end_ids: set[int], limit: int) -> Generation:
        width = max(map(len, prompts))
        ids = torch.tensor([[self.tokenizer.pad_id] * (width - len(p)) + p for p in prompts])
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts])
        positions = (mask.cumsum(-1) - 1).masked_fill(mask == 0, 1)
        embeddings = self._text.embed_tokens(ids)
        if features is not None:
            places = ids == self.context_id
            assert places.any(), "no context token in the prompt"
            embeddings[places] = features.reshape(-1, features.shape[-1])  # a RuntimeError if the counts differ
        steps, layers = self._decode(embeddings, mask, positions, end_ids, limit)
        chosen = torch.stack([logits.argmax(-1) for logits in steps], 1)  # [rows, steps]
        ends = [next((i + 1 for i, t in enumerate(row) if t in end_ids), len(row)) for row in chosen.tolist()]
        tops = [torch.stack([logits[row] for logits in steps[:end]]).topk(8) for row, end in enumerate(ends)]
        return Generation(
            input_ids=ids.tolist(),
            attention_mask=mask.tolist(),
            position_ids=positions.tolist(),
            generated_ids=[row[:end] for row, end in zip(chosen.tolist(), ends)],
            margins=[float((top.values[:, 0] - top.values[:, 1]).min()) for top in tops],
            prompt_logits=steps[0],
            top8=[(top.values, top.indices.int()) for top in tops],
            layers=layers,
        )

    def _decode(self, embeddings, mask, positions, end_ids, limit) -> tuple[list[Tensor], Tensor]:
        """Logits [rows, vocab] of each step until every row has ended, and the layers at the last prompt token."""
        cache, steps, layers, running = DynamicCache(), [], None, set(range(len(mask)))
        while True:
            if isinstance(self._text.rotary_emb, DynamicRope):
                self._text.rotary_emb.keys = mask.shape[1]
            out = self._text(
                inputs_embeds=embeddings,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
                output_hidden_states=True,
            )
            if layers is None:
                layers = torch.stack([hidden[:, -1] for hidden in out.hidden_states], 1)
            steps.append(self._model.lm_head(out.last_hidden_state[:, -1]))
            tokens = steps[-1].argmax(-1)
            running -= {row for row, token in enumerate(tokens.tolist()) if token in end_ids}
            if not running or len(steps) == limit:
                return steps, layers
            embeddings = self._text.embed_tokens(tokens[:, None])
            mask = torch.cat([mask, torch.ones_like(tokens[:, None])], 1)
            positions = positions[:, -1:] + 1


def native_config(config: dict) -> InternVLConfig:
    llm, vit = dict(config["llm_config"]), config["vision_config"]
    if llm["model_type"] == "internlm2":
        llm |= {"model_type": "llama", "attention_bias": llm["bias"], "mlp_bias": False}
    llm.pop("rope_scaling", None)  # ignored for Qwen2, done by DynamicRope for InternLM2
    llm |= {"dtype": "float32", "torch_dtype": "float32", "pad_token_id": None}
    keep = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act", "norm_type")
    keep += ("layer_norm_eps", "image_size", "patch_size")
    native_vit = {key: vit[key] for key in keep}
    native_vit |= {"attention_bias": vit["qkv_bias"], "use_qk_norm": vit["qk_normalization"]}
    tied = llm["tie_word_embeddings"]
    return InternVLConfig(native_vit, llm, downsample_ratio=config["downsample_ratio"], tie_word_embeddings=tied)


VISION_NAMES = {
    "embeddings.class_embedding": "embeddings.cls_token",
    "embeddings.position_embedding": "embeddings.position_embeddings",
    "embeddings.patch_embedding": "embeddings.patch_embeddings.projection",
    "encoder.layers.": "encoder.layer.",
    ".attn.proj": ".attention.projection_layer",
    ".attn.": ".attention.",
    ".norm1": ".layernorm_before",
    ".norm2": ".layernorm_after",
    ".ls1": ".lambda_1",
    ".ls2": ".lambda_2",
}
INTERNLM2_NAMES = {
    "tok_embeddings": "embed_tokens",
    "attention_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attention.wo": "self_attn.o_proj",
    "feed_forward.w1": "mlp.gate_proj",
    "feed_forward.w3": "mlp.up_proj",
    "feed_forward.w2": "mlp.down_proj",
}
PROJECTOR_NAMES = {"mlp1.0": "layer_norm", "mlp1.1": "linear_1", "mlp1.3": "linear_2"}


def _native_names(official: dict[str, Tensor], llm: dict) -> dict[str, Tensor]:
    native = {}
    for name, weight in official.items():
        if name.startswith("vision_model."):
            new = _renamed(name.removeprefix("vision_model."), VISION_NAMES)
            native |= {f"model.vision_tower.{n}": w for n, w in _split_qkv(new, weight)}
        elif name.startswith("mlp1."):
            native["model.multi_modal_projector." + _renamed(name, PROJECTOR_NAMES)] = weight
        elif name in ("language_model.lm_head.weight", "language_model.output.weight"):
            native["lm_head.weight"] = weight
        else:
            new = _renamed(name.removeprefix("language_model.model."), INTERNLM2_NAMES)
            native |= {f"model.language_model.{n}": w for n, w in _split_wqkv(new, weight, llm)}
    if llm["tie_word_embeddings"]:
        native["lm_head.weight"] = native["model.language_model.embed_tokens.weight"]
    return native


def _renamed(name: str, table: dict[str, str]) -> str:
    for old, new in table.items():
        name = name.replace(old, new)
    return name


def _split_qkv(name: str, weight: Tensor) -> list[tuple[str, Tensor]]:
    if ".attention.qkv." not in name:
        return [(name, weight)]
    return [(name.replace(".qkv.", f".{n}_proj."), part) for n, part in zip("qkv", weight.chunk(3))]


def _split_wqkv(name: str, weight: Tensor, llm: dict) -> list[tuple[str, Tensor]]:
    """The rows of each kv head in turn: its query heads, its key head, its value head."""
    if ".attention.wqkv." not in name:
        return [(name, weight)]
    groups, dim = llm["num_key_value_heads"], llm["hidden_size"] // llm["num_attention_heads"]
    rows = weight.view(groups, -1, dim, weight.shape[-1])  # [kv heads, queries + 2, head_dim, hidden]
    parts = {"q": rows[:, :-2], "k": rows[:, -2], "v": rows[:, -1]}
    prefix = name.split("attention.wqkv")[0]
    return [(f"{prefix}self_attn.{n}_proj.weight", p.reshape(-1, weight.shape[-1])) for n, p in parts.items()]
