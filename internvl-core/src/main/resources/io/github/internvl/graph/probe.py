# Tries a linear layer out: whether this machine has what it needs, and adds up without overflow.


class Graph(Module):
    __parameters__ = []
    __buffers__ = []
    training : bool

    def product(self: __torch__.probe.Graph, x: Tensor, weight: Tensor, wanted: int, device: str) -> Tensor:
        w = __torch__.weights.Weights({"linear.weight": weight}, wanted, device)                             # [o, i]
        kernel = __torch__.linear.load(w, "linear")
        return kernel.forward(x.to(w.device, wanted)).to(torch.device("cpu"), 6)                             # [n, o] float32

    def check(self: __torch__.probe.Graph, wanted: int, device: str) -> Tensor:
        # The largest weights and inputs: all outputs are 127 * 128, if nothing overflows.
        weight = torch.full([32, 128], 127.0, dtype=6, device=torch.device("cpu"))                           # [32, 128]
        x = torch.ones([2, 128], dtype=6, device=torch.device("cpu"))                                        # [2, 128]
        return self.product(x, weight, wanted, device)                                                       # [2, 32] float32
