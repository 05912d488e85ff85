# Keys and values of a sequence in one layer, in the model's number format.
# Letters: kv = key heads, m = tokens that fit, n = tokens written, w = head width, s = slots.


def allocate(kv: int, tokens: int, width: int, dtype: torch.dtype, device: torch.device) -> List[Tensor]:
    return [torch.empty([2, kv, tokens, width], dtype=dtype, device=device)]    # [2, kv, m, w]


def write(cache: List[Tensor], start: int, new: Tensor) -> None:
    # Keys, then values [n, 2, kv, w] become tokens `start .. start + n - 1`.
    cache[0].narrow(2, start, new.size(0)).copy_(new.permute([1, 2, 0, 3]))    # [2, kv, n, w]


def read(cache: List[Tensor], tokens: int, dtype: torch.dtype) -> Tuple[Tensor, Tensor]:
    keys, values = torch.unbind(cache[0].narrow(2, 0, tokens))    # [kv, tokens, w] each
    return (keys, values)


def static_cache(slots: int, kv: int, tokens: int, width: int, dtype: torch.dtype,
                 device: torch.device) -> List[Tensor]:
    # For all slots at once. Zeros, since a masked value is still multiplied: with NaN or infinity, 0 would give NaN.
    return [torch.zeros([slots, 2, kv, tokens, width], dtype=dtype, device=device)]    # [s, 2, kv, m, w]


def write_dense(cache: List[Tensor], positions: Tensor, new: Tensor) -> None:
    # Keys, then values [n, 2, kv, w] become one token of each of the first n slots, at positions [n].
    n = new.size(0)
    places = positions.view([n, 1, 1, 1, 1]).expand([-1, 2, new.size(2), 1, new.size(3)])    # [n, 2, kv, 1, w]
    cache[0].narrow(0, 0, n).scatter_(3, places, new.unsqueeze(3))                           # [n, 2, kv, m, w]


def read_dense(cache: List[Tensor], n: int, tokens: int, dtype: torch.dtype) -> Tuple[Tensor, Tensor]:
    keys, values = torch.unbind(cache[0].narrow(0, 0, n).narrow(3, 0, tokens), 1)    # [n, kv, tokens, w] each
    return (keys, values)
