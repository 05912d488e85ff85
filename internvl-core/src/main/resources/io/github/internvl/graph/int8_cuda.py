# A linear layer with int8 weights, for CUDA devices that multiply bytes. Inputs are rounded to 8 bits, with one scale
# for each row, so that a row's result does not depend on other rows. The product needs more than 16 rows, and multiples
# of 8 for outputs and inputs; zeros pad those, and rows of any numbers the rows. Many rows are multiplied in blocks, since
# products are in 32 bits before they are scaled.
# Letters: n = rows, o = outputs, i = inputs, r = rows of a block.

import quantize
import weights


def block() -> int:
    # Rows that are multiplied at once.
    return 512


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

    def product(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        # Two factors of the result: [n, o] and [n, 1]. A row of nothing but zeros gives numbers that do not matter.
        n = x.size(0)
        top = torch.linalg_vector_norm(x, torch.inf, [-1], True, dtype=torch.float32).mul_(0.007874015748031496)    # [n, 1]
        columns = self.numbers.size(1) - self.inputs
        bytes = torch.empty([max(32, n), self.inputs], dtype=torch.int8, device=x.device)    # [at least 32, i] int8
        bytes.narrow(0, 0, n).copy_(torch.div(x, top).round_())                              # [n, i]
        if columns > 0:
            bytes = torch.constant_pad_nd(bytes, [0, columns])                               # [at least 32, i padded]
        y = torch._int_mm(bytes, self.numbers.t())                                           # [at least 32, o padded] int32
        return (y.narrow(0, 0, n).narrow(1, 0, self.outputs) * self.scales, top)             # [n, o] float32, [n, 1]

    def forward(self, x: Tensor) -> Tensor:
        made = torch.empty([x.size(0), self.outputs], dtype=x.dtype, device=x.device)        # [n, o]
        bias = self.bias
        for first in range(0, x.size(0), block()):
            r = min(block(), x.size(0) - first)
            y, top = self.product(x.narrow(0, first, r))                                     # [r, o] float32, [r, 1]
            part = made.narrow(0, first, r)                                                  # [r, o]
            if bias is None:
                torch.mul(y, top, out=part)
            else:
                torch.addcmul(bias, y, top, out=part)
        return made

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        # Overwrites the residual.
        if self.bias is not None:
            return self.forward(x).add_(residual)                                            # [n, o]
        for first in range(0, x.size(0), block()):
            r = min(block(), x.size(0) - first)
            y, top = self.product(x.narrow(0, first, r))                                     # [r, o] float32, [r, 1]
            part = residual.narrow(0, first, r)                                              # [r, o]
            torch.addcmul(part, y, top, out=part)
        return residual


def load(w: weights.Weights, name: str) -> Linear:
    numbers, scales = quantize.rows(w.stored(name + ".weight").to(w.device))             # [o, i], [o]
    o, i = numbers.size(0), numbers.size(1)
    filled = torch.constant_pad_nd(numbers, [0, (8 - i % 8) % 8, 0, (8 - o % 8) % 8])    # [o, i], both padded
    bias = w.find(name + ".bias")
    if bias is not None:
        bias = bias.to(torch.float32)                                                    # [o] float32
    return Linear(filled, scales, o, i, bias)
