"""From a picture to tiles, as InternVL's published preprocessing does it (dynamic tiling, bicubic, thumbnail)."""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

TILE = 448
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Tile:
    """One 448 x 448 tile and the part of the picture it shows (left, top, right, bottom in 0..1)."""

    pixels: np.ndarray
    part: tuple[float, float, float, float]


def grid(width: int, height: int, max_tiles: int) -> tuple[int, int]:
    """The (across, down) whose aspect ratio is nearest; on a tie the larger one if the picture fills half of it."""
    candidates = sorted(
        {(i, j) for n in range(1, max_tiles + 1) for i in range(1, n + 1) for j in range(1, n + 1) if i * j <= max_tiles},
        key=lambda c: c[0] * c[1],
    )
    best, best_gap = (1, 1), float("inf")
    for across, down in candidates:
        gap = abs(width / height - across / down)
        if gap < best_gap:
            best, best_gap = (across, down), gap
        elif gap == best_gap and width * height > 0.5 * TILE * TILE * across * down:
            best = (across, down)
    return best


def tiles(image: Image.Image, max_tiles: int) -> list[Tile]:
    """Cuts row by row; a thumbnail of the whole picture follows when there is more than one tile."""
    across, down = grid(*image.size, max_tiles)
    resized = np.asarray(image.resize((across * TILE, down * TILE), Image.Resampling.BICUBIC))
    cut = []
    for row in range(down):
        for column in range(across):
            pixels = resized[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
            part = (column / across, row / down, (column + 1) / across, (row + 1) / down)
            cut.append(Tile(pixels, part))
    if len(cut) > 1:
        thumbnail = np.asarray(image.resize((TILE, TILE), Image.Resampling.BICUBIC))
        cut.append(Tile(thumbnail, (0.0, 0.0, 1.0, 1.0)))
    return cut


def normalized(stacked: torch.Tensor) -> torch.Tensor:
    """[tiles, 448, 448, 3] bytes to [tiles, 3, 448, 448] floats: (v / 255 - mean) / std."""
    mean = torch.tensor(MEAN, device=stacked.device).view(1, 3, 1, 1)
    std = torch.tensor(STD, device=stacked.device).view(1, 3, 1, 1)
    values = stacked.permute(0, 3, 1, 2).contiguous().float()
    return values.div_(255).sub_(mean).div_(std)
