# A linear layer with 4-bit weights that each product widens: slow, but exact in every format and on every device.
# Letters: o = outputs, i = inputs, g = inputs that share a scale.

import quantize
import weights


class Linear:
    pairs : Tensor             # [o, i / 2] uint8: two weights a byte, the first in the lower half
    scales : Tensor            # [o, i / g]
    zeros : Tensor             # [o, i / g]
    bias : Optional[Tensor]    # [o]

    def __init__(self, pairs: Tensor, scales: Tensor, zeros: Tensor, bias: Optional[Tensor]) -> None:
        self.pairs = pairs
        self.scales = scales
        self.zeros = zeros
        self.bias = bias

    def forward(self, x: Tensor) -> Tensor:
        low = torch.bitwise_and(self.pairs, 15)                                      # [o, i / 2]
        high = torch.bitwise_right_shift(self.pairs, 4)                              # [o, i / 2]
        numbers = torch.stack([low, high], -1).to(x.dtype)                           # [o, i / 2, 2]
        numbers = numbers.view([self.scales.size(0), self.scales.size(1), -1])       # [o, i / g, g]
        weight = (numbers - self.zeros.unsqueeze(-1)) * self.scales.unsqueeze(-1)    # [o, i / g, g]
        return torch.linear(x, weight.flatten(1), self.bias)                         # [..., o]

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.forward(x).add_(residual)    # [..., o]


def load(w: weights.Weights, name: str) -> Linear:
    made = quantize.groups(w, name)
    return Linear(made.pairs(0, 4).to(w.device), made.scales.to(w.device, w.wanted),
                                 made.zeros.to(w.device, w.wanted), w.find(name + ".bias"))
