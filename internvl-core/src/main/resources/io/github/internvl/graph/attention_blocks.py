# Attention as plain products, in blocks whose scores stay in the cache: on some CPUs faster than libtorch's own kernel.
# Letters: t = tiles, c = heads, n = positions, w = head width, kv = key heads, group = query heads that share one,
# m = keys, b = heads of a block, r = query rows of a block.


def scores() -> int:
    # The most in a block: 5 MB in bfloat16. The allocator gives larger blocks back to the system after each use.
    return 2621440


def mask(n: int, m: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.empty([0, 0], dtype=dtype, device=device)    # each block makes its own


def full(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    # Each position of a tile sees all of them: q, k and v [t, c, n, w].
    t, c, n, w = q.size(0), q.size(1), q.size(2), q.size(3)
    y = torch.empty([t, n, c, w], dtype=q.dtype, device=q.device).transpose(1, 2)     # [t, c, n, w]
    r = min(n, max(1, scores() // n))
    b = min(c, max(1, scores() // (n * r)))
    for i in range(t):
        for head in range(0, c, b):
            end = min(c, head + b)
            queries = q[i].slice(0, head, end) * w ** -0.5                            # [b, n, w]
            keys = k[i].slice(0, head, end).transpose(1, 2)                           # [b, w, n]
            values = v[i].slice(0, head, end)                                         # [b, n, w]
            for row in range(0, n, r):
                weights = torch.softmax(torch.bmm(queries.slice(1, row, row + r), keys), -1)    # [b, r, n]
                y[i].slice(0, head, end).slice(1, row, row + r).copy_(torch.bmm(weights, values))    # [b, r, w]
    return y


def causal(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    # The last n positions of a sequence see all of them up to themselves: q [n, kv, group, w], k and v [kv, m, w].
    # No block multiplies keys that none of its rows sees.
    n, kv, group, w = q.size(0), q.size(1), q.size(2), q.size(3)
    m = k.size(1)
    y = torch.empty_like(q)                                                           # [n, kv, group, w]
    r = min(128, max(16, scores() // (kv * group * m)))
    later = torch.full([r, r], -torch.inf, dtype=q.dtype, device=q.device).triu(1)    # [r, r]
    for row in range(0, n, r):
        own = min(r, n - row)
        seen = m - n + row + own
        queries = q.narrow(0, row, own).permute([1, 2, 0, 3]) * w ** -0.5             # [kv, group, r, w]
        queries = queries.reshape([kv, group * own, w])                               # [kv, group * r, w]
        s = torch.bmm(queries, k.narrow(1, 0, seen).transpose(1, 2))                  # [kv, group * r, seen]
        square = s.view([kv, group, own, seen]).narrow(3, seen - own, own)            # [kv, group, r, r]
        square.add_(later.slice(0, 0, own).slice(1, 0, own))
        x = torch.bmm(torch.softmax(s, -1), v.narrow(1, 0, seen))                     # [kv, group * r, w]
        y.narrow(0, row, own).copy_(x.view([kv, group, own, w]).permute([2, 0, 1, 3]))    # [r, kv, group, w]
    return y
