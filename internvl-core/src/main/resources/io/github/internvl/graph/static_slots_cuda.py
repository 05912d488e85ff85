# Attention of the next tokens of static slots over each one's own sequence. The kernel takes from the device where the keys of a
# sequence begin and how many there are, so that it needs no mask, and no place behind a sequence is read.
# Each pair of a slot and a key head is a sequence of its own to the kernel: then the cache [s, 2, kv, m, w] is one long list of
# keys and values of w numbers as it is, and query heads that share a key head are the rows of one product, without a copy.
# Letters: n = slots, s = slots of the cache, q = query heads, kv = key heads, w = head width, m = places of a slot, r = n * kv.

import attention
import cache


class Dense:
    # One token of each of the first n slots.
    positions : Tensor             # [n] int64
    rows : Tensor                  # [r + 1] int32: 0, 1, 2 … since each sequence has one token
    starts : Tensor                # [r + 1] int32: where keys begin in the list; the last one is of no sequence
    counts : Tensor                # [r] int32: how many there are
    length : int                   # no less than any of them
    caches : List[List[Tensor]]    # keys and values of all slots, for each layer

    def __init__(self, positions: Tensor, length: int, caches: List[List[Tensor]], dtype: torch.dtype) -> None:
        n, kv, m = positions.size(0), caches[0][0].size(2), caches[0][0].size(3)
        ends = (n + 1) * 2 * kv * m
        every = torch.arange(0, ends, m, dtype=torch.int32, device=positions.device)           # [(n + 1) * 2 * kv]
        keys = every.view([n + 1, 2 * kv]).narrow(1, 0, kv).contiguous().view([-1])            # [r + kv]
        known = positions + 1                                                                  # [n]
        known = torch.where(torch.gt(known, length), 1, known)                                 # a slot without a next token
        self.positions = positions
        self.rows = torch.arange(n * kv + 1, dtype=torch.int32, device=positions.device)
        self.starts = keys.narrow(0, 0, n * kv + 1)
        self.counts = known.to(torch.int32).unsqueeze(1).expand([-1, kv]).contiguous().view([-1])    # [r]
        self.length = length
        self.caches = caches

    def move(self, device: torch.device) -> None:
        self.positions = self.positions.to(device)    # [n]
        self.rows = self.rows.to(device)              # [r + 1]
        self.starts = self.starts.to(device)          # [r + 1]
        self.counts = self.counts.to(device)          # [r]

    def attend(self, q: Tensor, new: Tensor, kept: List[Tensor]) -> Tensor:
        # Writes keys, then values [n, 2, kv, w] of the tokens to a layer's cache, and attends to it with queries [n, q, w].
        n, kv, w = q.size(0), new.size(2), q.size(2)
        cache.write_dense(kept, self.positions, new)
        flat = kept[0].view([-1, 1, w])                                 # [s * 2 * kv * m, 1, w]
        behind = kv * kept[0].size(3)                                   # as far as values lie behind their keys
        keys = flat.narrow(0, 0, flat.size(0) - behind)                 # [s * 2 * kv * m - kv * m, 1, w]
        values = flat.narrow(0, behind, flat.size(0) - behind)          # as many
        folded = q.reshape([n * kv, -1, w])                             # [r, q / kv, w]
        y = attention.each(folded, keys, values, self.rows, self.starts, self.counts, self.length)    # [r, q / kv, w]
        return y.view([n, -1])                                          # [n, q * w]
