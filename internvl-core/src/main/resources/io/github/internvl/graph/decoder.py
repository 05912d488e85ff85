# The language model (Qwen2 and InternLM2): tokens in, logits out, keys and values kept in slots.
#
# A step serves any mix of rows: a row is the next `count` tokens of the sequence in one slot, a chunk of its prompt
# or the one token just sampled. Rows lie one behind the other, without padding; only attention looks at them singly.
# Where all slots were given their rooms at once, `step_each` computes one token of each of the first n slots with no number
# of the host's in it but n and the length that attention looks at: as few launches for many slots as for one, and what
# a CUDA graph can replay.
# Letters: n = tokens of all rows of a step, h = model width, q = query heads, kv = key heads, w = head width,
# m = tokens that a slot can hold.

import cache
import head
import layers
import linear
import weights


class Rows:
    slots : List[List[List[Tensor]]]   # keys and values of each row's sequence, for each layer, as `cache` keeps them
    starts : List[int]     # the position of each row's first token
    counts : List[int]     # tokens of each row
    spans : List[int]      # key length that rules the rotary base: whole prompt, or the sequence up to the new token
    masks : List[Tensor]   # what attention adds to each row's scores, [count, start + count]

    def __init__(self, slots: List[List[List[Tensor]]], starts: List[int],
                 counts: List[int], spans: List[int], dtype: torch.dtype, device: torch.device) -> None:
        self.slots = slots
        self.starts = starts
        self.counts = counts
        self.spans = spans
        self.masks = [layers.mask(counts[i], starts[i] + counts[i], dtype, device) for i in range(len(counts))]


class Each:
    # One token of each of the first n slots.
    positions : Tensor             # [n] int64
    mask : Tensor                  # [n, 1, 1, length]: what attention adds to the scores
    length : int                   # tokens of each slot that attention looks at

    def __init__(self, positions: Tensor, length: int, dtype: torch.dtype) -> None:
        places = torch.arange(length, dtype=torch.int64, device=positions.device)                   # [length]
        unseen = torch.gt(places.unsqueeze(0), positions.unsqueeze(1))                    # [n, length]
        mask = torch.zeros_like(unseen, dtype=dtype).masked_fill(unseen, -torch.inf)            # [n, length]
        self.positions = positions
        self.mask = mask.view([-1, 1, 1, length])
        self.length = length

    def move(self, device: torch.device) -> None:
        self.positions = self.positions.to(device)                                        # [n]
        self.mask = self.mask.to(device)                                                  # [n, 1, 1, length]


class Rotary:
    # Rotary angles. Beyond `limit` positions, where the checkpoint asks for it (factor > 0), the base grows with the
    # sequence (dynamic NTK); keys keep the rotation that they were written with.
    width : int
    base : float
    factor : float
    limit : int
    exponents : Tensor     # [w / 2] float32
    frequencies : Tensor   # [w / 2] float32, at the plain base

    def __init__(self, width: int, base: float, factor: float, limit: int,
                 device: torch.device) -> None:
        self.width = width
        self.base = base
        self.factor = factor
        self.limit = limit
        even = torch.arange(0, width, 2, dtype=torch.float32, device=device)            # [w / 2] float32
        self.exponents = even / width                                       # [w / 2]
        self.frequencies = torch.reciprocal(torch.pow(base, self.exponents))    # [w / 2]

    def at(self, span: int) -> Tensor:
        if self.factor == 0.0 or span <= self.limit:
            return self.frequencies                                         # [w / 2]
        stretch = self.factor * span / self.limit - (self.factor - 1.0)
        base = self.base * torch.pow(stretch, self.width / (self.width - 2))
        return torch.reciprocal(torch.pow(base, self.exponents))            # [w / 2]

    def turns(self, rows: Rows, dtype: torch.dtype) -> Tuple[Tensor, Tensor]:
        # Cosines and sines as `rotate` wants them.
        parts : List[Tensor] = []
        for i in range(len(rows.slots)):
            start = rows.starts[i]
            places = torch.arange(start, start + rows.counts[i], dtype=torch.float32, device=self.frequencies.device)  # [count]
            parts.append(torch.outer(places, self.at(rows.spans[i])))                     # [count, w / 2]
        return layers.turns(torch.cat(parts), dtype)                            # [n, 1, w] each

    def turns_at(self, positions: Tensor, spans: Tensor,
                 dtype: torch.dtype) -> Tuple[Tensor, Tensor]:
        # The same of a position [n] of each sequence, with its span [n].
        places = positions.to(torch.float32).unsqueeze(1)                                             # [n, 1] float32
        if self.factor == 0.0:
            return layers.turns(places * self.frequencies, dtype)               # [n, 1, w] each
        stretch = self.factor * spans.to(torch.float64) / self.limit - (self.factor - 1.0)            # [n] float64
        stretch = stretch.clamp_min(1.0).unsqueeze(1)                                     # [n, 1]
        base = (self.base * torch.pow(stretch, self.width / (self.width - 2))).to(torch.float32)      # [n, 1] float32
        rates = torch.reciprocal(torch.pow(base, self.exponents))                         # [n, w / 2]
        return layers.turns(places * rates, dtype)                              # [n, 1, w] each


class Layer:
    attention_norm : layers.Norm
    wqkv : linear.Linear
    wo : linear.Linear
    mlp_norm : layers.Norm
    gate_up : linear.Linear
    down : linear.Linear
    heads : int
    kv_heads : int
    width : int
    index : int
    device : torch.device

    def __init__(self, w: weights.Weights, index: int, heads: int, kv_heads: int,
                 width: int, eps: float) -> None:
        name = "layers." + str(index) + "."
        self.attention_norm = w.norm(name + "attention_norm", eps)
        w.split(name + "wqkv", [name + "wq", name + "wk", name + "wv"], kv_heads, heads // kv_heads)
        w.join(name + "wqkv", [name + "wq", name + "wk", name + "wv"])
        self.wqkv = linear.load(w, name + "wqkv")                                    # [(q + kv + kv) * w, h]
        self.wo = linear.load(w, name + "wo")
        self.mlp_norm = w.norm(name + "mlp_norm", eps)
        w.join(name + "gate_up", [name + "gate", name + "up"])
        self.gate_up = linear.load(w, name + "gate_up")                              # [2 * mlp, h]
        self.down = linear.load(w, name + "down")
        self.heads = heads
        self.kv_heads = kv_heads
        self.width = width
        self.index = index
        self.device = w.device

    def turned(self, x: Tensor, cos: Tensor,
               sin: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        # Queries, keys and values of the layer's input.
        qkv = self.wqkv.forward(self.attention_norm.forward(x)).view([x.size(0), -1, self.width])    # [n, q + kv + kv, w]
        qk = layers.rotate(qkv.narrow(1, 0, self.heads + self.kv_heads), cos, sin)   # [n, q + kv, w]
        q = qk.narrow(1, 0, self.heads)                                                        # [n, q, w]
        k = qk.narrow(1, self.heads, self.kv_heads)                                            # [n, kv, w]
        v = qkv.narrow(1, self.heads + self.kv_heads, self.kv_heads)                           # [n, kv, w]
        return (q, k, v)

    def attention(self, x: Tensor, cos: Tensor, sin: Tensor,
                  rows: Rows) -> Tensor:
        q, k, v = self.turned(x, cos, sin)                                                     # [n, heads, w] each
        parts : List[Tensor] = []
        at = 0
        for i in range(len(rows.slots)):
            count = rows.counts[i]
            start = rows.starts[i]
            kept = rows.slots[i][self.index]
            cache.write(kept, start, k.narrow(0, at, count), v.narrow(0, at, count))
            keys, values = cache.read(kept, start + count, q.dtype)                  # [kv, start + count, w] each
            new = q.narrow(0, at, count)                                                       # [count, q, w]
            parts.append(layers.attend(new, keys, values, rows.masks[i]))            # [count, q * w]
            at += count
        return parts[0] if len(parts) == 1 else torch.cat(parts)                               # [n, q * w]

    def attention_each(self, x: Tensor, cos: Tensor, sin: Tensor,
                       each: Each, rooms: List[Tensor]) -> Tensor:
        n = x.size(0)
        q, k, v = self.turned(x, cos, sin)                                                     # [n, heads, w] each
        cache.write_each(rooms, each.positions, k, v)
        keys, values = cache.read_each(rooms, n, each.length, q.dtype)               # [n, kv, length, w] each
        folded = q.view([n, self.kv_heads, -1, self.width])                                    # [n, kv, q / kv, w]
        mask = each.mask.expand([-1, -1, folded.size(2), -1])                     # [n, 1, q / kv, length]
        return torch.scaled_dot_product_attention(folded, keys, values, mask).reshape([n, -1])    # [n, q * w]

    def rest(self, x: Tensor, attended: Tensor) -> Tensor:
        # What comes after attention: attended [n, q * w].
        x = self.wo.forward(attended).add_(x)                                                  # [n, h]
        y = self.mlp_norm.forward(x)                                                           # [n, h]
        gate, up = torch.chunk(self.gate_up.forward(y), 2, -1)                                 # [n, mlp] each
        return self.down.forward(torch.silu(gate).mul_(up)).add_(x)                            # [n, h]


class Decoder:
    # All but the layers.
    embedding : Tensor    # [vocabulary, h], in the format that the file has
    norm : layers.Norm
    head : head.Linear
    rotary : Rotary
    kv_heads : int
    width : int
    last : torch.device         # of norm and head

    def __init__(self, w: weights.Weights, last: weights.Weights,
                 kv_heads: int, width: int, eps: float, base: float, factor: float, limit: int) -> None:
        self.embedding = w.stored("embedding.weight").to(w.device)
        self.norm = last.norm("norm", eps)
        self.head = head.load(last, "head")
        self.last = last.device
        self.rotary = Rotary(width, base, factor, limit, self.embedding.device)
        self.kv_heads = kv_heads
        self.width = width

    def embed(self, ids: Tensor, visual: List[Tensor], firsts: List[int], takes: List[int],
              places: Tensor) -> Tensor:
        # Of visual[i], `takes[i]` rows from `firsts[i]` on; all of them together replace the tokens at `places`.
        x = torch.embedding(self.embedding, ids.to(self.embedding.device))                     # [n, h]
        x = x.to(self.norm.weight.dtype)                                                       # [n, h]
        if places.size(0) > 0:
            parts = [visual[i].narrow(0, firsts[i], takes[i]) for i in range(len(visual))]     # [takes, h] each
            x.index_copy_(0, places.to(x.device), torch.cat(parts).to(x.device, x.dtype))      # [n, h]
        return x

    def logits(self, x: Tensor, last: Tensor) -> Tensor:
        x = x.index_select(0, last.to(x.device)).to(self.last)                # [rows that end here, h]
        return self.head.forward(self.norm.forward(x)).to(torch.float32)                  # [rows that end here, vocabulary] float32


class Graph(torch.nn.Module):
    model : List[Decoder]      # one, from build on
    layers : List[Layer]
    slots : List[List[List[Tensor]]]             # keys and values of the sequence in a slot, for each layer
    rooms : List[List[Tensor]]                   # those of all slots, for each layer; none without `allot`

    def build(self, tensors: Dict[str, Tensor], ends: Dict[str, Tensor], wanted: torch.dtype, first: str,
              last: str, kv_heads: int, width: int, eps: float, base: float, factor: float, limit: int) -> None:
        # tensors, first: the embedding and its device; ends, last: norm and head and theirs.
        w = weights.Weights(tensors, wanted, first)
        v = weights.Weights(ends, wanted, last)
        self.model.append(Decoder(w, v, kv_heads, width, eps, base, factor, limit))

    def make_layer(self, tensors: Dict[str, Tensor], wanted: torch.dtype, device: str, index: int, heads: int,
             kv_heads: int, width: int, eps: float) -> Layer:
        # Several threads may make layers while another one builds the rest.
        w = weights.Weights(tensors, wanted, device)
        return Layer(w, index, heads, kv_heads, width, eps)

    def append(self, layer: Layer) -> None:
        self.layers.append(layer)

    def reserve(self, slot: int, tokens: int, kept: int) -> None:
        # Gives a slot room for so many tokens, none or more, layer by layer; the first `kept` stay. Slots come into being
        # in order of their numbers.
        if len(self.slots) == slot:
            self.slots.append([torch.jit.annotate(List[Tensor], []) for layer in self.layers])
        m = self.model[0]
        for i in range(len(self.layers)):
            before = self.slots[slot][i]
            if kept == 0:
                self.slots[slot][i] = torch.jit.annotate(List[Tensor], [])                   # frees before it takes
            if tokens > 0:
                made = cache.room(m.kv_heads, tokens, m.width, m.norm.weight.dtype, self.layers[i].device)
                if kept > 0:
                    for part in range(len(made)):
                        made[part].narrow(2, 0, kept).copy_(before[part].narrow(2, 0, kept))    # [2, kv, kept, ...]
                self.slots[slot][i] = made

    def copy(self, source: int, target: int, start: int, end: int) -> None:
        # Tokens that two sequences have in common go from one slot to the other.
        for i in range(len(self.layers)):
            made = self.slots[target][i]
            for part in range(len(made)):
                kept = self.slots[source][i][part].narrow(2, start, end - start)      # [2, kv, end - start, ...]
                made[part].narrow(2, start, end - start).copy_(kept)                  # [2, kv, end - start, ...]

    def rows(self, slots: List[int], starts: List[int], counts: List[int],
             spans: List[int]) -> Rows:
        m = self.model[0]
        kept = [self.slots[slot] for slot in slots]
        return Rows(kept, starts, counts, spans, m.norm.weight.dtype, m.embedding.device)

    def embed(self, ids: Tensor, visual: List[Tensor], firsts: List[int], takes: List[int],
              places: Tensor) -> Tensor:
        return self.model[0].embed(ids, visual, firsts, takes, places)        # [n, h]

    def layer(self, i: int, x: Tensor, slots: List[int], starts: List[int],
              counts: List[int], spans: List[int]) -> Tensor:
        m = self.model[0]
        rows = self.rows(slots, starts, counts, spans)
        x = x.to(self.layers[i].device)                                       # [n, h]
        cos, sin = m.rotary.turns(rows, x.dtype)                              # [n, 1, w] each
        layer = self.layers[i]
        return layer.rest(x, layer.attention(x, cos.to(x.device), sin.to(x.device), rows))    # [n, h]

    def norm(self, x: Tensor) -> Tensor:
        return self.model[0].norm.forward(x.to(self.model[0].last))           # [n, h]

    def step(self, ids: Tensor, visual: List[Tensor], firsts: List[int], takes: List[int],
             places: Tensor, slots: List[int], starts: List[int], counts: List[int], spans: List[int],
             last: Tensor) -> Tensor:
        m = self.model[0]
        rows = self.rows(slots, starts, counts, spans)
        x = m.embed(ids, visual, firsts, takes, places)                       # [n, h]
        last = last.to(self.layers[-1].device)                                # before a GPU has work to wait for
        cos, sin = m.rotary.turns(rows, x.dtype)                              # [n, 1, w] each
        for layer in self.layers:
            x = x.to(layer.device)                                            # [n, h]
            cos = cos.to(layer.device)                                        # [n, 1, w]
            sin = sin.to(layer.device)                                        # [n, 1, w]
            x = layer.rest(x, layer.attention(x, cos, sin, rows))             # [n, h]
        return m.logits(x, last)                                              # [rows that end here, vocabulary] float32

    def allot(self, slots: int, tokens: int) -> None:
        # Gives so many slots, which there must be none of yet, their rooms for good.
        m = self.model[0]
        for layer in self.layers:
            self.rooms.append(cache.rooms(slots, m.kv_heads, tokens, m.width, m.norm.weight.dtype, layer.device))
        for slot in range(slots):
            self.slots.append([[part.select(0, slot) for part in rooms] for rooms in self.rooms])    # [2, kv, m, ...]

    def clear(self, slot: int, start: int, end: int) -> None:
        # Tokens that nobody looks at any more become numbers, which those of a sequence that failed need not be.
        for i in range(len(self.layers)):
            for part in self.slots[slot][i]:
                part.narrow(2, start, end - start).zero_()                                     # [2, kv, end - start, ...]

    def step_each(self, ids: Tensor, positions: Tensor, spans: Tensor, length: int,
                  last: Tensor) -> Tensor:
        # The next token of each of the first n slots: ids, positions and spans [n]; `length` is above all positions that
        # count. A slot without a next token may take any, at a position that its sequence does not use.
        m = self.model[0]
        first = m.embedding.device
        ids = ids.to(first)                                                   # all before a GPU has work to wait for
        positions = positions.to(first)                                                        # [n]
        spans = spans.to(first)                                                                # [n]
        last = last.to(self.layers[-1].device)
        x = torch.embedding(m.embedding, ids).to(m.norm.weight.dtype)                          # [n, h]
        cos, sin = m.rotary.turns_at(positions, spans, x.dtype)                                # [n, 1, w] each
        each = Each(positions, length, x.dtype)
        for i in range(len(self.layers)):
            layer = self.layers[i]
            x = x.to(layer.device)                                                             # [n, h]
            cos = cos.to(layer.device)                                                         # [n, 1, w]
            sin = sin.to(layer.device)                                                         # [n, 1, w]
            each.move(layer.device)
            attended = layer.attention_each(x, cos, sin, each, self.rooms[i])                  # [n, q * w]
            x = layer.rest(x, attended)                                                        # [n, h]
        return m.logits(x, last)                                              # [rows that end here, vocabulary] float32

    def argmax(self, logits: Tensor) -> Tensor:
        best, ids = torch.max(logits, -1)                                     # [rows] each
        ids = torch.where(torch.isfinite(best), ids, torch.full_like(ids, -1))    # [rows] int64
        return ids.to(torch.device("cpu"))                                    # [rows] int64

    def host(self, logits: Tensor, rows: Tensor) -> Tensor:
        return logits.index_select(0, rows.to(logits.device)).to(torch.device("cpu"))    # [rows, vocabulary] float32
