# Attention through libtorch's own kernel, which keeps the scores of a few queries in the cache.
# Letters: t = tiles, c = heads, n = positions, w = head width, kv = key heads, group = query heads that share one,
# m = keys.


def mask(n: int, m: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    # Added to the scores of the last n positions of m, for `causal`.
    if n == 1 or n == m:
        return torch.empty([0, 0], dtype=dtype, device=device)                           # the kernel needs no mask
    return torch.full([n, m], -torch.inf, dtype=dtype, device=device).triu(m - n + 1)    # [n, m]


def full(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    # Each position of a tile sees all of them: q, k and v [t, c, n, w].
    return torch.scaled_dot_product_attention(q, k, v)    # [t, c, n, w]


def causal(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    # The last n positions of a sequence see all of them up to themselves: q [n, kv, group, w], k and v [kv, m, w].
    # Key heads are the batch: query heads that share one see the same keys, without a copy.
    n, group = q.size(0), q.size(2)
    heads = q.permute([1, 2, 0, 3])                                                     # [kv, group, n, w]
    keys = k.unsqueeze(1).expand([-1, group, -1, -1])                                   # [kv, group, m, w]
    values = v.unsqueeze(1).expand([-1, group, -1, -1])                                 # [kv, group, m, w]
    if n == k.size(1):
        y = torch.scaled_dot_product_attention(heads, keys, values, is_causal=True)     # [kv, group, n, w]
    else:
        y = torch.scaled_dot_product_attention(heads, keys, values, mask)               # [kv, group, n, w]
    return y.permute([2, 0, 1, 3])                                                      # [n, kv, group, w]
