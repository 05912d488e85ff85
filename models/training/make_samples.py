"""Draws the sample pictures and the frames of the sample clip for the README, the examples and the tests."""

import argparse
from pathlib import Path
from random import Random

import av
import scenes
from scenes import Canvas, Picture, Thing

SIZE = (448, 448)


def scene(seed: str, things: list[Thing], background: str = "white", text: str = "", size: tuple[int, int] = SIZE) -> Picture:
    """The given objects, and a text at a place that the seed chooses, as clean as it gets."""
    rng = Random(seed)
    ground = Canvas(size, background, scenes.BACKGROUNDS[background], 0)
    image = ground.paint()
    if text:
        scenes.draw_text(rng, image, ground, text, 0.8)
    draw = scenes.ImageDraw.Draw(image)
    for drawn in things:
        scenes.draw_thing(rng, draw, drawn)
    return Picture(image, tuple(things))


def shapes() -> list[Thing]:
    return [
        scenes.thing("circle", "red", (110, 130), 58, 0.0),
        scenes.thing("square", "blue", (330, 120), 56, 0.1),
        scenes.thing("star", "green", (120, 330), 62, 0.0),
        scenes.thing("triangle", "orange", (325, 325), 60, 0.0),
    ]


def samples() -> dict[str, Picture]:
    four = shapes()
    changed = [four[0], scenes.thing("square", "yellow", (330, 120), 56, 0.1), *four[2:]]
    wide = [thing.moved(60, 0) if thing.center[0] < 224 else thing.moved(360, 0) for thing in four]
    made = {
        "shapes": scene("shapes", four),
        "shapes-changed": scene("shapes", changed),
        "shapes-wide": scene("wide", wide, "beige", size=(896, 448)),
        "word": scene("word", [], "beige", "COFFEE"),
        "number": scene("number", [], "white", "472"),
        "chart": scenes.chart(Random("chart 3"), SIZE),
    }
    for k in range(4):
        ball = scenes.thing("circle", "red", (80 + 95 * k, 224), 50, 0.0)
        made[f"clip-{k + 1}"] = scene("clip", [ball])
    return made


def video(path: Path) -> None:
    """The clip as a file: the ball in 16 frames, 8 a second."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", 8, {"crf": "18"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for k in range(16):
            ball = scenes.thing("circle", "red", (80 + 19 * k, 224), 50, 0.0)
            file.mux(stream.encode(av.VideoFrame.from_image(scene("clip", [ball]).image)))
        file.mux(stream.encode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("models/samples"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, picture in samples().items():
        picture.image.save(arguments.out / f"{name}.png", optimize=True)
    video(arguments.out / "clip.mp4")
