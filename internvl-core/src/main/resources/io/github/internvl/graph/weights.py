# The tensors of a part of a model, out of its table (table.py). A large tensor that keeps its number format and stays on
# the CPU is never copied.
# Letters: o = outputs, i = inputs, q = query heads, kv = key heads, w = head width, h = model width.

import norm


def outputs(suffix: str) -> int:
    # The dimension of the outputs. Packed weights and their scales have it last, with eight outputs to a packed number.
    return 0 if suffix == ".weight" or suffix == ".bias" else 1


class Weights:
    tensors : Dict[str, Tensor]
    wanted : torch.dtype    # the number format of the computation
    device : torch.device

    def __init__(self, tensors: Dict[str, Tensor], wanted: torch.dtype, device: str) -> None:
        self.tensors = tensors
        self.wanted = wanted
        self.device = torch.device(device)

    def has(self, name: str) -> bool:
        return name in self.tensors

    def stored(self, name: str) -> Tensor:
        # In the format of the file.
        return self.tensors.pop(name)

    def take(self, name: str) -> Tensor:
        # A small tensor is always copied: a norm that is a view of the file would keep the mapping, and with it every page
        # that was read for the linears beside it.
        own = self.tensors.pop(name)
        return own.to(self.device, self.wanted, False, own.numel() <= 1048576)

    def find(self, name: str) -> Optional[Tensor]:
        if name in self.tensors:
            return self.take(name)
        return None

    def norm(self, name: str, eps: float) -> norm.Norm:
        return norm.Norm(self.take(name + ".weight"), self.find(name + ".bias"), eps)

    def head_norm(self, name: str, heads: int, kv_heads: int, eps: float) -> Optional[norm.Norm]:
        # The norm of all query heads and that of all key heads as one, with a row for each head; None without them.
        if not self.has(name + "q_norm.weight"):
            return None
        q = self.take(name + "q_norm.weight").expand([heads, -1])       # [q, w]
        k = self.take(name + "k_norm.weight").expand([kv_heads, -1])    # [kv, w]
        return norm.Norm(torch.cat([q, k]), None, eps)                # weight [q + kv, w]

    def join(self, name: str, parts: List[str]) -> None:
        # Joins several linears into one, their outputs one behind the other.
        for suffix in [".weight", ".bias", ".qweight", ".qzeros", ".scales"]:
            if parts[0] + suffix in self.tensors:
                own = [self.tensors.pop(part + suffix).to(self.device) for part in parts]    # [o, ...] each
                self.tensors[name + suffix] = torch.cat(own, outputs(suffix))                # [o, ...]

    def split(self, name: str, parts: List[str], kv_heads: int, group: int) -> None:
        # InternLM2: for each key head in turn its query heads, its key head, its value head.
        for suffix in [".weight", ".bias", ".qweight", ".qzeros", ".scales"]:
            if name + suffix in self.tensors:
                # Moved first, since the split copies.
                fused = self.tensors.pop(name + suffix).to(self.device)     # [kv * (group + 2) * w, h], packed [h, ...]
                axis = outputs(suffix)
                heads = fused.unflatten(axis, [kv_heads, group + 2, -1])    # [kv, group + 2, w, h]
                first = 0
                for part in parts:
                    count = 1
                    if first == 0:
                        count = group
                    own = heads.narrow(axis + 1, first, count)              # [kv, count, w, h]
                    self.tensors[part + suffix] = own.flatten(axis, axis + 2)    # [kv * count * w, h]
                    first += count
