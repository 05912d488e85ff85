# Attention of the next tokens of static slots over as many places of each as the longest sequence takes; a mask hides those behind
# a shorter one.
# Letters: n = slots, s = slots of the cache, q = query heads, kv = key heads, w = head width.

import cache


class Dense:
    # One token of each of the first n slots.
    positions : Tensor             # [n] int64
    mask : Tensor                  # added to the scores, [n, 1, 1, length]
    length : int                   # places of each slot that attention covers
    caches : List[List[Tensor]]    # keys and values of all slots, for each layer

    def __init__(self, positions: Tensor, length: int, caches: List[List[Tensor]], dtype: torch.dtype) -> None:
        places = torch.arange(length, dtype=torch.int64, device=positions.device)       # [length]
        unseen = torch.gt(places.unsqueeze(0), positions.unsqueeze(1))                  # [n, length]
        mask = torch.zeros_like(unseen, dtype=dtype).masked_fill(unseen, -torch.inf)    # [n, length]
        self.positions = positions
        self.mask = mask.view([-1, 1, 1, length])
        self.length = length
        self.caches = caches

    def move(self, device: torch.device) -> None:
        self.positions = self.positions.to(device)    # [n]
        self.mask = self.mask.to(device)              # [n, 1, 1, length]

    def attend(self, q: Tensor, new: Tensor, kept: List[Tensor]) -> Tensor:
        # Writes keys, then values [n, 2, kv, w] of the tokens to a layer's cache, and attends to it with queries [n, q, w].
        n, kv, w = q.size(0), new.size(2), q.size(2)
        cache.write_dense(kept, self.positions, new)
        keys, values = cache.read_dense(kept, n, self.length, q.dtype)                            # [n, kv, length, w] each
        folded = q.view([n, kv, -1, w])                                                           # [n, kv, q / kv, w]
        mask = self.mask.expand([-1, -1, folded.size(2), -1])                                     # [n, 1, q / kv, length]
        return torch.scaled_dot_product_attention(folded, keys, values, mask).reshape([n, -1])    # [n, q * w]
