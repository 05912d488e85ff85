"""Trains the demo model: first dense targets per visual token, then questions with that loss beside them.

Runs in slices: `--minutes` ends a slice, the same command again goes on where it ended. Same seed, same losses.
"""

import argparse
import json
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

import batches
import model as demo
import tokenizer
from optimizer import optimizers
from pixels import normalized

HELD_OUT = "held-out"
HEAD = Path(__file__).with_name("dense-head.safetensors")
WIDTHS = {"kind": 1 + len(batches.CLASSES), "color": 1 + len(batches.COLORS), "box": 4, "chars": batches.SLOTS * (1 + len(batches.CHARS))}


def dense_head() -> torch.nn.Linear:
    """Reads the dense targets off a visual token."""
    return torch.nn.Linear(demo.TEXT["hidden_size"], sum(WIDTHS.values()))


def dense_loss(head, visual, targets) -> torch.Tensor:
    """What the throw-away head reads off each visual token, against what was drawn there."""
    side = batches.SIDE
    read = head(visual).float().view(-1, side, side, sum(WIDTHS.values()))
    kind, color, box, chars = read.split(list(WIDTHS.values()), dim=-1)
    shown = targets["kind"] > 0
    weight = torch.ones(kind.shape[-1], device=kind.device)
    weight[0] = 0.3
    loss = F.cross_entropy(kind.permute(0, 3, 1, 2), targets["kind"], weight)
    if shown.any():
        loss = loss + F.cross_entropy(color[shown], targets["color"][shown])
        loss = loss + 4 * F.smooth_l1_loss(box[shown], targets["box"][shown], beta=0.05)
    chars = chars.unflatten(-1, (batches.SLOTS, -1))
    printed = targets["chars"] > 0
    loss = loss + F.cross_entropy(chars[~printed], targets["chars"][~printed])
    return loss + F.cross_entropy(chars[printed], targets["chars"][printed]) if printed.any() else loss


def logits(model, visual, batch):
    """Scores at the positions that are learned, with their targets and weights."""
    vectors = demo.embedded(model, batch.ids, visual)
    hidden = []
    for rows, length in batch.groups():
        made = model.model.language_model(
            inputs_embeds=vectors[rows, :length],
            attention_mask=batch.mask(batch.branches[rows, :length]).to(vectors.dtype),
            position_ids=batch.positions[rows, :length],
            use_cache=False,
        ).last_hidden_state
        hidden.append(made[batch.targets[rows, :length] != -100])
    learned = batch.targets != -100
    return model.lm_head(torch.cat(hidden)).float(), batch.targets[learned], batch.weights[learned]


def losses(model, head, part, whole, with_questions: bool) -> torch.Tensor:
    """What a part of a batch adds to the loss of the whole: [loss, dense, answers]."""
    visual = demo.visual_tokens(model, normalized(part.tiles))
    dense = dense_loss(head, visual, part.dense) * (len(part.tiles) / len(whole.tiles))
    if not with_questions:
        return torch.stack((dense, dense, dense * 0))
    scores, targets, weights = logits(model, visual, part)
    answers = (F.cross_entropy(scores, targets, reduction="none") * weights).sum() / whole.weights.sum()
    return torch.stack((answers + 0.2 * dense, dense, answers))


def autocast(device: str):
    """bfloat16 where the machine multiplies it; other CPUs only imitate it, forty times slower than float32."""
    fast = device == "cuda" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.autocast(device, torch.bfloat16, enabled=fast)


def rate(step: int, arguments) -> float:
    """Constant after a short warm-up, then straight down over the last part of all steps."""
    total = arguments.dense_steps + arguments.steps
    rest = (total - step) / (arguments.cooldown * total)
    return arguments.lr * min(1.0, (step + 1) / 50, max(0.02, rest))


@torch.no_grad()
def held_out(model, tokens, arguments) -> dict[str, float]:
    """Share of answers, per kind, whose every token is the best one after the right beginning."""
    model.eval()
    right, asked = defaultdict(int), defaultdict(int)
    for index in range(arguments.held_out):
        batch = batches.Batches(tokens, HELD_OUT, 8, index + 1, False)[index].to(arguments.device)
        with autocast(arguments.device):
            visual = demo.visual_tokens(model, normalized(batch.tiles))
            scores, targets, _ = logits(model, visual, batch)
        rows, _ = (batch.targets != -100).nonzero(as_tuple=True)
        branches = batch.branches[batch.targets != -100]
        wrong = {(r.item(), b.item()) for r, b, ok in zip(rows, branches, scores.argmax(-1) == targets) if not ok}
        for place, kind in batches.kinds(HELD_OUT, index, batch).items():
            asked[kind] += 1
            right[kind] += place not in wrong
    model.train()
    return {kind: round(right[kind] / asked[kind], 3) for kind in sorted(asked)}


class Run:
    """The state of a training run: what is saved at the end of a slice and read at the start of the next."""

    def __init__(self, arguments):
        self.arguments = arguments
        torch.manual_seed(arguments.seed)
        self.threads = arguments.threads if arguments.device == "cpu" else 1
        self.pool = ThreadPoolExecutor(self.threads, initializer=torch.set_num_threads, initargs=(1,))
        torch.set_num_threads(arguments.threads)
        if not (arguments.out / "vocab.json").exists():
            tokenizer.write(tokenizer.train(), arguments.out)
        self.tokens = demo.tokenizer(arguments.out)
        self.model = demo.build(self.tokens).to(arguments.device)
        self.head = dense_head().to(arguments.device)
        self.optimizers = optimizers(self.model, self.head, arguments.lr)
        self.step, self.seconds = 0, 0.0
        self.log = arguments.out / "training-log.jsonl"
        self.state = arguments.run / "state.pt"
        if self.state.exists():
            self.resume()
        elif arguments.start:
            self.start(arguments.start)
        else:
            self.log.write_text("")

    def start(self, folder: Path):
        """Goes on from a checkpoint whose state was not kept: its weights, its log, and the head beside this file."""
        trained, _ = demo.load(folder)
        self.model.load_state_dict(trained.state_dict())
        self.head.load_state_dict(load_file(HEAD))
        before = (folder / self.log.name).read_text()
        self.log.write_text(before)
        self.write({"start": folder.name})

    def resume(self):
        saved = torch.load(self.state, map_location=self.arguments.device)
        self.model.load_state_dict(saved["model"])
        self.head.load_state_dict(saved["head"])
        for optimizer, state in zip(self.optimizers, saved["optimizers"]):
            optimizer.load_state_dict(state)
        self.step, self.seconds = saved["step"], saved["seconds"]
        lines = self.log.read_text().splitlines()
        began = max((n for n, line in enumerate(lines) if "start" in json.loads(line)), default=-1) + 1
        own = [line for line in lines[began:] if json.loads(line)["step"] <= self.step]
        self.log.write_text("".join(line + "\n" for line in lines[:began] + own))

    def save(self):
        self.arguments.run.mkdir(parents=True, exist_ok=True)
        saved = {
            "model": self.model.state_dict(),
            "head": self.head.state_dict(),
            "optimizers": [o.state_dict() for o in self.optimizers],
            "step": self.step,
            "seconds": self.seconds,
        }
        partial = self.state.with_suffix(".part")
        torch.save(saved, partial)
        partial.replace(self.state)
        demo.save(self.model, self.tokens, self.arguments.out)
        save_file({n: t.detach().cpu().contiguous() for n, t in self.head.state_dict().items()}, HEAD)

    def write(self, entry: dict):
        line = json.dumps({"step": self.step, "seconds": round(self.seconds), **entry})
        with self.log.open("a") as file:
            file.write(line + "\n")
        print(line, flush=True)

    def train(self):
        """Goes on until all steps are done or the slice's minutes are over."""
        arguments = self.arguments
        end = time.monotonic() + 60 * arguments.minutes
        stages = ((False, 0, arguments.dense_steps), (True, arguments.dense_steps, arguments.steps))
        for with_questions, before, steps in stages:
            if before + steps > self.step and not self.stage(with_questions, before, steps, end):
                break
        self.save()

    def stage(self, with_questions: bool, before: int, steps: int, end: float) -> bool:
        arguments = self.arguments
        data = batches.Batches(self.tokens, arguments.seed, arguments.batch, steps, not with_questions)
        left = torch.utils.data.Subset(data, range(self.step - before, steps))
        loader = torch.utils.data.DataLoader(left, batch_size=None, num_workers=arguments.workers)
        sums, count = torch.zeros(3), 0
        began = saved = time.monotonic()
        for batch in loader:
            sums += self.advance(batch.to(arguments.device), with_questions)
            count += 1
            self.step += 1
            self.seconds, began = self.seconds + time.monotonic() - began, time.monotonic()
            if self.step % arguments.log_every == 0 or self.step == before + steps:
                means = dict(zip(("loss", "dense", "answers"), (round(v, 4) for v in (sums / count).tolist())))
                sums, count = torch.zeros(3), 0
                self.write({"lr": round(rate(self.step, arguments), 6), **means})
            if with_questions and (self.step % arguments.check_every == 0 or self.step == before + steps):
                self.write({"held_out": held_out(self.model, self.tokens, arguments)})
            if time.monotonic() - saved > 300:
                self.save()
                saved = time.monotonic()
            if time.monotonic() > end:
                return False
        return True

    def advance(self, batch, with_questions: bool) -> torch.Tensor:
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate(self.step, self.arguments) * group.get("scale", 1.0)
        parts = batch.parts(self.threads)
        sums = sum(self.pool.map(lambda part: self.backward(part, batch, with_questions), parts))
        torch.nn.utils.clip_grad_norm_([*self.model.parameters(), *self.head.parameters()], 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return sums

    def backward(self, part, whole, with_questions: bool) -> torch.Tensor:
        with autocast(self.arguments.device):
            made = losses(self.model, self.head, part, whole, with_questions)
        made[0].backward()
        return made.detach().cpu()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("models/internvl-demo"), help="where the checkpoint goes")
    parser.add_argument("--run", type=Path, default=Path("target/demo-training"), help="where the state is kept")
    parser.add_argument("--start", type=Path, help="checkpoint to go on from, with new steps, where no state is kept")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=0, help="processes that draw; 0 draws between the steps")
    parser.add_argument("--minutes", type=float, default=120, help="length of this slice")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=16, help="samples a step")
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--cooldown", type=float, default=0.3, help="last part of all steps, with a falling rate")
    parser.add_argument("--dense-steps", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--log-every", type=int, default=25)
    parser.add_argument("--check-every", type=int, default=500)
    parser.add_argument("--held-out", type=int, default=20, help="batches of eight held-out samples")
    Run(parser.parse_args()).train()


if __name__ == "__main__":
    main()
