"""Packs samples into tensors: one shared picture prefix, then every question as its own branch after it."""

from dataclasses import dataclass
from random import Random

import numpy as np
import torch

import pixels
import tasks
import wordings
from model import SYSTEM_MESSAGE, TOKENS_PER_TILE
from scenes import COLORS, SHAPES

SIDE = int(TOKENS_PER_TILE**0.5)
CLASSES = (*SHAPES, "bar")
CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
SLOTS = 4
SYSTEM = "<|im_start|>system\n{}<|im_end|>\n<|im_start|>user\n"
OPEN = SYSTEM.format(SYSTEM_MESSAGE)
ANSWER = "<|im_end|>\n<|im_start|>assistant\n"
END = "<|im_end|>"
NEXT = "\n<|im_start|>user\n"
ROW = 520
LEAST = 64
TILE_WORK = 240


@dataclass
class Packed:
    """One sample as ids; branch 0 is the prefix, each question has a number of its own."""

    ids: list[int]
    positions: list[int]
    branches: list[int]
    targets: list[int]
    weights: list[float]


@dataclass
class Batch:
    """The tensors of one step, rows in order of length; targets are -100 where nothing is learned. Kinds are the questions'."""

    kinds: list[list[str]]
    counts: list[int]
    tiles: torch.Tensor
    dense: dict[str, torch.Tensor]
    ids: torch.Tensor
    positions: torch.Tensor
    branches: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor

    def to(self, device: str) -> "Batch":
        moved = {k: v.to(device, non_blocking=True) for k, v in vars(self).items() if isinstance(v, torch.Tensor)}
        return Batch(self.kinds, self.counts, dense={k: v.to(device) for k, v in self.dense.items()}, **moved)

    def parts(self, number: int) -> list["Batch"]:
        """As many batches with about as much work in each: samples with most tiles first, each to the least laden."""
        chosen, work = [[] for _ in range(number)], [0] * number
        lengths = (self.branches >= 0).sum(1).tolist()
        for row in sorted(range(len(lengths)), key=lambda row: (-self.counts[row], -lengths[row])):
            least = work.index(min(work))
            chosen[least].append(row)
            work[least] += TILE_WORK * self.counts[row] + lengths[row]
        owners = [row for row, count in enumerate(self.counts) for _ in range(count)]
        return [self.some(sorted(rows), owners) for rows in chosen if rows]

    def some(self, rows: list[int], owners: list[int]) -> "Batch":
        tiles = [tile for tile, owner in enumerate(owners) if owner in rows]
        fields = {name: getattr(self, name)[rows] for name in ("ids", "positions", "branches", "targets", "weights")}
        return Batch(
            kinds=[self.kinds[row] for row in rows],
            counts=[self.counts[row] for row in rows],
            tiles=self.tiles[tiles],
            dense={name: target[tiles] for name, target in self.dense.items()},
            **fields,
        )

    def groups(self, size: int = 4):
        """Rows of like length together, without the padding that only longer ones need: a slice of rows, a length."""
        lengths = (self.branches >= 0).sum(1).tolist()
        for first in range(0, len(lengths), size):
            rows = slice(first, first + size)
            yield rows, max(lengths[rows])

    @staticmethod
    def mask(branches: torch.Tensor) -> torch.Tensor:
        """[rows, 1, length, length]: what each position may look at, as numbers to add to the scores."""
        order = torch.arange(branches.shape[1], device=branches.device)
        keys, queries = branches[:, None, :], branches[:, :, None]
        seen = ((keys == 0) | (keys == queries)) & (order[None, None, :] <= order[None, :, None])
        return torch.zeros(seen.shape, device=seen.device).masked_fill(~seen, torch.finfo(torch.float32).min)[:, None]


def image_text(counts: list[int], prefix: str) -> str:
    """The prefix with each <image> replaced by its picture's context tokens."""
    for count in counts:
        prefix = prefix.replace("<image>", "<img>" + "<IMG_CONTEXT>" * (TOKENS_PER_TILE * count) + "</img>", 1)
    return prefix


def opened(sample: tasks.Sample, counts: list[int]) -> str:
    """The prompt up to the sample's questions: system message, rounds before, pictures; one tag takes all pictures."""
    rounds = "".join(asked + ANSWER + answer + END + NEXT for asked, answer in sample.before)
    text = (SYSTEM.format(sample.system) if sample.system else OPEN) + sample.first_tag + rounds + sample.prefix
    return image_text(counts if text.count("<image>") > 1 else [sum(counts)], text)


def pack(tokens, prefix: str, questions) -> Packed:
    """Takes questions in order as long as the row stays short; a long prefix leaves room for a few all the same.

    A long answer's tokens weigh less, but not its first, with which most is decided.
    """
    ids = tokens.encode(prefix, add_special_tokens=False)
    shared = len(ids)
    packed = Packed(ids, list(range(shared)), [0] * shared, [-100] * shared, [0.0] * shared)
    for branch, question in enumerate(questions, 1):
        text, learned = [], []
        for k, (asked, answer) in enumerate(question.rounds):
            before = tokens.encode((NEXT if k else "") + asked + ANSWER, add_special_tokens=False)
            reply = tokens.encode(answer + END, add_special_tokens=False)
            text += before + reply
            weights = [1.0] + [len(reply) ** -0.5] * (len(reply) - 1)
            learned += [0.0] * len(before) + [question.weight * weight for weight in weights]
        if branch > 1 and len(packed.ids) + len(text) > max(ROW, shared + LEAST):
            break
        packed.ids += text
        packed.positions += range(shared, shared + len(text))
        packed.branches += [branch] * len(text)
        packed.targets += [t if w else -100 for t, w in zip(text[1:] + [0], learned[1:] + [0.0])]
        packed.weights += learned[1:] + [0.0]
    return packed


def dense_targets(picture, part) -> dict[str, np.ndarray]:
    """Per visual token of a tile: its object's shape, colour and box in the tile, the character in each of its slots.

    Of a picture before nothing is known yet: `before` counts as much as `changed` says, which is nothing.
    """
    width, height = picture.image.size
    left, top, right, bottom = part

    def local(box):
        xs = [(x / width - left) / (right - left) for x in box[::2]]
        ys = [(y / height - top) / (bottom - top) for y in box[1::2]]
        return xs[0], ys[0], xs[1], ys[1]

    start = np.arange(SIDE) / SIDE
    best = np.full((SIDE, SIDE), 0.2 / SIDE**2)
    kind, color = np.zeros((SIDE, SIDE), np.int64), np.zeros((SIDE, SIDE), np.int64)
    boxes = np.zeros((SIDE, SIDE, 4), np.float32)
    for drawn in picture.things:
        x1, y1, x2, y2 = box = local(drawn.box)
        across = np.clip(np.minimum(x2, start + 1 / SIDE) - np.maximum(x1, start), 0, None)
        down = np.clip(np.minimum(y2, start + 1 / SIDE) - np.maximum(y1, start), 0, None)
        overlap = down[:, None] * across[None, :]
        mine = overlap > best
        best[mine] = overlap[mine]
        kind[mine] = 1 + CLASSES.index(drawn.shape)
        color[mine] = 1 + list(COLORS).index(drawn.color)
        boxes[mine] = np.clip(box, -1, 2)
    chars = np.zeros((SIDE, SIDE * SLOTS), np.int64)
    row, column = start + 0.5 / SIDE, (np.arange(SIDE * SLOTS) + 0.5) / (SIDE * SLOTS)
    for glyph in picture.glyphs:
        x1, y1, x2, y2 = local(glyph.box)
        rows = ((row >= y1) & (row <= y2)) | (abs(row - (y1 + y2) / 2) < 0.5 / SIDE)
        columns = ((column >= x1) & (column <= x2)) | (abs(column - (x1 + x2) / 2) < 0.5 / SIDE / SLOTS)
        chars[np.ix_(rows, columns)] = 1 + CHARS.index(glyph.char)
    chars = chars.reshape(SIDE, SIDE, SLOTS)
    unseen = {"before": np.zeros((SIDE, SIDE, 2), np.int64), "changed": np.zeros((SIDE, SIDE), np.float32)}
    return {"kind": kind, "color": color, "box": boxes, "chars": chars} | unseen


def compared(pictures: list[list[dict]]) -> list[dict]:
    """The targets of all tiles, those of a picture after another with its shapes and colours, most where they changed."""
    for earlier, now in zip(pictures, pictures[1:]):
        if len(earlier) == len(now) == 1:
            before = np.stack((earlier[0]["kind"], earlier[0]["color"]), axis=-1)
            shown = np.stack((now[0]["kind"], now[0]["color"]), axis=-1)
            now[0]["before"] = before
            now[0]["changed"] = np.where((before != shown).any(-1), 1.0, 0.1).astype(np.float32)
    return sum(pictures, [])


def padded(rows: list[list], fill, dtype) -> torch.Tensor:
    length = -(-max(map(len, rows)) // 32) * 32
    return torch.tensor([row + [fill] * (length - len(row)) for row in rows], dtype=dtype)


class Batches(torch.utils.data.Dataset):
    """Batch k of the stage is the same whenever and wherever it is made."""

    def __init__(self, tokens, seed: int, size: int, total: int, pictures_only: bool):
        self.tokens, self.seed, self.size, self.total, self.pictures_only = tokens, seed, size, total, pictures_only

    def __len__(self) -> int:
        return self.total

    def __getitem__(self, index: int) -> Batch:
        made = []
        for k in range(self.size):
            rng = Random(f"{self.seed}/{index}/{k}")
            drawn = tasks.sample(rng, tasks.DENSE_SHARES if self.pictures_only else tasks.SHARES, many_tiles=0.07)
            if not self.pictures_only:
                drawn = wordings.varied(rng, drawn)
            shown = drawn.pictures[:1] if self.pictures_only else drawn.pictures
            limit = 1 if self.pictures_only else drawn.max_tiles
            cut = [pixels.tiles(picture.image, limit) for picture in shown]
            questions = () if self.pictures_only else drawn.questions
            if not (shown or questions):
                continue
            dense = compared([[dense_targets(p, tile.part) for tile in tiles] for p, tiles in zip(shown, cut)])
            row = pack(self.tokens, opened(drawn, [len(tiles) for tiles in cut]), questions)
            kinds = [question.kind for question in questions][: max(row.branches)]
            made.append((kinds, row, [tile.pixels for tiles in cut for tile in tiles], dense))
        made.sort(key=lambda sample: len(sample[1].ids))
        kinds, rows, cut, dense = zip(*made)
        counts = [len(tiles) for tiles in cut]
        cut, dense = sum(cut, []), sum(dense, [])
        return Batch(
            kinds=list(kinds),
            counts=counts,
            tiles=torch.from_numpy(np.stack(cut)),
            dense={name: torch.from_numpy(np.stack([d[name] for d in dense])) for name in dense[0]},
            ids=padded([r.ids for r in rows], self.tokens.pad_token_id, torch.long),
            positions=padded([r.positions for r in rows], 0, torch.long),
            branches=padded([r.branches for r in rows], -1, torch.long),
            targets=padded([r.targets for r in rows], -100, torch.long),
            weights=padded([r.weights for r in rows], 0.0, torch.float),
        )
