# Norms of both transformers in few kernels, for CUDA devices: x / sqrt(mean(x * x) + eps) is sqrt(d) * x / hypot(|x|,
# sqrt(eps * d)), where no copy in float32 is needed. The factor sqrt(d) comes before the quotient is rounded: without it, most
# numbers of a row with a large one would be too small for float16.
# Letters: d = model width.


class Norm:
    # LayerNorm if the checkpoint has a bias, else RMSNorm, computed in float32.
    weight : Tensor            # [d]; that of RMSNorm in float32
    bias : Optional[Tensor]    # [d]
    eps : float
    least : Tensor             # [1] float32: sqrt(eps * d)
    zero : Tensor              # [1] float32
    root : float               # sqrt(d)

    def __init__(self, weight: Tensor, bias: Optional[Tensor], eps: float) -> None:
        d = weight.size(-1)
        if bias is None:
            weight = weight.to(torch.float32)                                                         # [d] float32
        self.weight = weight
        self.bias = bias
        self.eps = eps
        self.least = torch.full([1], torch.sqrt(eps * d), dtype=torch.float32, device=weight.device)  # [1]
        self.zero = torch.zeros([1], dtype=torch.float32, device=weight.device)                       # [1]
        self.root = torch.sqrt(d)

    def forward(self, x: Tensor) -> Tensor:
        bias = self.bias
        if bias is not None:
            return torch.layer_norm(x, [x.size(-1)], self.weight, bias, self.eps)          # [..., d]
        length = torch.linalg_vector_norm(x, 2, [-1], True, dtype=torch.float32)           # [..., 1] float32
        y = torch.empty_like(x)                                                            # [..., d]
        torch.addcdiv(self.zero, x, torch.hypot(length, self.least), value=self.root, out=y)
        return torch.mul(self.weight, y, out=y)                                            # [..., d]
