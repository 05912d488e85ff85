# Tries a linear layer out: whether this machine has what it needs, and adds up without overflow.


class Graph(Module):
    __parameters__ = []
    __buffers__ = []
    training : bool
    tensors : Dict[str, Tensor]

    def check(self: __torch__.probe.Graph, wanted: int, device: str) -> Tensor:
        # The largest weights and inputs: all outputs are 127 * 128, if nothing overflows.
        self.tensors["linear.weight"] = torch.full([32, 128], 127.0, dtype=6, device=torch.device("cpu"))    # [32, 128]
        w = __torch__.weights.Weights(self.tensors, wanted, device)
        linear = __torch__.linear.load(w, "linear")
        x = torch.ones([2, 128], dtype=wanted, device=w.device)                                              # [2, 128]
        return linear.forward(x).to(torch.device("cpu"), 6)                                                  # [2, 32] float32
