# Attention of one step over static slots.
# Letters: n = slots, s = slots of the cache, q = query heads, kv = key heads, w = head width, m = places of a slot.

import static_slots


class Graph(torch.nn.Module):
    def attend(self, kept: Tensor, q: Tensor, new: Tensor, positions: Tensor, length: int) -> Tensor:
        # kept [s, 2, kv, m, w], q [n, q, w], new [n, 2, kv, w], positions [n]
        dense = static_slots.Dense(positions, length, [[kept]], q.dtype)
        return dense.attend(q, new, [kept])    # [n, q * w]
