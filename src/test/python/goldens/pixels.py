"""Pictures to pixel values: grid choice, Pillow's bicubic, tiles row by row, thumbnail, normalisation."""

import numpy as np
import torch
from PIL import Image

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def grid(width: int, height: int, side: int, max_num: int) -> tuple[int, int]:
    """Columns and rows of the nearest ratio; on an exact tie the larger grid wins if the picture fills half of it."""
    grids = {(i, j) for i in range(1, max_num + 1) for j in range(1, max_num + 1) if i * j <= max_num}
    best, smallest = (1, 1), float("inf")
    for across, down in sorted(grids, key=lambda g: g[0] * g[1]):
        difference = abs(width / height - across / down)
        if difference < smallest:
            best, smallest = (across, down), difference
        elif difference == smallest and width * height > 0.5 * side * side * across * down:
            best = (across, down)
    return best


def tiles(image: Image.Image, side: int, max_num: int) -> list[Image.Image]:
    image = image.convert("RGB")
    across, down = grid(*image.size, side, max_num)
    resized = image.resize((side * across, side * down), Image.Resampling.BICUBIC)
    corners = [(side * i, side * j) for j in range(down) for i in range(across)]
    cut = [resized.crop((x, y, x + side, y + side)) for x, y in corners]
    return cut + [image.resize((side, side), Image.Resampling.BICUBIC)] if len(cut) > 1 else cut


def normalise(pieces: list[Image.Image]) -> torch.Tensor:
    """[tiles, 3, side, side] in float32."""
    raw = torch.from_numpy(np.stack([np.asarray(piece) for piece in pieces])).permute(0, 3, 1, 2).float()
    mean, std = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(STD).view(3, 1, 1)
    return (raw / 255 - mean) / std


def whole(image: Image.Image, side: int) -> torch.Tensor:
    """The whole picture as one tile of the given side."""
    return normalise([image.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)])
