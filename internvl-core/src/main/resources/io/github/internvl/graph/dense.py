# A linear layer with its weight as numbers of the format that is computed in.
# Letters: o = outputs, i = inputs.


class Linear:
    weight : Tensor            # [o, i]
    bias : Optional[Tensor]    # [o]

    def __init__(self: __torch__.dense.Linear, weight: Tensor, bias: Optional[Tensor]) -> None:
        self.weight = weight
        self.bias = bias

    def forward(self: __torch__.dense.Linear, x: Tensor) -> Tensor:
        return torch.linear(x, self.weight, self.bias)    # [..., i] -> [..., o]


def load(w: __torch__.weights.Weights, name: str) -> __torch__.dense.Linear:
    return __torch__.dense.Linear(w.take(name + ".weight"), w.find(name + ".bias"))
