# Parts that both transformers share.
# Letters: n = positions, d = model width, w = head width.


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
        wide = torch.rms_norm(x.to(torch.float32), [x.size(-1)], None, self.eps)     # [..., d] float32
        return self.weight * wide.to(x.dtype)                                        # [..., d]


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


def mask(n: int, m: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    # Added to the scores of the last n positions of m: each position sees those up to itself.
    if n == 1 or n == m:
        return torch.empty([0, 0], dtype=dtype, device=device)                           # the kernels need no mask
    return torch.full([n, m], -torch.inf, dtype=dtype, device=device).triu(m - n + 1)    # [n, m]


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    # Causal attention of the last n positions of a sequence over all m of them; q [n, heads, w], k and v [kv, m, w].
    n = q.size(0)
    kv = k.size(0)
    m = k.size(1)
    group = q.size(1) // kv
    if n == 1:
        # Query heads that share a key head become rows of one product, which reads the keys once.
        folded = q.view([1, kv, group, q.size(2)])                                          # [1, kv, group, w]
        one = torch.scaled_dot_product_attention(folded, k.unsqueeze(0), v.unsqueeze(0))    # [1, kv, group, w]
        return one.reshape([1, -1])                                                         # [1, heads * w]
    # Key heads are the batch: query heads that share one see the same keys, without a copy.
    heads = q.view([n, kv, group, -1]).permute([1, 2, 0, 3])                                # [kv, group, n, w]
    keys = k.unsqueeze(1).expand([-1, group, -1, -1])                                       # [kv, group, m, w]
    values = v.unsqueeze(1).expand([-1, group, -1, -1])                                     # [kv, group, m, w]
    if n == m:
        y = torch.scaled_dot_product_attention(heads, keys, values, is_causal=True)         # [kv, group, n, w]
    else:
        y = torch.scaled_dot_product_attention(heads, keys, values, mask.to(q.device))      # [kv, group, n, w]
    return y.permute([2, 0, 1, 3]).reshape([n, -1])                                         # [n, heads * w]
