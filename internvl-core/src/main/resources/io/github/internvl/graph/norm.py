# Norms of both transformers.
# Letters: d = model width.


class Norm:
    # LayerNorm if the checkpoint has a bias, else RMSNorm, computed in float32.
    weight : Tensor            # [d]
    bias : Optional[Tensor]    # [d]
    eps : float

    def __init__(self, weight: Tensor, bias: Optional[Tensor], eps: float) -> None:
        self.weight = weight
        self.bias = bias
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        bias = self.bias
        if bias is not None:
            return torch.layer_norm(x, [x.size(-1)], self.weight, bias, self.eps)    # [..., d]
        wide = x.to(torch.float32)                                                   # [..., d] float32
        rate = torch.rsqrt(torch.mean(wide * wide, [-1], True).add_(self.eps))       # [..., 1] float32
        return self.weight * (wide * rate).to(x.dtype)                               # [..., d]
