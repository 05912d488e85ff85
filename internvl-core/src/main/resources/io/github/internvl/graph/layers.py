# Parts that both transformers share.
# Letters: n = positions, d = model width, w = head width, kv = key heads, m = keys, group = query heads that share one.

import attention


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


def rotary(angles: Tensor, magnitude: float, dtype: torch.dtype) -> Tuple[Tensor, Tensor]:
    # Cosines and sines for `rotate`, of angles [n, w / 2] float32.
    cos, sin = angles.cos(), angles.sin()                      # [n, w / 2] each
    if magnitude != 1.0:
        cos, sin = cos * magnitude, sin * magnitude            # [n, w / 2] each
    cos = torch.cat([cos, cos], -1).unsqueeze(1).to(dtype)     # [n, 1, w]
    sin = torch.cat([-sin, sin], -1).unsqueeze(1).to(dtype)    # [n, 1, w]
    return (cos, sin)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    # Rotary embedding in halves: element i pairs with element i + w / 2; `sin` is negative in its first half.
    return (x * cos).addcmul_(torch.roll(x, [x.size(-1) // 2], [-1]), sin)    # [n, heads, w]


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    # Causal attention of the last n positions of a sequence over all m of them; q [n, heads, w], k and v [kv, m, w].
    n, kv, w = q.size(0), k.size(0), q.size(2)
    folded = q.reshape([n, kv, -1, w])                                                      # [n, kv, group, w]
    if n == 1:
        # Query heads that share a key head become rows of one product, which reads the keys once.
        one = torch.scaled_dot_product_attention(folded, k.unsqueeze(0), v.unsqueeze(0))    # [1, kv, group, w]
        return one.reshape([1, -1])                                                         # [1, heads * w]
    return attention.causal(folded, k, v, mask.to(q.device)).reshape([n, -1])               # [n, heads * w]
