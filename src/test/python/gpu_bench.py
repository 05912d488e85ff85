"""Checks and measures the graphs that Java packs, with random weights, on a GPU or a CPU.

    python gpu_bench.py GRAPHS --sizes 1B,8B,26B --dtypes bfloat16,int8,int4 --device cuda:0 > ours-graph.jsonl

GRAPHS holds a folder for each size and dtype, GRAPHS/1B-bfloat16 and so on, as `internvl export-graph` writes it for
the device; a folder GRAPHS/1B-int4-cpu, where there is one, gives the CPU's graph that a GPU's int4 is checked against.
Any torch from 2.7 on does. A figure is a line of JSON: `peer` is ours-graph, `best` and `median` are over `runs`;
`device_share` tells which part of the bandwidth, and of the matrix products, that the same run measured it comes to.

Figures: copy_bandwidth, gemm, check_* (distance of the device's logits from float32 ones of the CPU), vision_1tile,
vision_7tiles, prefill_N, and three of decoding (of batches also _x8, _x32): decode_N computes attention row by row;
decode_N_each all slots in one, as Java does with static slots; decode_N_graph replays that step out of a CUDA graph, token
after token, and `same_ids` tells which part of its tokens are those of decode_N_each. Java takes the second where static
slots have two answers or more, and no CUDA graph.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time
from pathlib import Path

import torch

from graphs import Decoder, Encoder, Exported


class Report:
    def __init__(self, **tags):
        self.tags = tags

    def line(self, figure: str, **values) -> None:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        common = {"figure": figure, "peer": "ours-graph", **values, **self.tags, "torch": torch.__version__}
        common |= {"threads": torch.get_num_threads(), "peak_rss_mb": round(memory), "load1": os.getloadavg()[0]}
        if torch.cuda.is_available():
            common["peak_gpu_mb"] = torch.cuda.max_memory_allocated() >> 20
        print(json.dumps(common), flush=True)

    def figure(self, figure: str, unit: str, samples: list[float], **values) -> None:
        best = max(samples) if unit.endswith("/s") else min(samples)
        rounded = [float(f"{value:.4g}") for value in (best, statistics.median(samples), *samples)]
        self.line(figure, best=rounded[0], median=rounded[1], unit=unit, runs=rounded[2:], **values)


class Bench:
    def __init__(self, device: torch.device, runs: int, warm: int):
        self.device, self.runs, self.warm = device, runs, warm

    def wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def seconds(self, work) -> list[float]:
        """Times of the runs that count."""
        times = []
        for run in range(self.warm + self.runs):
            self.wait()
            start = time.perf_counter()
            work()
            self.wait()
            times.append(time.perf_counter() - start)
        return times[self.warm:]

    def roofline(self, report: Report, dtype: torch.dtype, shapes: list[tuple[int, int, int]], megabytes: int):
        """The device's rates of copying and multiplying, through torch, in bytes and operations per second."""
        source = torch.ones(megabytes << 20, dtype=torch.uint8, device=self.device)
        target = torch.empty_like(source)
        rates = [2 * source.numel() / s for s in self.seconds(lambda: target.copy_(source))]
        report.figure("copy_bandwidth", "GB/s", [rate / 1e9 for rate in rates])
        del source, target
        peak = 0.0
        for m, n, k in shapes:
            a = torch.randn([m, k], device=self.device).to(dtype)
            b = torch.randn([n, k], device=self.device).to(dtype)
            products = [2 * m * n * k / s for s in self.seconds(lambda: torch.nn.functional.linear(a, b))]
            report.figure("gemm", "GFLOP/s", [p / 1e9 for p in products], shape=[m, n, k])
            peak = max(peak, *products)
        return max(rates), peak


def captured(step):
    """A step out of a CUDA graph, after it has run three times on a stream of its own."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def follow(step, ids: torch.Tensor, start: int, tokens: int) -> torch.Tensor:
    """[tokens, slots]: the tokens that follow one of each slot, the best each time."""
    found = []
    for i in range(tokens):
        ids = step(ids, start + i)
        found.append(ids)
    return torch.stack(found)


class ModelBench:
    def __init__(self, exported: Exported, bench: Bench, report: Report, limits: tuple[float, float]):
        self.exported, self.bench, self.report = exported, bench, report
        self.bandwidth, self.peak = limits

    def figure(self, name: str, unit: str, work: float, times: list[float], moved: float, computed: float, **values):
        """`work` units took such times, in which so many bytes were read at least, and so many operations computed."""
        samples = [s / work if unit.startswith("s") else work / s for s in times]
        shares = {"bandwidth": moved / min(times) / self.bandwidth, "gemm": computed / min(times) / self.peak}
        shares = {limit: round(share, 4) for limit, share in shares.items()}
        self.report.figure(name, unit, samples, device_share=shares, **values)

    def vision(self, together: int) -> None:
        encoder = Encoder(self.exported, self.bench.device)
        for tiles in (1, 7):
            pixels = torch.randint(0, 256, [tiles, *encoder.tile], dtype=torch.uint8)
            times = self.bench.seconds(lambda: encoder.encode(pixels, together))
            passes = -(-tiles // together)
            name = f"vision_{tiles}tile{'s' * (tiles > 1)}"
            self.figure(name, "s/tile", tiles, times, passes * encoder.bytes, tiles * encoder.operations)

    def language(self, contexts: list[int], batches: list[int], tokens: int, chunk: int, profile: bool) -> None:
        decoder = Decoder(self.exported, self.bench.device)
        decoder.allocate(max(batches), max(contexts) + tokens)
        for context in contexts:
            times = self.bench.seconds(lambda: decoder.prefill(0, context, chunk))
            moved = -(-context // chunk) * decoder.bytes
            name = f"prefill_{context}"
            self.figure(name, "tok/s", context, times, moved, decoder.prompt_operations(context), chunk=chunk)
            for batch in batches:
                self.decode(decoder, context, batch, tokens, profile)

    def decode(self, decoder: Decoder, context: int, batch: int, tokens: int, profile: bool) -> None:
        decoder.share(context, batch)
        name = f"decode_{context}" + (f"_x{batch}" if batch > 1 else "")
        moved = tokens * (decoder.bytes + batch * context * decoder.key_bytes)
        computed = tokens * batch * decoder.token_operations(context)
        cost = (batch * tokens, moved, computed)

        first = torch.zeros([batch], dtype=torch.int64)
        for way, step in (("", decoder.decode), ("_each", decoder.decode_dense)):
            times = self.bench.seconds(lambda: follow(step, first, context, tokens))
            ms = 1e3 * min(times) / tokens
            self.figure(name + way, "tok/s", cost[0], times, *cost[1:], batch=batch, step_ms=ms)
            if profile:
                self.report.line(f"profile_{name}{way}", shares=self.profile(lambda: step(first, context)))
        if self.bench.device.type == "cuda":
            self.replayed(decoder, name, context, batch, tokens, cost)

    def replayed(self, decoder: Decoder, name: str, context: int, batch: int, tokens: int, cost: tuple) -> None:
        ids = torch.zeros([batch], dtype=torch.int64, device=self.bench.device)
        positions = torch.full_like(ids, context)
        best = torch.empty_like(ids)
        try:
            replay = captured(lambda: best.copy_(decoder.step_dense(ids, positions, context + tokens).argmax(-1)))
        except RuntimeError as failure:
            lines = str(failure).splitlines()
            self.report.line(f"{name}_graph", failed=next((line for line in lines if "rror:" in line), lines[0]))
            return

        def loop() -> torch.Tensor:
            ids.zero_()
            positions.fill_(context)
            found = []
            for _ in range(tokens):
                replay()
                found.append(best.to("cpu", copy=True))
                ids.copy_(best)
                positions.add_(1)
            return torch.stack(found)

        eager = lambda some, at: decoder.decode_dense(some, at, context + tokens)
        expected = follow(eager, torch.zeros([batch], dtype=torch.int64), context, tokens)
        same = (loop() == expected).float().mean().item()
        if same < 0.5:
            self.report.line(f"{name}_graph", failed="its tokens are others than without a graph", same_ids=same)
            return
        times = self.bench.seconds(loop)
        ms = 1e3 * min(times) / tokens
        self.figure(f"{name}_graph", "tok/s", cost[0], times, *cost[1:], batch=batch, step_ms=ms, same_ids=same)

    def profile(self, step) -> dict[str, float]:
        """The operations that most of a step's time goes into, and how many there are."""
        on_gpu = self.bench.device.type == "cuda"
        kinds = torch.profiler.ProfilerActivity
        with torch.profiler.profile(activities=[kinds.CPU] + [kinds.CUDA] * on_gpu) as found:
            step()
            self.bench.wait()
        events = found.key_averages()
        own = (lambda e: e.self_device_time_total) if on_gpu else (lambda e: e.self_cpu_time_total)
        total = sum(own(e) for e in events)
        most = sorted(events, key=own, reverse=True)[:10]
        shares = {e.key: round(own(e) / total, 3) for e in most}
        return shares | {"launches": sum(e.count for e in events if not on_gpu or "LaunchKernel" in e.key)}


def check(exported: Exported, reference: Exported, device: torch.device, report: Report) -> bool:
    """Whether the device's logits are the CPU's, for two layers and a small vocabulary at the model's widths."""
    fine = True
    cpu = torch.device("cpu")
    plain = not any(kernel.startswith("int") for kernel in exported.json["decoder"]["used"].values())
    expected = answers(reference, cpu, "F32")
    for numbers in dict.fromkeys(("F32", exported.numbers)):
        found = answers(exported, device, numbers)
        for part, (a, b) in {name: (expected[name], found[name]) for name in expected}.items():
            distance = (a - b).abs().max().item()
            scale = a.abs().max().item()
            values = {"max_abs_diff": distance, "largest": scale, "numbers": numbers}
            exact = numbers == "F32" and (plain or part == "vision")  # few bits round inputs, which may fall either way
            same = distance <= scale * (1e-3 if exact else 0.1)
            if part == "logits":
                values["top1_agreement"] = (a.argmax(-1) == b.argmax(-1)).float().mean().item()
            report.line(f"check_{part}", **values, ok=same)
            fine &= same
    return fine


def answers(exported: Exported, device: torch.device, numbers: str) -> dict[str, torch.Tensor]:
    """Visual tokens of a tile, and the logits of a prompt with them and of some tokens after it, in two slots."""
    small = exported.cut(layers=2, vocabulary=4096, numbers=numbers)
    torch.manual_seed(1)
    encoder = Encoder(small, device, seed=7)
    pixels = torch.randint(0, 256, [1, *encoder.tile], dtype=torch.uint8)
    visual = encoder.encode(pixels, 1)
    decoder = Decoder(small, device, seed=8)
    length = visual.size(0) + 20
    ids = torch.randint(0, 4096, [length + 8])
    decoder.allocate(2, length + 8)
    logits = [decoder.prompt(0, ids[:length], visual)]
    decoder.share(length, 2)
    for at in range(length, length + 8, 2):
        logits.append(decoder.step(ids[at].repeat(2), at))
        positions = torch.full([2], at + 1)
        logits.append(decoder.step_dense(ids[at + 1].repeat(2), positions, at + 2))
    return {"vision": visual.float().cpu(), "logits": torch.cat(logits).float().cpu()}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("graphs", type=Path, help="folder of exported folders, or one of these")
    options.add_argument("--device", default="cuda:0" if torch.cuda.is_available() else "cpu")
    options.add_argument("--sizes", default="1B,8B,26B")
    options.add_argument("--dtypes", "--dtype", default="bfloat16", help="float32, bfloat16, float16, fp8, int8, int4")
    options.add_argument("--batches", default="1,8,32")
    options.add_argument("--contexts", default="300,2000")
    options.add_argument("--parts", default="vision,language")
    options.add_argument("--chunk", type=int, help="prompt tokens of a step; as in Java: 512, on a CPU 128")
    options.add_argument("--layers", type=int, help="cut the models to so many layers, to try this program out")
    options.add_argument("--profile", action="store_true", help="also which operations a decode step's time goes into")
    options.add_argument("--quick", action="store_true", help="few runs of few tokens, to see that everything works")
    given = options.parse_args()
    device = torch.device(given.device)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    bench = Bench(device, *((2, 1) if given.quick else (5, 2)))
    batches = [int(batch) for batch in given.batches.split(",")]
    contexts = [int(context) for context in given.contexts.split(",")]
    chunk = given.chunk or (128 if device.type == "cpu" else 512)
    torch.set_grad_enabled(False)
    torch._C._set_graph_executor_optimize(False)  # as Java runs graphs
    single = (given.graphs / "graphs.json").exists()
    names = [(None, None)] if single else [(s, d) for s in given.sizes.split(",") for d in given.dtypes.split(",")]
    fine = True
    for size, dtype in names:
        folder = given.graphs if single else given.graphs / f"{size}-{dtype}"
        exported = Exported.read(folder)
        exported.check_device(device)
        other = folder.with_name(folder.name + "-cpu")
        report = Report(model=folder.name, dtype=dtype or exported.numbers, device=device_name(device))
        fine &= check(exported, Exported.read(other) if other.exists() else exported, device, report)
        if given.layers:
            exported = exported.cut(layers=given.layers)
        limits = bench.roofline(report, exported.dtype, exported.shapes(chunk), 64 if device.type == "cpu" else 2048)
        models = ModelBench(exported, bench, report, limits)
        if "vision" in given.parts:
            models.vision(together=4)
        if "language" in given.parts:
            models.language(contexts, batches, 8 if given.quick else 64, chunk, given.profile)
    return 0 if fine else 1


def device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


if __name__ == "__main__":
    sys.exit(main())
