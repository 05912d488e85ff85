# A linear layer with int8 weights and inputs as they are, for CUDA devices of compute capability 8.x. libtorch's kernel widens
# weights on their way to the product; it reads them anew for every few rows, so many rows are multiplied by parts of the weight that
# are widened once. It takes multiples of 64 for outputs and inputs; zeros pad those.
# Letters: n = rows, o = outputs, i = inputs, r = outputs of a part.

import quantize
import weights


def many() -> int:
    # Rows from which on widening pays.
    return 65


def shuffle(bytes: Tensor) -> Tensor:
    # [o, i] uint8 in the kernel's order, in the shape that it asks for: [i, o]. Two outputs take turns every 64 inputs. Of 16
    # inputs, numbered 8 h + 2 q + b, those of one q are together; h counts fastest.
    o, i = bytes.size(0), bytes.size(1)
    own = bytes.view([o // 2, 2, i // 64, 4, 2, 4, 2])             # [o / 2, 2, i / 64, 4, h, q, b]
    return own.permute([0, 2, 1, 3, 5, 6, 4]).reshape([i, o])      # [o / 2, i / 64, 2, 4, q, b, h]


class Linear:
    packed : Tensor            # [i, o] uint8, both padded, in the kernel's order: numbers + 128
    scales : Tensor            # [o], padded
    outputs : int              # o, as stored
    bias : Optional[Tensor]    # [o], padded

    def __init__(self, packed: Tensor, scales: Tensor, outputs: int, bias: Optional[Tensor]) -> None:
        self.packed = packed
        self.scales = scales
        self.outputs = outputs
        self.bias = bias

    def forward(self, x: Tensor) -> Tensor:
        columns = self.packed.size(0) - x.size(1)
        if columns > 0:
            x = torch.constant_pad_nd(x, [0, columns])                                                # [n, i padded]
        if x.size(0) >= many():
            y = self.widened(x)                                                                       # [n, o padded]
        else:
            # The kernel takes rows to lie one behind the other.
            y = torch._mixed_dtypes_linear(x.contiguous(), self.packed, self.scales, bias=self.bias)    # [n, o padded]
        if self.outputs < y.size(1):
            y = y.narrow(1, 0, self.outputs).contiguous()                                             # [n, o]
        return y

    def widened(self, x: Tensor) -> Tensor:
        # In parts of up to 64 MiB, since a whole weight of 16 bits may not fit beside the model.
        i, o = self.packed.size(0), self.packed.size(1)
        most = max(64, 33554432 // i // 64 * 64)
        y = torch.empty([x.size(0), o], dtype=x.dtype, device=x.device)                               # [n, o padded]
        pairs = self.packed.view([o // 2, i // 64, 2, 4, 4, 2, 2])                                    # [o / 2, i / 64, 2, 4, q, b, h]
        for first in range(0, o, most):
            r = min(most, o - first)
            own = pairs.narrow(0, first // 2, r // 2).permute([0, 2, 1, 3, 6, 4, 5])                  # [r / 2, 2, i / 64, 4, h, q, b]
            scales = self.scales.narrow(0, first, r).view([r // 2, 2, 1, 1, 1, 1, 1])                 # [r / 2, 2, 1, 1, 1, 1, 1]
            weight = torch.empty([r // 2, 2, i // 64, 4, 2, 4, 2], dtype=x.dtype, device=x.device)    # [r, i]
            torch.addcmul(scales * -128.0, own, scales, out=weight)
            torch.mm(x, weight.view([r, i]).t(), out=y.narrow(1, first, r))                           # [n, r]
        bias = self.bias
        if bias is not None:
            y = y.add_(bias)                                                                          # [n, o padded]
        return y

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.forward(x).add_(residual)    # [n, o]


def load(w: weights.Weights, name: str) -> Linear:
    numbers, scales = quantize.rows(w.stored(name + ".weight").to(w.device))              # [o, i], [o]
    o, i = numbers.size(0), numbers.size(1)
    rows, columns = (64 - o % 64) % 64, (64 - i % 64) % 64
    if rows > 0 or columns > 0:
        numbers = torch.constant_pad_nd(numbers, [0, columns, 0, rows])                   # [o, i], both padded
    bytes = torch.bitwise_xor(numbers, -128).to(torch.uint8)                              # [o, i] uint8: numbers + 128
    bias = w.find(name + ".bias")
    if bias is not None:
        bias = torch.constant_pad_nd(bias, [0, rows])                                     # [o], padded
    return Linear(shuffle(bytes), torch.constant_pad_nd(scales.to(w.wanted), [0, rows]), o, bias)
