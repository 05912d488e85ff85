# Attention without masks, for CUDA devices of compute capability 8.0 and newer: their kernels know that the last n positions
# of m are causal. bfloat16 and float16 take flash attention, float32 the memory-efficient kernel.
# Letters: t = tiles, c = heads, n = positions, w = head width, kv = key heads, group = query heads that share one,
# m = keys.


def mask(n: int, m: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.empty([0, 0], dtype=dtype, device=device)    # the kernels need none


def full(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    # Each position of a tile sees all of them: q, k and v [t, c, n, w].
    return torch.scaled_dot_product_attention(q, k, v)    # [t, c, n, w]


def causal(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    # The last n positions of a sequence see all of them up to themselves: q [n, kv, group, w], k and v [kv, m, w].
    # Key heads are the batch: query heads that share one see the same keys, without a copy.
    n, group = q.size(0), q.size(2)
    if q.dtype == torch.float32:
        # 2: the mask begins at the bottom right.
        found = torch._efficient_attention_forward(
            q.permute([1, 0, 2, 3]), k.unsqueeze(2).expand([-1, -1, group, -1]), v.unsqueeze(2).expand([-1, -1, group, -1]),
            None, None, None, None, None, 0.0, 2)
        return found[0].transpose(0, 1)                                                   # [n, kv, group, w]
    heads = q.permute([1, 2, 0, 3])                                                       # [kv, group, n, w]
    keys = k.unsqueeze(1).expand([-1, group, -1, -1])                                     # [kv, group, m, w]
    values = v.unsqueeze(1).expand([-1, group, -1, -1])                                   # [kv, group, m, w]
    found = torch._scaled_dot_product_flash_attention(heads, keys, values, 0.0, True)
    return found[0].permute([2, 0, 1, 3])                                                 # [n, kv, group, w]


def each(q: Tensor, k: Tensor, v: Tensor, rows: Tensor, starts: Tensor, counts: Tensor, most: int) -> Tensor:
    # One position of each of r sequences that lie among others in the same keys and values, in bfloat16 or float16: q
    # [r, group, w], k and v [m, 1, w], all contiguous. Sequence i has counts[i] keys from starts[i] on, `most` or fewer; rows are
    # 0 to r. The kernel reads counts in place of the distance to the next start.
    found = torch._flash_attention_forward(q, k, v, rows, starts, 1, most, 0.0, False, False, seqused_k=counts)
    return found[0]                                                                       # [r, group, w]
