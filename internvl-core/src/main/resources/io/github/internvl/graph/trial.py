# A trial of attention on this machine: pictures and prompts of a model's sizes.
# Letters: c = heads, n = positions, w = head width, kv = key heads, group = query heads that share one, m = keys.

import attention


class Graph(torch.nn.Module):
    inputs : List[Tensor]    # q, k, v

    def numbers(self, shape: List[int], dtype: torch.dtype) -> Tensor:
        count = 1
        for size in shape:
            count *= size
        steps = torch.arange(count, dtype=torch.float32, device=torch.device("cpu"))    # [count] float32
        return torch.sin(steps).to(dtype).view(shape)

    def tile(self, c: int, n: int, w: int, dtype: torch.dtype) -> None:
        for i in range(3):
            self.inputs.append(self.numbers([1, n, c, w], dtype).transpose(1, 2))    # [1, c, n, w]

    def prompt(self, n: int, m: int, kv: int, group: int, w: int, dtype: torch.dtype) -> None:
        self.inputs.append(self.numbers([n, kv, group, w], dtype))    # [n, kv, group, w]
        self.inputs.append(self.numbers([kv, m, w], dtype))           # [kv, m, w]
        self.inputs.append(self.numbers([kv, m, w], dtype))           # [kv, m, w]

    def full(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return attention.full(q, k, v)    # [t, c, n, w]

    def causal(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        mask = attention.mask(q.size(0), k.size(1), q.dtype, q.device)    # [n, m], or empty
        return attention.causal(q, k, v, mask)                            # [n, kv, group, w]

    def attend(self) -> Tensor:
        q, k, v = self.inputs[0], self.inputs[1], self.inputs[2]
        return self.full(q, k, v) if k.dim() == 4 else self.causal(q, k, v)    # [1, c, n, w] or [n, kv, group, w]
