"""Least processor time of Pillow's bicubic resizes in milliseconds, of the sizes that ResamplerBenchmark takes."""

import time

import numpy as np
from PIL import Image, __version__

SIZES = ((4000, 3000, 1792, 1344), (4000, 3000, 448, 448), (1920, 1080, 1792, 896), (640, 480, 1792, 1344))

print("Pillow", __version__)
for width, height, to_width, to_height in SIZES:
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    image = Image.fromarray(noise)
    times = []
    for _ in range(12):
        start = time.thread_time()
        image.resize((to_width, to_height), Image.Resampling.BICUBIC)
        times.append(time.thread_time() - start)
    print(f"{width}x{height}>{to_width}x{to_height} {1e3 * min(times):.1f}")
