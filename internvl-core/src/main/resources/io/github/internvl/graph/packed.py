# A linear layer whose weight oneDNN has put into the order that it reads fastest, in the format that is computed in.
# Letters: o = outputs, i = inputs.


class Linear:
    packed : Tensor            # [o, i], in oneDNN's order
    bias : Optional[Tensor]    # [o]

    def __init__(self: __torch__.packed.Linear, packed: Tensor, bias: Optional[Tensor]) -> None:
        self.packed = packed
        self.bias = bias

    def forward(self: __torch__.packed.Linear, x: Tensor) -> Tensor:
        return ops.mkldnn._linear_pointwise(x, self.packed, self.bias, "none",
                                            annotate(List[Optional[number]], []), "")    # [..., i] -> [..., o]


def load(w: __torch__.weights.Weights, name: str) -> __torch__.packed.Linear:
    packed = ops.mkldnn._reorder_linear_weight(w.take(name + ".weight"), None)           # [o, i]
    return __torch__.packed.Linear(packed, w.find(name + ".bias"))
