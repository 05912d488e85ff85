"""Writes held-out pictures with their questions, and measures a checkpoint's answers to them, per kind.

The set is a folder: pictures as JPEG files and questions.jsonl with `images`, `max_tiles`, `question`, `history`,
`answer` and `kind` per line. Same seed, same files. Answers are decoded greedily, in float32.
"""

import argparse
import json
import re
from collections import defaultdict
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random

import numpy as np
import torch
from PIL import Image

import batches
import model as demo
import pixels
import tasks
import wordings

SHARES = {"objects": 0.36, "text": 0.2, "chart": 0.1, "pair": 0.2, "clip": 0.11, "chat": 0.03}
KINDS = [kind.__name__ for kind in tasks.Scene.KINDS]
KINDS += "word number letter chart_bar chart_value pair difference clip chat".split()
TALKS = [f"round_{n}" for n in range(1, 7)] + "wording new_wording tag new_talk".split()
BOX = re.compile(r"\[\[(\d+), (\d+), (\d+), (\d+)\]\]")


def wanted(per_kind: int, many_tiles: float, seed: str):
    """Samples with those of their questions that are still needed for every kind to have its number.

    Of a kind a sample gives its first question; those without pictures come in one order always, and are shuffled.
    """
    have = dict.fromkeys(KINDS, 0)
    for index in count():
        rng = Random(f"{seed}/{index}")
        sample = tasks.sample(rng, SHARES, questions=13, many_tiles=many_tiles)
        asked = sample.questions if sample.pictures else rng.sample(sample.questions, len(sample.questions))
        seen, kept = set(), []
        for question in asked:
            if question.kind not in seen and have[question.kind] < per_kind:
                seen.add(question.kind)
                have[question.kind] += 1
                kept.append(question)
        if kept:
            yield sample, kept
        if min(have.values()) == per_kind:
            return


def wanted_talks(per_kind: int, many_tiles: float, seed: str):
    """Dialogues by round, trained wordings, those kept out of training, other tags, and small talk in words kept out."""
    have = dict.fromkeys(TALKS, 0)
    for index in count():
        rng = Random(f"{seed}/{index}")
        sample = tasks.sample(rng, SHARES, questions=13, many_tiles=many_tiles)
        new, rounds = wordings.Maker(rng, sample, kept=True), wordings.Maker(rng, sample).dialogue(6).rounds
        made = [tasks.Question(f"round_{n}", rounds[:n]) for n in range(1, 7)]
        made.append(new.more() if sample.pictures else rng.choice((new.talk, new.other, new.blind))())
        made[-1] = made[-1] and replace(made[-1], kind="new_talk")
        if sample.pictures:
            plain = rng.choice(sample.questions)
            made.append(replace(wordings.reworded(rng, plain), kind="wording"))
            kept = [words for q in sample.questions if len(q.rounds) == 1 and (words := wordings.reworded(rng, q, True))]
            made += [replace(q, kind="new_wording") for q in kept and [rng.choice(kept)]]
        kept = [question for question in made if question and have[question.kind] < per_kind]
        for question in kept:
            have[question.kind] += 1
        yield sample, kept
        tagged = wordings.tagged(rng, sample)
        if have["tag"] < per_kind and tagged.prefix != sample.prefix and not tagged.before:
            have["tag"] += 1
            yield tagged, [replace(rng.choice(sample.questions), kind="tag")]
        if min(have.values()) == per_kind:
            return


def export(folder: Path, chosen) -> None:
    (folder / "images").mkdir(parents=True, exist_ok=True)
    lines = []
    for number, (sample, questions) in enumerate(chosen):
        names = []
        for k, picture in enumerate(sample.pictures):
            names.append(f"images/{number:04d}-{k}.jpg")
            picture.image.save(folder / names[-1], quality=85)
        lines += [line(sample, question, names) for question in questions]
    text = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in lines)
    (folder / "questions.jsonl").write_text(text)


def line(sample: tasks.Sample, question: tasks.Question, names: list[str]) -> dict:
    asked = [q for q, _ in question.rounds]
    asked[0] = sample.prefix + asked[0]
    history = [[q, a] for q, (_, a) in zip(asked[:-1], question.rounds)]
    return {
        "images": names,
        "max_tiles": sample.max_tiles,
        "question": asked[-1],
        "history": history,
        "answer": question.rounds[-1][1],
        "kind": question.kind,
    }


def prompt(entry: dict, counts: list[int]) -> str:
    """The whole conversation in the internvl2_5 template, up to the open assistant turn."""
    text = batches.OPEN
    for asked, answer in entry["history"]:
        text += asked + batches.ANSWER + answer + batches.END + batches.NEXT
    text += entry["question"]
    return batches.image_text(counts if text.count("<image>") > 1 else [sum(counts)], text) + batches.ANSWER


@torch.no_grad()
def answers(model, tokens, folder: Path, entries: list[dict], device: str, dtype: torch.dtype) -> list[str]:
    """Greedy answers to questions about the same pictures, padded on the left to one batch."""
    cut = []
    for name in entries[0]["images"]:
        with Image.open(folder / name) as image:
            cut.append(pixels.tiles(image.convert("RGB"), entries[0]["max_tiles"]))
    visual = torch.empty(0, demo.TEXT["hidden_size"], device=device, dtype=dtype)
    if cut:
        stacked = torch.from_numpy(np.stack([tile.pixels for tiles in cut for tile in tiles]))
        visual = demo.visual_tokens(model, pixels.normalized(stacked.to(device)).to(dtype))
    prompts = [prompt(entry, [len(tiles) for tiles in cut]) for entry in entries]
    rows = [tokens.encode(text, add_special_tokens=False) for text in prompts]
    longest = max(map(len, rows))
    ids = torch.tensor([[tokens.pad_token_id] * (longest - len(row)) + row for row in rows], device=device)
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows], device=device)
    end = tokens.convert_tokens_to_ids("<|im_end|>")
    made = model.generate(
        inputs_embeds=demo.embedded(model, ids, torch.cat([visual] * len(rows))),
        attention_mask=mask,
        max_new_tokens=80,
        do_sample=False,
        eos_token_id=end,
        pad_token_id=tokens.pad_token_id,
    )
    return [tokens.decode(row.tolist()).split("<|im_end|>")[0].strip() for row in made]


def overlap(answer: str, expected: str) -> float:
    """Intersection over union of the boxes in two texts; 0 if one has none."""
    found, right = BOX.search(answer), BOX.search(expected)
    if not found or not right:
        return 0.0
    a, b = [[int(v) for v in match.groups()] for match in (found, right)]
    width, height = (max(0, min(a[i + 2], b[i + 2]) - max(a[i], b[i])) for i in (0, 1))
    areas = [max(0, x[2] - x[0]) * max(0, x[3] - x[1]) for x in (a, b)]
    union = sum(areas) - width * height
    return width * height / union if union else 0.0


def correct(entry: dict, answer: str) -> bool:
    if BOX.search(entry["answer"]):
        return overlap(answer, entry["answer"]) >= 0.5
    return answer == entry["answer"]


def measure(folder: Path, checkpoint: Path, device: str, dtype: torch.dtype, wrong: Path | None) -> dict[str, tuple[int, int]]:
    """Right answers and questions per kind; wrong answers go to a file if one is named."""
    model, tokens = demo.load(checkpoint)
    model = model.to(device, dtype)
    grouped = defaultdict(list)
    for text in (folder / "questions.jsonl").read_text().splitlines():
        entry = json.loads(text)
        grouped[tuple(entry["images"])].append(entry)
    scores: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    missed = []
    for entries in grouped.values():
        for entry, answer in zip(entries, answers(model, tokens, folder, entries, device, dtype)):
            right = correct(entry, answer)
            scores[entry["kind"]][0] += right
            scores[entry["kind"]][1] += 1
            if not right:
                missed.append({**entry, "given": answer})
    if wrong:
        wrong.write_text("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in missed))
    return {kind: tuple(scores[kind]) for kind in sorted(scores)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--set", type=Path, default=Path("target/demo-held-out"), help="folder of the held-out set")
    parser.add_argument("--export", action="store_true", help="write the set; without it, measure")
    parser.add_argument("--talks", action="store_true", help="export dialogues and wordings instead")
    parser.add_argument("--per-kind", type=int, default=100, help="questions of each kind to write")
    parser.add_argument("--many-tiles", type=float, default=0.15, help="share of pictures of several tiles")
    parser.add_argument("--seed", default="export", help="another text, another set")
    parser.add_argument("--model", type=Path, default=Path("models/internvl-demo"))
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--wrong", type=Path, help="file for the questions answered wrongly")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.export:
        choose = wanted_talks if arguments.talks else wanted
        export(arguments.set, choose(arguments.per_kind, arguments.many_tiles, arguments.seed))
        return
    dtype = getattr(torch, arguments.dtype)
    scores = measure(arguments.set, arguments.model, arguments.device, dtype, arguments.wrong)
    print(f"| kind | right | of | {arguments.dtype} |\n| --- | ---: | ---: | ---: |")
    for kind, (right, asked) in scores.items():
        print(f"| {kind} | {right} | {asked} | {100 * right / asked:.1f} % |")


if __name__ == "__main__":
    main()
