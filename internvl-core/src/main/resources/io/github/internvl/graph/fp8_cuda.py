# A linear layer with weights in 8-bit floats, for CUDA devices that multiply them (compute capability 8.9 and newer). Inputs are
# rounded to 8-bit floats, with one scale for each row. The product itself knows one scale for each matrix, which is 1: those of rows
# and outputs are multiplied afterwards. It takes multiples of 16 for outputs and inputs; zeros pad those.
# Letters: n = rows, o = outputs, i = inputs.

import quantize
import weights


class Linear:
    numbers : Tensor           # [o, i] float8, both padded
    scales : Tensor            # [o] float32, padded
    one : Tensor               # [] float32
    outputs : int              # o, as stored
    bias : Optional[Tensor]    # [o]

    def __init__(self, numbers: Tensor, scales: Tensor, outputs: int, bias: Optional[Tensor]) -> None:
        self.numbers = numbers
        self.scales = scales
        self.one = torch.ones([], dtype=torch.float32, device=scales.device)    # [] float32
        self.outputs = outputs
        self.bias = bias

    def product(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        # Two factors of the result: [n, o] and [n, 1].
        columns = self.numbers.size(1) - x.size(1)
        if columns > 0:
            x = torch.constant_pad_nd(x, [0, columns])                           # [n, i padded]
        short, scales = quantize.inputs(x)                                       # [n, i padded] float8, [n, 1] float32
        y = torch._scaled_mm(short, self.numbers.t(), self.one, self.one, None, None, x.dtype)    # [n, o padded]
        y = y.mul_(self.scales)                                                  # [n, o padded]
        if self.outputs < y.size(1):
            y = y.narrow(1, 0, self.outputs).contiguous()                        # [n, o]
        return (y, scales)

    def forward(self, x: Tensor) -> Tensor:
        y, scales = self.product(x)                                              # [n, o], [n, 1] float32
        bias = self.bias
        if bias is None:
            return y.mul_(scales)                                                # [n, o]
        return torch.addcmul(bias, y, scales, out=y)                             # [n, o]

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        # Overwrites the residual.
        if self.bias is not None:
            return self.forward(x).add_(residual)                                # [n, o]
        y, scales = self.product(x)                                              # [n, o], [n, 1] float32
        return torch.addcmul(residual, y, scales, out=residual)                  # [n, o]


def load(w: weights.Weights, name: str) -> Linear:
    weight = w.stored(name + ".weight").to(w.device)        # [o, i]
    numbers, scales = quantize.floats(weight, 16)           # [o, i], [o], padded
    return Linear(numbers, scales, weight.size(0), w.find(name + ".bias"))
