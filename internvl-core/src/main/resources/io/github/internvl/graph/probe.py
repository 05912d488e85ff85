# A trial of a linear layer: whether this machine has its operators, sums without overflow, and multiplies what it should.
# Letters: n = rows, o = outputs, i = inputs.

import linear
import weights


def numbers(first: int, rows: int, columns: int) -> Tensor:
    # Without a pattern, the same on every machine: [rows, columns] float32 between -1 and 1.
    steps = torch.arange(first, first + rows * columns, dtype=torch.int64, device=torch.device("cpu"))    # [rows * columns] int64
    mixed = (steps * steps * 48271 + steps * 7919).remainder(65537)                                       # [rows * columns]
    return (mixed.to(torch.float32) / 32768.0 - 1.0).view([rows, columns])                                # [rows, columns]


class Graph(torch.nn.Module):
    def multiplied(self, x: Tensor, weight: Tensor, wanted: torch.dtype, device: str) -> Tensor:
        w = weights.Weights({"linear.weight": weight}, wanted, device)         # [o, i]
        kernel = linear.load(w, "linear")
        return kernel.forward(x.to(w.device, wanted)).to(torch.float32)        # [n, o] float32

    def product(self, x: Tensor, weight: Tensor, wanted: torch.dtype, device: str) -> Tensor:
        return self.multiplied(x, weight, wanted, device).to(torch.device("cpu"))    # [n, o] float32

    def check(self, wanted: torch.dtype, device: str) -> Tensor:
        # The largest weights and inputs: every output is 127 * 128 unless a sum overflows.
        weight = torch.full([32, 128], 127.0, dtype=torch.float32, device=torch.device("cpu"))    # [32, 128]
        x = torch.ones([2, 128], dtype=torch.float32, device=torch.device("cpu"))                 # [2, 128]
        return self.product(x, weight, wanted, device)                                            # [2, 32] float32

    def compare(self, wanted: torch.dtype, device: str) -> Tensor:
        # Numbers without a pattern: every output is 127 * 128, more by the largest difference of 6 outputs from those of a plain
        # product, as a share of the largest.
        x, weight = numbers(100000, 2, 256), numbers(0, 192, 256)                   # [2, 256], [192, 256]
        expected = torch.linear(x, weight)                                          # [2, 192] float32
        found = self.multiplied(x, weight, wanted, device)                          # [2, 192] float32
        apart = torch.abs(found - expected.to(found.device)) / float(torch.amax(torch.abs(expected)))    # [2, 192]
        most = torch.amax(apart.view([2, 32, 6]), [2])                              # [2, 32]
        return (most * 16256.0 + 16256.0).to(torch.device("cpu"))                   # [2, 32] float32
