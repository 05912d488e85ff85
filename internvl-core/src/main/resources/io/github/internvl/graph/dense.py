# A linear layer with its weight in the format of the computation.
# Letters: o = outputs, i = inputs.

import weights


class Linear:
    weight : Tensor            # [o, i]
    bias : Optional[Tensor]    # [o]

    def __init__(self, weight: Tensor, bias: Optional[Tensor]) -> None:
        self.weight = weight
        self.bias = bias

    def forward(self, x: Tensor) -> Tensor:
        return torch.linear(x, self.weight, self.bias)    # [..., i] -> [..., o]

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.forward(x).add_(residual)    # [..., o]


def load(w: weights.Weights, name: str) -> Linear:
    return Linear(w.take(name + ".weight"), w.find(name + ".bias"))
