# Rotary embedding and attention of the language model.
# Letters: n = positions, w = head width, kv = key heads, m = keys, group = query heads that share one.

import attention


def rotary(angles: Tensor, magnitude: float, dtype: torch.dtype) -> Tuple[Tensor, Tensor]:
    # Cosines and sines for `rotate`, of angles [n, w / 2] float32.
    cos, sin = angles.cos(), angles.sin()                      # [n, w / 2] each
    if magnitude != 1.0:
        cos, sin = cos * magnitude, sin * magnitude            # [n, w / 2] each
    cos = torch.cat([cos, cos], -1).unsqueeze(1).to(dtype)     # [n, 1, w]
    sin = torch.cat([-sin, sin], -1).unsqueeze(1).to(dtype)    # [n, 1, w]
    return (cos, sin)


def rotate(x: Tensor, halves: Tensor, cos: Tensor, sin: Tensor, out: Tensor) -> None:
    # Rotary embedding in halves: element i pairs with element i + w / 2, which is what `halves` has in its place; `sin` is
    # negative in its first half.
    torch.mul(x, cos, out=out).addcmul_(halves, sin)    # [n, heads, w]


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    # Causal attention of the last n positions of a sequence over all m of them; q [n, heads, w], k and v [kv, m, w].
    n, kv, w = q.size(0), k.size(0), q.size(2)
    folded = q.reshape([n, kv, -1, w])                                                      # [n, kv, group, w]
    if n == 1:
        # Query heads that share a key head become rows of one product, which reads the keys once.
        one = torch.scaled_dot_product_attention(folded, k.unsqueeze(0), v.unsqueeze(0))    # [1, kv, group, w]
        return one.reshape([1, -1])                                                         # [1, heads * w]
    return attention.causal(folded, k, v, mask).reshape([n, -1])               # [n, heads * w]
