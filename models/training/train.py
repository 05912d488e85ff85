"""Trains the demo model: first dense targets per visual token, then questions with that loss beside them.

Runs in slices: `--minutes` ends a slice, the same command again goes on where it ended. The same seed, steps and threads, of
which there are one or two, give the same losses on a CPU; only `--steps`, `--minutes` and `--threads` may change between slices.
"""

import argparse
import json
import sys
import threading
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
SETTINGS = ("device", "seed", "batch", "lr", "cooldown", "dense_steps", "still_vision")
HEAD = Path(__file__).with_name("dense-head.safetensors")
BEFORE = 1 + len(batches.CLASSES), 1 + len(batches.COLORS)
COMPARED = 3
MIDDLE = threading.local()
CHARS = batches.SLOTS * (1 + len(batches.CHARS))
WIDTHS = {"kind": BEFORE[0], "color": BEFORE[1], "box": 4, "chars": CHARS}


def dense_head() -> torch.nn.ModuleDict:
    """Reads the dense targets off a visual token, and what changed since the picture before off its hidden state a few layers later."""
    widths = {"token": sum(WIDTHS.values()), "before": sum(BEFORE), "changed": 2}
    return torch.nn.ModuleDict({name: torch.nn.Linear(demo.TEXT["hidden_size"], width) for name, width in widths.items()})


def dense_loss(head, visual, part, whole) -> torch.Tensor:
    """Loss of the throw-away head's reading of a part's visual tokens against what was drawn there, over the whole's counts."""
    side = batches.SIDE
    read = head["token"](visual).float().view(-1, side, side, sum(WIDTHS.values()))
    kind, color, box, chars = read.split(list(WIDTHS.values()), dim=-1)
    shown, printed = part["kind"] > 0, part["chars"] > 0
    all_shown, all_printed = (whole["kind"] > 0).sum(), (whole["chars"] > 0).sum()
    weight = torch.ones(kind.shape[-1], device=kind.device)
    weight[0] = 0.3
    chars = chars.unflatten(-1, (batches.SLOTS, -1))
    return (
        summed(kind, part["kind"], weight) / weight[whole["kind"]].sum()
        + summed(color[shown], part["color"][shown]) / all_shown.clamp(min=1)
        + F.smooth_l1_loss(box[shown], part["box"][shown], beta=0.05, reduction="sum") / all_shown.clamp(min=1)
        + summed(chars[~printed], part["chars"][~printed]) / (whole["chars"].numel() - all_printed).clamp(min=1)
        + summed(chars[printed], part["chars"][printed]) / all_printed.clamp(min=1)
    )


def summed(read, targets, weight=None) -> torch.Tensor:
    return F.cross_entropy(read.flatten(0, -2), targets.flatten(), weight, reduction="sum")


def keep_middle(model):
    """Every forward pass leaves in its thread's MIDDLE.hidden what comes out of the layer where pictures are compared."""

    def keep(layer, inputs, output):
        MIDDLE.hidden = output[0] if isinstance(output, tuple) else output

    model.model.language_model.layers[COMPARED - 1].register_forward_hook(keep)


def compare_loss(head, hidden, targets) -> torch.Tensor:
    """The sum over visual tokens [tiles, 64, hidden] of what is wrong about what was there in the picture before."""
    kind, color = head["before"](hidden).float().split(BEFORE, dim=-1)
    before = targets["before"].flatten(1, 2)
    weight = targets["changed"].flatten(1, 2)
    told = (kind, before[..., 0]), (color, before[..., 1]), (head["changed"](hidden).float(), (weight == 1).long())
    wrong = sum(F.cross_entropy(read.transpose(1, 2), target, reduction="none") for read, target in told)
    return (wrong * weight).sum()


def logits(model, visual, batch):
    """Scores at the positions that are learned, their targets and weights, and hidden states [tiles, 64, hidden]."""
    vectors = demo.embedded(model, batch.ids, visual)
    hidden, seen = [], []
    for rows, length in batch.groups():
        made = model.model.language_model(
            inputs_embeds=vectors[rows, :length],
            attention_mask=batch.mask(batch.branches[rows, :length]).to(vectors.dtype),
            position_ids=batch.positions[rows, :length],
            use_cache=False,
        ).last_hidden_state
        hidden.append(made[batch.targets[rows, :length] != -100])
        seen.append(MIDDLE.hidden[batch.ids[rows, :length] == model.config.image_token_id])
    learned = batch.targets != -100
    scores = model.lm_head(torch.cat(hidden)).float()
    return scores, batch.targets[learned], batch.weights[learned], torch.cat(seen).view_as(visual)


def losses(model, head, part, whole, with_questions: bool) -> torch.Tensor:
    """A part's share of the whole batch's loss: [loss, dense, compare, answers]."""
    moves = next(model.model.vision_tower.parameters()).requires_grad
    with torch.set_grad_enabled(moves):
        visual = demo.visual_tokens(model, normalized(part.tiles))
    dense = dense_loss(head, visual, part.dense, whole.dense) if moves else visual.new_zeros(())
    if not with_questions:
        return torch.stack((dense, dense, dense * 0, dense * 0))
    scores, targets, weights, hidden = logits(model, visual, part)
    compare = compare_loss(head, hidden, part.dense) / whole.dense["changed"].sum().clamp(min=1)
    answers = (F.cross_entropy(scores, targets, reduction="none") * weights).sum() / whole.weights.sum().clamp(min=1)
    return torch.stack((answers + 0.2 * (dense + compare), dense, compare, answers))


def autocast(device: str):
    """bfloat16 where the machine multiplies it; other CPUs only imitate it, forty times slower than float32."""
    fast = device == "cuda" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.autocast(device, torch.bfloat16, enabled=fast)


def rate(step: int, arguments) -> float:
    """Constant after a short warm-up, then straight down over the last part of all steps."""
    total = arguments.dense_steps + arguments.steps
    rest = (total - step) / (arguments.cooldown * total)
    return arguments.lr * min(1.0, (step + 1) / 8, max(0.02, rest))


@torch.no_grad()
def held_out(model, tokens, arguments) -> dict[str, float]:
    """Share of answers, per kind, whose every token is the best one after the right beginning."""
    model.eval()
    right, asked = defaultdict(int), defaultdict(int)
    for index in range(arguments.held_out):
        batch = batches.Batches(tokens, HELD_OUT, 8, index + 1, False)[index].to(arguments.device)
        with autocast(arguments.device):
            visual = demo.visual_tokens(model, normalized(batch.tiles))
            scores, targets, _, _ = logits(model, visual, batch)
        rows, _ = (batch.targets != -100).nonzero(as_tuple=True)
        branches = batch.branches[batch.targets != -100]
        wrong = {(r.item(), b.item()) for r, b, ok in zip(rows, branches, scores.argmax(-1) == targets) if not ok}
        for row, names in enumerate(batch.kinds):
            for branch, kind in enumerate(names, 1):
                asked[kind] += 1
                right[kind] += (row, branch) not in wrong
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
            if arguments.start:
                tokenizer.copy(arguments.start, arguments.out)
            else:
                tokenizer.write(tokenizer.train(), arguments.out)
        self.tokens = demo.tokenizer(arguments.out)
        self.model = demo.build(self.tokens).to(arguments.device)
        keep_middle(self.model)
        for part in (self.model.model.vision_tower, self.model.model.multi_modal_projector):
            part.requires_grad_(not arguments.still_vision)
        self.head = dense_head().to(arguments.device)
        self.optimizers = optimizers(self.model, self.head, self.pool, arguments.lr)
        self.step, self.seconds, self.sums = 0, 0.0, torch.zeros(5)
        self.settings = {name: vars(arguments)[name] for name in SETTINGS}
        self.settings["start"] = arguments.start and arguments.start.name
        self.log = arguments.out / "training-log.jsonl"
        self.state = arguments.run / "state.pt"
        if self.state.exists():
            self.resume()
        else:
            self.log.write_text(self.start(arguments.start) if arguments.start else "")
            self.write({"run": self.settings})

    def start(self, folder: Path) -> str:
        """Takes the weights of a checkpoint whose state was not kept, and the head they were trained with; gives its log."""
        trained, _ = demo.load(folder)
        self.model.load_state_dict(trained.state_dict())
        self.head.load_state_dict(load_file(self.arguments.head))
        return (folder / self.log.name).read_text()

    def resume(self):
        saved = torch.load(self.state, map_location=self.arguments.device)
        for name, value in saved["settings"].items():
            if value != self.settings[name]:
                option, given = "--" + name.replace("_", "-"), self.settings[name]
                sys.exit(f"{option}: the run in {self.state} has {value}, not {given}. Delete it, or name another --run.")
        if not self.log.exists():
            sys.exit(f"{self.log}: the run in {self.state} has written a log, and here is none. Name its --out, or another --run.")
        self.model.load_state_dict(saved["model"])
        self.head.load_state_dict(saved["head"])
        for optimizer, state in zip(self.optimizers, saved["optimizers"]):
            optimizer.load_state_dict(state)
        self.step, self.seconds, self.sums = saved["step"], saved["seconds"], saved["sums"]
        lines = self.log.read_text().splitlines()
        began = max(n for n, line in enumerate(lines) if "run" in json.loads(line)) + 1
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
            "sums": self.sums,
            "settings": self.settings,
        }
        partial = self.state.with_suffix(".part")
        torch.save(saved, partial)
        partial.replace(self.state)
        demo.save(self.model, self.tokens, self.arguments.out)
        head = {name: tensor.detach().cpu().contiguous() for name, tensor in self.head.state_dict().items()}
        save_file(head, self.arguments.run / HEAD.name)

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
        began = saved = time.monotonic()
        for batch in loader:
            self.sums += F.pad(self.advance(batch.to(arguments.device), with_questions), (0, 1), value=1.0)
            self.step += 1
            self.seconds, began = self.seconds + time.monotonic() - began, time.monotonic()
            if self.step % arguments.log_every == 0 or self.step == before + steps:
                means = (round(v, 4) for v in (self.sums[:4] / self.sums[4]).tolist())
                means = dict(zip(("loss", "dense", "compare", "answers"), means))
                self.sums.zero_()
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
    parser.add_argument("--out", type=Path, default=Path("target/internvl-demo"), help="where the checkpoint goes")
    parser.add_argument("--run", type=Path, default=Path("target/demo-training"), help="where the state is kept")
    parser.add_argument("--start", type=Path, help="checkpoint to go on from, with new steps, where no state is kept")
    parser.add_argument("--head", type=Path, default=HEAD, help="the head that --start goes on with, from its --run")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=0, help="processes that draw; 0 draws between the steps")
    parser.add_argument("--minutes", type=float, default=120, help="length of this slice")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=16, help="samples a step")
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--cooldown", type=float, default=0.3, help="last part of all steps, with a falling rate")
    parser.add_argument("--dense-steps", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=1400)
    parser.add_argument("--still-vision", action="store_true", help="train the language model alone, without the dense loss")
    parser.add_argument("--log-every", type=int, default=25)
    parser.add_argument("--check-every", type=int, default=500)
    parser.add_argument("--held-out", type=int, default=20, help="batches of eight held-out samples")
    Run(parser.parse_args()).train()


if __name__ == "__main__":
    main()
