# What this machine's CPU multiplies.


class Graph(Module):
    __parameters__ = []
    __buffers__ = []
    training : bool

    def bfloat16(self: __torch__.cpu.Graph) -> Tensor:
        known = ops.mkldnn._is_mkldnn_bf16_supported()
        return torch.full([1], int(known), dtype=4, device=torch.device("cpu"))    # [1] int64
