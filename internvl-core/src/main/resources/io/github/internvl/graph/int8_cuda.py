# A linear layer with int8 weights, for CUDA devices that multiply bytes. Inputs are rounded to 8 bits, with one scale
# for each row, so that a row's result does not depend on other rows. The product needs more than 16 rows, and multiples
# of 8 for outputs and inputs; zeros pad them.
# Letters: n = rows, o = outputs, i = inputs.

import quantize
import weights


class Linear:
    numbers : Tensor           # [o, i] int8, both padded
    scales : Tensor            # [o] float32
    outputs : int              # o, as stored
    inputs : int               # i, as stored
    bias : Optional[Tensor]    # [o] float32

    def __init__(self, numbers: Tensor, scales: Tensor, outputs: int, inputs: int, bias: Optional[Tensor]) -> None:
        self.numbers = numbers
        self.scales = scales
        self.outputs = outputs
        self.inputs = inputs
        self.bias = bias

    def forward(self, x: Tensor) -> Tensor:
        n = x.size(0)
        wide = x.to(torch.float32)                                                     # [n, i] float32
        top = torch.clamp(torch.amax(torch.abs(wide), [-1], True) / 127.0, 1.0e-30)    # [n, 1]
        bytes = torch.round(wide / top).to(torch.int8)                                 # [n, i] int8
        columns = self.numbers.size(1) - self.inputs
        if n < 32 or columns > 0:
            bytes = torch.constant_pad_nd(bytes, [0, columns, 0, max(0, 32 - n)])      # [at least 32, i padded]
        y = torch._int_mm(bytes, self.numbers.t())                                     # [at least 32, o padded] int32
        y = y.narrow(0, 0, n).narrow(1, 0, self.outputs) * self.scales                 # [n, o] float32
        bias = self.bias
        if bias is None:
            return (y * top).to(x.dtype)                                               # [n, o]
        return torch.addcmul(bias, y, top).to(x.dtype)                                 # [n, o]

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.forward(x).add_(residual)    # [n, o]


def load(w: weights.Weights, name: str) -> Linear:
    numbers, scales = quantize.rows(w.stored(name + ".weight").to(w.device))             # [o, i], [o]
    o, i = numbers.size(0), numbers.size(1)
    filled = torch.constant_pad_nd(numbers, [0, (8 - i % 8) % 8, 0, (8 - o % 8) % 8])    # [o, i], both padded
    bias = w.find(name + ".bias")
    if bias is not None:
        bias = bias.to(torch.float32)                                                    # [o] float32
    return Linear(filled, scales, o, i, bias)
