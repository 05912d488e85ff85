# A norm alone.
# Letters: n = rows, d = width.

import weights


class Graph(torch.nn.Module):
    def product(self, x: Tensor, weight: Tensor, wanted: torch.dtype) -> Tensor:
        own = weights.Weights({"norm.weight": weight}, wanted, "cpu").norm("norm", 1.0e-6)
        return own.forward(x.to(wanted)).to(torch.float32)    # [n, d] float32
