"""Writes what split_model of the model cards answers, for each size and 1 to 8 GPUs, to ../resources/goldens/splits.txt.

One line each: the size, the number of GPUs, and the GPU of each layer of the language model; everything else is on the
first.
"""

import math
from pathlib import Path

SPLITS = Path(__file__).resolve().parent.parent / "resources" / "goldens" / "splits.txt"
SIZES = {
    "InternVL2_5-1B": 24,
    "InternVL2_5-2B": 24,
    "InternVL2_5-4B": 36,
    "InternVL2_5-8B": 32,
    "InternVL2_5-26B": 48,
    "InternVL2_5-38B": 64,
    "InternVL2_5-78B": 80,
}


def split(layers: int, gpus: int) -> list[int]:
    """The card's way: counts for each GPU, given out one by one; names beyond the last layer have no effect."""
    each = math.ceil(layers / (gpus - 0.5))
    counts = [each] * gpus
    counts[0] = math.ceil(counts[0] * 0.5)
    places, layer = {}, 0
    for gpu, count in enumerate(counts):
        for _ in range(count):
            places[layer] = gpu
            layer += 1
    places[layers - 1] = 0
    return [places[i] for i in range(layers)]


def main() -> None:
    lines = [
        " ".join([size, str(gpus), *map(str, split(layers, gpus))])
        for size, layers in SIZES.items()
        for gpus in range(1, 9)
    ]
    SPLITS.write_text("\n".join(lines) + "\n", "utf-8", newline="\n")


if __name__ == "__main__":
    main()
