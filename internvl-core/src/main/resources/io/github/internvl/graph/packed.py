# A linear layer whose weight is in the order that oneDNN reads fastest, in the format of the computation.
# Letters: o = outputs, i = inputs.

import weights


class Linear:
    packed : Tensor            # [o, i], in oneDNN's order
    bias : Optional[Tensor]    # [o]

    def __init__(self, packed: Tensor, bias: Optional[Tensor]) -> None:
        self.packed = packed
        self.bias = bias

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.mkldnn._linear_pointwise(
            x, self.packed, self.bias, "none", torch.jit.annotate(List[Optional[number]], []), "")    # [..., o]

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.forward(x).add_(residual)    # [..., o]


def load(w: weights.Weights, name: str) -> Linear:
    packed = torch.ops.mkldnn._reorder_linear_weight(w.take(name + ".weight"), None)    # [o, i]
    return Linear(packed, w.find(name + ".bias"))
