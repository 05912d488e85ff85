# Norms of both transformers in few kernels, for CUDA devices: x / sqrt(mean(x * x) + eps) is sqrt(d) * x / hypot(|x|,
# sqrt(eps * d)), where no copy in float32 is needed.
# Letters: d = model width.


class Norm:
    # LayerNorm if the checkpoint has a bias, else RMSNorm, computed in float32.
    weight : Tensor            # [d]; that of RMSNorm in float32, times sqrt(d)
    bias : Optional[Tensor]    # [d]
    eps : float
    least : Tensor             # [1] float32: sqrt(eps * d)

    def __init__(self, weight: Tensor, bias: Optional[Tensor], eps: float) -> None:
        d = weight.size(-1)
        if bias is None:
            weight = weight.to(torch.float32) * torch.sqrt(d)                                         # [d] float32
        self.weight = weight
        self.bias = bias
        self.eps = eps
        self.least = torch.full([1], torch.sqrt(eps * d), dtype=torch.float32, device=weight.device)  # [1]

    def forward(self, x: Tensor) -> Tensor:
        bias = self.bias
        if bias is not None:
            return torch.layer_norm(x, [x.size(-1)], self.weight, bias, self.eps)          # [..., d]
        length = torch.linalg_vector_norm(x, 2, [-1], True, dtype=torch.float32)           # [..., 1] float32
        y = torch.empty_like(x)                                                            # [..., d]
        torch.div(x, torch.hypot(length, self.least), out=y)
        return torch.mul(self.weight, y, out=y)                                            # [..., d]
