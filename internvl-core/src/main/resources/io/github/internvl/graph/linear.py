# A linear layer whose weight stays as the checkpoint stores it.
# Letters: o = outputs, i = inputs.


class Linear:
    weight : Tensor            # [o, i]
    bias : Optional[Tensor]    # [o]

    def __init__(self: __torch__.linear.Linear, weight: Tensor, bias: Optional[Tensor]) -> None:
        self.weight = weight
        self.bias = bias

    def forward(self: __torch__.linear.Linear, x: Tensor) -> Tensor:
        return torch.linear(x, self.weight, self.bias)    # [..., i] -> [..., o]
