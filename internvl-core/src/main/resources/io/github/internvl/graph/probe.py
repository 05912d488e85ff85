# A trial of a linear layer: whether this machine has its operators, and sums without overflow.

import linear
import weights


class Graph(torch.nn.Module):
    def product(self, x: Tensor, weight: Tensor, wanted: torch.dtype, device: str) -> Tensor:
        w = weights.Weights({"linear.weight": weight}, wanted, device)                          # [o, i]
        kernel = linear.load(w, "linear")
        return kernel.forward(x.to(w.device, wanted)).to(torch.device("cpu"), torch.float32)    # [n, o] float32

    def check(self, wanted: torch.dtype, device: str) -> Tensor:
        # The largest weights and inputs: every output is 127 * 128 unless a sum overflows.
        weight = torch.full([32, 128], 127.0, dtype=torch.float32, device=torch.device("cpu"))    # [32, 128]
        x = torch.ones([2, 128], dtype=torch.float32, device=torch.device("cpu"))                 # [2, 128]
        return self.product(x, weight, wanted, device)                                            # [2, 32] float32
