# The language model (Qwen2, Qwen3, Qwen3-MoE, InternLM2, Llama, Phi-3): tokens in, logits out. Keys and values stay in
# slots.
#
# A step computes any mix of rows. A row is the next `count` tokens of the sequence in one slot: a chunk of its prompt,
# or the one token just sampled. Rows lie one behind the other, without padding; only attention takes them one by one.
# With a static cache, `step_dense` computes one token of each of the first n slots. It takes only two numbers from the
# host, n and the length that attention covers: many slots need no more kernel launches than one, and a CUDA graph can
# replay it.
# Letters: n = tokens of all rows of a step, h = model width, q = query heads, kv = key heads, w = head width,
# m = tokens that a slot can hold.

import attention
import cache
import head
import layers
import linear
import mlp
import norm
import placement
import static_slots
import weights


class Rows:
    slots : List[List[List[Tensor]]]    # keys and values of each row's sequence, for each layer, as `cache` keeps them
    starts : List[int]                  # the position of each row's first token
    counts : List[int]                  # tokens of each row
    spans : List[int]                   # key length that the rotary base depends on: the prompt, or up to the new token
    masks : List[Tensor]                # added to each row's scores, [count, start + count]

    def __init__(self, slots: List[List[List[Tensor]]], starts: List[int], counts: List[int], spans: List[int],
                 dtype: torch.dtype, device: torch.device) -> None:
        self.slots = slots
        self.starts = starts
        self.counts = counts
        self.spans = spans
        self.masks = [attention.mask(counts[i], starts[i] + counts[i], dtype, device) for i in range(len(counts))]

    def move(self, device: torch.device) -> None:
        self.masks = [mask.to(device) for mask in self.masks]    # [count, start + count] each


class Rotary:
    # Rotary angles. Beyond `limit` positions, where the checkpoint asks for it, the base grows with the sequence (dynamic
    # NTK, factor > 0), or other divisors of the frequencies count (Phi-3); keys keep the rotation that they were written
    # with.
    width : int
    base : float
    factor : float
    limit : int
    exponents : Tensor      # [w / 2] float32
    frequencies : Tensor    # [w / 2] float32, at the plain base
    beyond : Tensor         # [w / 2] float32, the same beyond the limit
    divided : bool          # whether they differ
    magnitude : float       # of cosines and sines

    def __init__(self, width: int, base: float, factor: float, limit: int, few: List[float], many: List[float],
                 magnitude: float, device: torch.device) -> None:
        self.width = width
        self.base = base
        self.factor = factor
        self.limit = limit
        even = torch.arange(0, width, 2, dtype=torch.float32, device=device)    # [w / 2] float32
        self.exponents = even / width                                           # [w / 2]
        plain = torch.pow(base, self.exponents)                                 # [w / 2]
        divisors = torch.tensor(few, dtype=torch.float32, device=device)        # [w / 2]
        self.frequencies = torch.reciprocal(divisors * plain)                   # [w / 2]
        divisors = torch.tensor(many, dtype=torch.float32, device=device)       # [w / 2]
        self.beyond = torch.reciprocal(divisors * plain)                        # [w / 2]
        self.divided = few != many
        self.magnitude = magnitude

    def at(self, span: int) -> Tensor:
        if span <= self.limit:
            return self.frequencies                                 # [w / 2]
        if self.factor == 0.0:
            return self.beyond                                      # [w / 2]
        stretch = self.factor * span / self.limit - (self.factor - 1.0)
        base = self.base * torch.pow(stretch, self.width / (self.width - 2))
        return torch.reciprocal(torch.pow(base, self.exponents))    # [w / 2]

    def of_rows(self, rows: Rows, dtype: torch.dtype) -> Tuple[Tensor, Tensor]:
        # Cosines and sines for `rotate`.
        parts : List[Tensor] = []
        for i in range(len(rows.slots)):
            start = rows.starts[i]
            end = start + rows.counts[i]
            places = torch.arange(start, end, dtype=torch.float32, device=self.frequencies.device)    # [count] float32
            parts.append(torch.outer(places, self.at(rows.spans[i])))                                 # [count, w / 2]
        angles = parts[0] if len(parts) == 1 else torch.cat(parts)                                    # [n, w / 2]
        return layers.rotary(angles, self.magnitude, dtype)                                           # [n, 1, w] each

    def of_positions(self, positions: Tensor, spans: Tensor, dtype: torch.dtype) -> Tuple[Tensor, Tensor]:
        # The same for one position [n] of each sequence, with its span [n].
        places = positions.to(torch.float32).unsqueeze(1)                                     # [n, 1] float32
        if self.divided:
            far = torch.gt(spans, self.limit).unsqueeze(1)                                    # [n, 1]
            rates = torch.where(far, self.beyond, self.frequencies)                           # [n, w / 2]
            return layers.rotary(places * rates, self.magnitude, dtype)                       # [n, 1, w] each
        if self.factor == 0.0:
            return layers.rotary(places * self.frequencies, self.magnitude, dtype)            # [n, 1, w] each
        stretch = self.factor * spans.to(torch.float64) / self.limit - (self.factor - 1.0)    # [n] float64
        stretch = stretch.clamp_min(1.0).unsqueeze(1)                                         # [n, 1]
        base = self.base * torch.pow(stretch, self.width / (self.width - 2))                  # [n, 1]
        rates = torch.reciprocal(torch.pow(base.to(torch.float32), self.exponents))           # [n, w / 2] float32
        return layers.rotary(places * rates, self.magnitude, dtype)                           # [n, 1, w] each


class Layer:
    attention_norm : norm.Norm
    wqkv : linear.Linear
    head_norm : Optional[norm.Norm]    # Qwen3: of the queries and keys of each head
    wo : linear.Linear
    mlp_norm : norm.Norm
    mlp : mlp.Mlp
    heads : int
    kv_heads : int
    width : int
    index : int
    device : torch.device

    def __init__(self, w: weights.Weights, index: int, heads: int, kv_heads: int, width: int, eps: float, chosen: int,
                 normed: bool) -> None:
        name = "layers." + str(index) + "."
        self.attention_norm = w.norm(name + "attention_norm", eps)
        w.split(name + "grouped", [name + "wq", name + "wk", name + "wv"], kv_heads, heads // kv_heads)
        w.join(name + "wqkv", [name + "wq", name + "wk", name + "wv"])
        self.wqkv = linear.load(w, name + "wqkv")          # [(q + kv + kv) * w, h]
        self.head_norm = w.head_norm(name, heads, kv_heads, eps)
        self.wo = linear.load(w, name + "wo")              # [h, q * w]
        self.mlp_norm = w.norm(name + "mlp_norm", eps)
        self.mlp = mlp.load(w, name, chosen, normed)
        self.heads = heads
        self.kv_heads = kv_heads
        self.width = width
        self.index = index
        self.device = w.device

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, rows: Optional[Rows], dense: Optional[static_slots.Dense]) -> Tensor:
        # Takes either rows or dense rows.
        qkv = self.wqkv.forward(self.attention_norm.forward(x)).view([x.size(0), -1, self.width])  # [n, q + kv + kv, w]
        self.rotate(qkv, cos, sin)
        q = qkv.narrow(1, 0, self.heads)                                              # [n, q, w]
        new = qkv.narrow(1, self.heads, 2 * self.kv_heads)                            # [n, kv + kv, w]
        new = new.view([x.size(0), 2, self.kv_heads, self.width])                     # [n, 2, kv, w]
        if rows is not None:
            attended = self.attention(q, new, rows)                                   # [n, q * w]
        else:
            assert dense is not None
            attended = dense.attend(q, new, dense.caches[self.index])                 # [n, q * w]
        x = self.wo.onto(attended, x)                                                 # [n, h]
        return self.mlp.onto(self.mlp_norm.forward(x), x)                             # [n, h]

    def rotate(self, qkv: Tensor, cos: Tensor, sin: Tensor) -> None:
        # In place, so that keys stay beside values and one copy writes both.
        count = self.heads + self.kv_heads
        qk = qkv.narrow(1, 0, count)                                                  # [n, q + kv, w]
        head_norm = self.head_norm
        if head_norm is None:
            halves = torch.roll(qkv, [self.width // 2], [-1]).narrow(1, 0, count)     # [n, q + kv, w]
            layers.rotate(qk, halves, cos, sin, qk)
        else:
            x = head_norm.forward(qk)                                                 # [n, q + kv, w]
            layers.rotate(x, torch.roll(x, [self.width // 2], [-1]), cos, sin, qk)

    def attention(self, q: Tensor, new: Tensor, rows: Rows) -> Tensor:
        parts : List[Tensor] = []
        at = 0
        for i in range(len(rows.slots)):
            count = rows.counts[i]
            start = rows.starts[i]
            kept = rows.slots[i][self.index]
            cache.write(kept, start, new.narrow(0, at, count))
            keys, values = cache.read(kept, start + count, q.dtype)          # [kv, start + count, w] each
            own = q.narrow(0, at, count)                                     # [count, q, w]
            parts.append(layers.attend(own, keys, values, rows.masks[i]))    # [count, q * w]
            at += count
        return parts[0] if len(parts) == 1 else torch.cat(parts)             # [n, q * w]


class Decoder:
    # The model without its layers.
    embedding : Tensor     # [vocabulary, h], in the format of the file
    norm : norm.Norm
    head : head.Linear
    rotary : Rotary
    kv_heads : int
    width : int
    dtype : torch.dtype    # of the computation
    last : torch.device    # of norm and head

    def __init__(self, w: weights.Weights, last: weights.Weights, kv_heads: int, width: int, eps: float, base: float,
                 factor: float, limit: int, few: List[float], many: List[float], magnitude: float) -> None:
        self.embedding = w.stored("embedding.weight").to(w.device)
        self.norm = last.norm("norm", eps)
        self.head = head.load(last, "head")
        self.dtype = last.wanted
        self.last = last.device
        self.rotary = Rotary(width, base, factor, limit, few, many, magnitude, self.embedding.device)
        self.kv_heads = kv_heads
        self.width = width

    def embed(self, ids: Tensor, visual: List[Tensor], firsts: List[int], takes: List[int], places: Tensor) -> Tensor:
        # `takes[i]` rows of visual[i] from `firsts[i]` on; all of them together replace the tokens at `places`.
        x = torch.embedding(self.embedding, ids.to(self.embedding.device))                    # [n, h]
        x = x.to(self.dtype)                                                                  # [n, h]
        if places.size(0) > 0:
            parts = [visual[i].narrow(0, firsts[i], takes[i]) for i in range(len(visual))]    # [takes, h] each
            x.index_copy_(0, places.to(x.device), torch.cat(parts).to(x.device, x.dtype))     # [n, h]
        return x

    def logits(self, x: Tensor, last: Optional[Tensor]) -> Tensor:
        # After the tokens `last`; after each one without it.
        if last is not None:
            x = x.index_select(0, last.to(x.device))                        # [rows that end here, h]
        x = x.to(self.last)                                                 # [rows that end here, h]
        placement.enter(self.last)
        return self.head.forward(self.norm.forward(x)).to(torch.float32)    # [rows that end here, vocabulary] float32


class Graph(torch.nn.Module):
    model : List[Decoder]                # one, after `build`
    layers : List[Layer]
    slots : List[List[List[Tensor]]]     # keys and values of the sequence in a slot, for each layer
    static_cache : List[List[Tensor]]    # of all slots, for each layer; empty without `allocate`

    def build(self, tensors: Dict[str, Tensor], ends: Dict[str, Tensor], wanted: torch.dtype, first: str, last: str,
              kv_heads: int, width: int, eps: float, base: float, factor: float, limit: int, few: List[float],
              many: List[float], magnitude: float) -> None:
        # tensors, first: the embedding and its device; ends, last: norm and head and their device.
        w = weights.Weights(tensors, wanted, first)
        v = weights.Weights(ends, wanted, last)
        self.model.append(Decoder(w, v, kv_heads, width, eps, base, factor, limit, few, many, magnitude))

    def make_layer(self, tensors: Dict[str, Tensor], wanted: torch.dtype, device: str, index: int, heads: int,
                   kv_heads: int, width: int, eps: float, chosen: int, normed: bool) -> Layer:
        # Several threads may make layers while another one builds the rest.
        return Layer(weights.Weights(tensors, wanted, device), index, heads, kv_heads, width, eps, chosen,
                     normed)

    def append(self, layer: Layer) -> None:
        self.layers.append(layer)

    def reserve(self, slot: int, tokens: int, kept: int) -> None:
        # Resizes a slot to `tokens`, none or more, layer by layer; its first `kept` tokens stay. Slots are created in
        # the order of their numbers.
        if len(self.slots) == slot:
            self.slots.append([torch.jit.annotate(List[Tensor], []) for layer in self.layers])
        m = self.model[0]
        for i in range(len(self.layers)):
            before = self.slots[slot][i]
            if kept == 0:
                self.slots[slot][i] = torch.jit.annotate(List[Tensor], [])            # frees memory before it allocates
            if tokens > 0:
                made = cache.allocate(m.kv_heads, tokens, m.width, m.dtype, self.layers[i].device)
                if kept > 0:
                    for part in range(len(made)):
                        made[part].narrow(2, 0, kept).copy_(before[part].narrow(2, 0, kept))    # [2, kv, kept, ...]
                self.slots[slot][i] = made

    def allocate(self, slots: int, tokens: int) -> None:
        # Gives all slots their memory for good; there must be no slot yet. Without memory for all, nothing changes.
        m = self.model[0]
        made = [cache.static_cache(slots, m.kv_heads, tokens, m.width, m.dtype, layer.device) for layer in self.layers]
        self.static_cache.extend(made)
        for slot in range(slots):
            self.slots.append([[part.select(0, slot) for part in own] for own in self.static_cache])  # [2, kv, m, ...]

    def copy(self, source: int, target: int, start: int, end: int) -> None:
        # Copies tokens that two sequences share from one slot to the other.
        for i in range(len(self.layers)):
            made = self.slots[target][i]
            for part in range(len(made)):
                kept = self.slots[source][i][part].narrow(2, start, end - start)    # [2, kv, end - start, ...]
                made[part].narrow(2, start, end - start).copy_(kept)                # [2, kv, end - start, ...]

    def clear(self, slot: int, start: int, end: int) -> None:
        # Zeroes tokens that no sequence uses any more: those of a failed one may be infinite or NaN.
        for i in range(len(self.layers)):
            for part in self.slots[slot][i]:
                part.narrow(2, start, end - start).zero_()    # [2, kv, end - start, ...]

    def rows(self, slots: List[int], starts: List[int], counts: List[int], spans: List[int]) -> Rows:
        m = self.model[0]
        kept = [self.slots[slot] for slot in slots]
        return Rows(kept, starts, counts, spans, m.dtype, m.embedding.device)

    def embed(self, ids: Tensor, visual: List[Tensor], firsts: List[int], takes: List[int], places: Tensor) -> Tensor:
        return self.model[0].embed(ids, visual, firsts, takes, places)    # [n, h]

    def layer(self, i: int, x: Tensor, slots: List[int], starts: List[int], counts: List[int],
              spans: List[int]) -> Tensor:
        rows = self.rows(slots, starts, counts, spans)
        x = x.to(self.layers[i].device).clone()                                             # [n, h]
        rows.move(x.device)
        cos, sin = self.model[0].rotary.of_rows(rows, x.dtype)                              # [n, 1, w] each
        return self.layers[i].forward(x, cos.to(x.device), sin.to(x.device), rows, None)    # [n, h]

    def norm(self, x: Tensor) -> Tensor:
        return self.model[0].norm.forward(x.to(self.model[0].last))    # [n, h]

    def step(self, numbers: Tensor, n: int, every: bool, visual: List[Tensor], firsts: List[int], takes: List[int],
             slots: List[int], starts: List[int], counts: List[int], spans: List[int]) -> Tensor:
        # numbers: n ids, the places of visual tokens, and the tokens after which logits are wanted, which are all of them
        # with `every`. In one tensor, since each upload makes the host wait.
        m = self.model[0]
        placement.enter(m.embedding.device)
        rows = self.rows(slots, starts, counts, spans)
        numbers = numbers.to(m.embedding.device)
        taken = 0
        for count in takes:
            taken += count
        x = m.embed(numbers.narrow(0, 0, n), visual, firsts, takes, numbers.narrow(0, n, taken))    # [n, h]
        last = None if every else numbers.slice(0, n + taken).to(self.layers[-1].device)
        cos, sin = m.rotary.of_rows(rows, x.dtype)                              # [n, 1, w] each
        return self.logits(x, cos, sin, rows, None, last)                       # [rows that end here, vocabulary] float32

    def step_dense(self, numbers: Tensor, n: int, every: bool, length: int) -> Tensor:
        # The next token of each of the first n slots. numbers: n ids, n positions, n spans, and the slots whose logits are
        # wanted, which are all of them with `every`. `length` exceeds the positions of all sequences. A slot without a next
        # token takes any token, at a position that its sequence does not use.
        m = self.model[0]
        placement.enter(m.embedding.device)
        numbers = numbers.to(m.embedding.device)
        last = None if every else numbers.slice(0, 3 * n).to(self.layers[-1].device)
        return self.next(numbers.narrow(0, 0, n), numbers.narrow(0, n, n), numbers.narrow(0, 2 * n, n), length, last)

    def next(self, ids: Tensor, positions: Tensor, spans: Tensor, length: int, last: Optional[Tensor]) -> Tensor:
        # ids, positions and spans [n] on the device.
        m = self.model[0]
        x = torch.embedding(m.embedding, ids).to(m.dtype)                # [n, h]
        cos, sin = m.rotary.of_positions(positions, spans, x.dtype)      # [n, 1, w] each
        dense = static_slots.Dense(positions, length, self.static_cache, x.dtype)
        return self.logits(x, cos, sin, None, dense, last)               # [rows that end here, vocabulary] float32

    def logits(self, x: Tensor, cos: Tensor, sin: Tensor, rows: Optional[Rows], dense: Optional[static_slots.Dense],
               last: Optional[Tensor]) -> Tensor:
        for layer in self.layers:
            if x.device != layer.device:
                placement.enter(layer.device)
                x = x.to(layer.device)                     # [n, h]
                cos = cos.to(layer.device)                 # [n, 1, w]
                sin = sin.to(layer.device)                 # [n, 1, w]
                if rows is not None:
                    rows.move(layer.device)
                if dense is not None:
                    dense.move(layer.device)
            x = layer.forward(x, cos, sin, rows, dense)    # [n, h]
        return self.model[0].logits(x, last)               # [rows that end here, vocabulary] float32

    def best(self, logits: Tensor) -> Tensor:
        # On the device; -1 for a row without a largest number.
        best, ids = torch.max(logits, -1)             # [rows] each
        finite = torch.eq(best - best, 0.0)           # [rows] bool
        return torch.where(finite, ids, -1)           # [rows] int64

    def argmax(self, logits: Tensor) -> Tensor:
        return self.read(self.best(logits))           # [rows] int64

    def put(self, numbers: Tensor) -> Tensor:
        return numbers.to(self.model[0].embedding.device, copy=True)

    def fetch(self, numbers: Tensor) -> placement.Fetch:
        return placement.Fetch(numbers)

    def fetched(self, fetch: placement.Fetch) -> Tensor:
        return fetch.wait()

    def chosen(self, best: Tensor) -> Tensor:
        # The best ids as ids of the next step, before the host knows them. Where there is none, any does.
        return best.clamp_min(0).to(self.model[0].embedding.device)     # [rows] int64

    def advanced(self, numbers: Tensor, best: Tensor, spare: int) -> Tensor:
        # The numbers of `step_dense` with `every` for the tokens after those of `numbers` [3 * n]. `spare` is the position of
        # slots without a next token, which stay there.
        n = best.size(0)
        further = numbers.narrow(0, n, 2 * n).add(1).clamp_max(spare)   # [2 * n]
        return torch.cat([self.chosen(best), further])                  # [3 * n]

    def fill(self, target: Tensor, source: Tensor) -> None:
        target.copy_(source)

    def read(self, numbers: Tensor) -> Tensor:
        return numbers.to(torch.device("cpu"))

    def alias(self, logits: Tensor) -> Tensor:
        return logits.narrow(0, 0, logits.size(0))          # [rows, vocabulary] float32, in the same memory

    def top(self, logits: Tensor, rows: Tensor, count: int) -> Tensor:
        # The largest logits of some rows, largest first, and their ids, which float32 holds exactly.
        best, ids = torch.topk(logits.index_select(0, rows.to(logits.device)), count)    # [rows, count] each
        return self.read(torch.stack([best, ids.to(torch.float32)], 1))                  # [rows, 2, count] float32

    def host(self, logits: Tensor, rows: Tensor) -> Tensor:
        return logits.index_select(0, rows.to(logits.device)).to(torch.device("cpu"))    # [rows, vocabulary] float32
