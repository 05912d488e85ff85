# A linear layer with int8 weights that are widened for each product: slow, but on every device.
# Letters: o = outputs, i = inputs.


class Linear:
    numbers : Tensor           # [o, i] int8
    scales : Tensor            # [o]
    bias : Optional[Tensor]    # [o]

    def __init__(self: __torch__.int8.Linear, numbers: Tensor, scales: Tensor, bias: Optional[Tensor]) -> None:
        self.numbers = numbers
        self.scales = scales
        self.bias = bias

    def forward(self: __torch__.int8.Linear, x: Tensor) -> Tensor:
        y = torch.linear(x, self.numbers.to(x.dtype)) * self.scales    # [..., o]
        bias = self.bias
        if bias is not None:
            y = y + bias                                               # [..., o]
        return y


def load(w: __torch__.weights.Weights, name: str) -> __torch__.int8.Linear:
    numbers, scales = __torch__.quantize.rows(w.stored(name + ".weight").to(w.device))    # [o, i], [o]
    return __torch__.int8.Linear(numbers, scales.to(w.wanted), w.find(name + ".bias"))
