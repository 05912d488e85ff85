"""4-bit weights as LMDeploy's AWQ writes them ("gemm" form): rounding, packing, and the weights that come out again."""

import torch
from torch import Tensor

GROUP = 128
ORDER = (0, 2, 4, 6, 1, 3, 5, 7)  # which output of eight lies in each four bits, from the lowest on
CONFIG = {"bits": 4, "group_size": GROUP, "quant_method": "awq", "version": "gemm", "zero_point": True}


def quantized(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """All in float16; the linears inside the language model's layers as qweight, qzeros and scales."""
    out = {}
    for name, weight in weights.items():
        stem = name.removesuffix(".weight")
        if name.startswith("language_model.model.layers.") and name.endswith(".weight") and weight.ndim == 2:
            out |= {f"{stem}.{part}": tensor for part, tensor in _packed(weight.float()).items()}
        else:
            out[name] = weight.half()
    return out


def _packed(weight: Tensor) -> dict[str, Tensor]:
    outputs, inputs = weight.shape
    groups = weight.view(outputs, inputs // GROUP, GROUP)
    low, high = groups.amin(-1).clamp(max=0), groups.amax(-1).clamp(min=0)
    scales = ((high - low) / 15).half()  # [outputs, groups]
    zeros = (-low / scales.float()).round().clamp(0, 15)
    numbers = ((groups / scales.float()[..., None]).round() + zeros[..., None]).clamp(0, 15).view(outputs, inputs)
    return {"qweight": _words(numbers.t()), "qzeros": _words(zeros.t()), "scales": scales.t().contiguous()}


def _words(numbers: Tensor) -> Tensor:
    """[rows, outputs] of 0..15 to [rows, outputs / 8] int32."""
    eights = numbers.to(torch.int64).view(len(numbers), -1, 8)
    words = sum(eights[..., output] << 4 * place for place, output in enumerate(ORDER))
    return torch.where(words >= 2**31, words - 2**32, words).to(torch.int32).contiguous()


def widened(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Quantized linears as float32 weights [outputs, inputs] = (number - zero) * scale; the rest as it is."""
    out = {}
    for name, tensor in weights.items():
        stem, _, part = name.rpartition(".")
        if part == "qweight":
            scales = weights[stem + ".scales"].float().repeat_interleave(GROUP, 0)  # [inputs, outputs]
            zeros = _numbers(weights[stem + ".qzeros"]).repeat_interleave(GROUP, 0)
            out[stem + ".weight"] = ((_numbers(tensor) - zeros) * scales).t().contiguous()
        elif part not in ("qzeros", "scales"):
            out[name] = tensor
    return out


def _numbers(words: Tensor) -> Tensor:
    eights = torch.empty(*words.shape, 8)
    for place, output in enumerate(ORDER):
        eights[..., output] = ((words >> 4 * place) & 15).float()
    return eights.flatten(1)
