# Keys and values of a sequence in one layer, in the model's number format.
# Letters: kv = key heads, m = tokens that there is room for, n = tokens written, w = head width.


def room(kv: int, tokens: int, width: int, dtype: int, device: Device) -> List[Tensor]:
    return [torch.empty([2, kv, tokens, width], dtype=dtype, device=device)]                # [2, kv, m, w]


def write(cache: List[Tensor], start: int, k: Tensor, v: Tensor) -> None:
    # k and v [n, kv, w] become tokens `start .. start + n - 1`.
    keys, values = torch.unbind(cache[0].narrow(2, start, k.size(0)))                       # [kv, n, w] each
    keys.copy_(k.transpose(0, 1))                                                           # [kv, n, w]
    values.copy_(v.transpose(0, 1))                                                         # [kv, n, w]


def read(cache: List[Tensor], tokens: int, dtype: int) -> Tuple[Tensor, Tensor]:
    keys, values = torch.unbind(cache[0].narrow(2, 0, tokens))                              # [kv, tokens, w] each
    return (keys, values)
