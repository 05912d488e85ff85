# Keys and values of a sequence in one layer, in 8 bits, with one scale for each head of each token.
# Letters: kv = key heads, m = tokens that fit, n = tokens written, w = head width, s = slots.


def allocate(kv: int, tokens: int, width: int, dtype: torch.dtype, device: torch.device) -> List[Tensor]:
    numbers = torch.empty([2, kv, tokens, width], dtype=torch.int8, device=device)    # [2, kv, m, w] int8
    scales = torch.empty([2, kv, tokens, 1], dtype=torch.float32, device=device)      # [2, kv, m, 1] float32
    return [numbers, scales]


def rounded(x: Tensor) -> Tuple[Tensor, Tensor]:
    wide = x.to(torch.float32)                                                # [..., w] float32
    scales = torch.clamp_min(wide.abs().amax([-1], True), 1.0e-12) / 127.0    # [..., 1]
    return (torch.round(wide / scales).to(torch.int8), scales)                # [..., w] int8, [..., 1]


def write(cache: List[Tensor], start: int, new: Tensor) -> None:
    # Keys, then values [n, 2, kv, w] become tokens `start .. start + n - 1`.
    numbers, scales = rounded(new.permute([1, 2, 0, 3]))                # [2, kv, n, w], [2, kv, n, 1]
    cache[0].narrow(2, start, new.size(0)).copy_(numbers)               # [2, kv, n, w] int8
    cache[1].narrow(2, start, new.size(0)).copy_(scales)                # [2, kv, n, 1]


def read(cache: List[Tensor], tokens: int, dtype: torch.dtype) -> Tuple[Tensor, Tensor]:
    x = cache[0].narrow(2, 0, tokens).to(torch.float32) * cache[1].narrow(2, 0, tokens)    # [2, kv, tokens, w] float32
    keys, values = torch.unbind(x.to(dtype))                                               # [kv, tokens, w] each
    return (keys, values)


def static_cache(slots: int, kv: int, tokens: int, width: int, dtype: torch.dtype,
                 device: torch.device) -> List[Tensor]:
    # For all slots at once. Zeros, since a masked value is still multiplied: with NaN or infinity, 0 would give NaN.
    numbers = torch.zeros([slots, 2, kv, tokens, width], dtype=torch.int8, device=device)    # [s, 2, kv, m, w] int8
    scales = torch.zeros([slots, 2, kv, tokens, 1], dtype=torch.float32, device=device)      # [s, 2, kv, m, 1] float32
    return [numbers, scales]


def write_dense(cache: List[Tensor], positions: Tensor, new: Tensor) -> None:
    # Keys, then values [n, 2, kv, w] become one token of each of the first n slots, at positions [n].
    n = new.size(0)
    numbers, scales = rounded(new.unsqueeze(3))                                 # [n, 2, kv, 1, w], [n, 2, kv, 1, 1]
    places = positions.view([n, 1, 1, 1, 1]).expand([-1, 2, new.size(2), 1, -1])    # [n, 2, kv, 1, 1]
    cache[0].narrow(0, 0, n).scatter_(3, places.expand_as(numbers), numbers)    # [n, 2, kv, m, w]
    cache[1].narrow(0, 0, n).scatter_(3, places, scales)                        # [n, 2, kv, m, 1]


def read_dense(cache: List[Tensor], n: int, tokens: int, dtype: torch.dtype) -> Tuple[Tensor, Tensor]:
    # Keys, then values: in float32 they take four times the memory of the cache.
    parts : List[Tensor] = []
    for part in range(2):
        whole = cache[0].narrow(0, 0, n).select(1, part).narrow(2, 0, tokens)     # [n, kv, tokens, w] int8
        scales = cache[1].narrow(0, 0, n).select(1, part).narrow(2, 0, tokens)    # [n, kv, tokens, 1]
        parts.append(whole.to(torch.float32).mul_(scales).to(dtype))              # [n, kv, tokens, w]
    return (parts[0], parts[1])
