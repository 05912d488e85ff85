# Keys and values of a sequence in one layer, in 8 bits: each head of each token has a scale of its own.
# Letters: kv = key heads, m = tokens that there is room for, n = tokens written, w = head width.


def room(kv: int, tokens: int, width: int, dtype: int, device: Device) -> List[Tensor]:
    rounded = torch.empty([2, kv, tokens, width], dtype=1, device=device)                   # [2, kv, m, w] int8
    scales = torch.empty([2, kv, tokens, 1], dtype=6, device=device)                        # [2, kv, m, 1] float32
    return [rounded, scales]


def write(cache: List[Tensor], start: int, k: Tensor, v: Tensor) -> None:
    # k and v [n, kv, w] become tokens `start .. start + n - 1`.
    x = torch.stack([k, v]).transpose(1, 2).to(6)                                           # [2, kv, n, w] float32
    scales = torch.clamp_min(x.abs().amax([-1], True), 1.0e-12) / 127.0                     # [2, kv, n, 1]
    cache[0].narrow(2, start, k.size(0)).copy_(torch.round(x / scales))                     # [2, kv, n, w] int8
    cache[1].narrow(2, start, k.size(0)).copy_(scales)                                      # [2, kv, n, 1]


def read(cache: List[Tensor], tokens: int, dtype: int) -> Tuple[Tensor, Tensor]:
    x = cache[0].narrow(2, 0, tokens).to(6) * cache[1].narrow(2, 0, tokens)                 # [2, kv, tokens, w] float32
    keys, values = torch.unbind(x.to(dtype))                                                # [kv, tokens, w] each
    return (keys, values)
