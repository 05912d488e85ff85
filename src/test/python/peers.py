"""Runs another engine on the same checkpoint and prints its results as `internvl bench --json` does.

    python peers.py llama llm-bf16.gguf --bench build/bin/llama-bench --threads 2
    python peers.py transformers FOLDER-hf --threads 2

For `internvl bench --compare`. The first takes llama.cpp's own benchmark and a GGUF file that its converter made from the
checkpoint; the second a folder in the layout of transformers' own classes, see requirements.txt. --figures selects some of
vision_1tile (transformers only), prefill_300, prefill_2000, decode_300, decode_2000, decode_300_x8 (llama.cpp only, from the
llama-batched-bench beside its benchmark). One sample of each: the pairs of --compare repeat them.
"""

import argparse
import json
import pathlib
import subprocess
import time

CONTEXTS = (300, 2000)
STEPS = 16


def report(figure: str, unit: str, samples: list[float], **tags) -> None:
    best = max(samples) if unit == "tok/s" else min(samples)
    print(json.dumps({"figure": figure, "best": best, "unit": unit, "runs": samples, **tags}), flush=True)


def llama(arguments, wanted) -> None:
    program = [arguments.bench, "-m", arguments.model, "-t", str(arguments.threads), "-fa", "1", "-o", "jsonl"]
    for context in CONTEXTS:
        for figure, work in (
            (f"prefill_{context}", ["-r", "1", "-p", str(context), "-n", "0"]),
            (f"decode_{context}", ["-r", "1", "-p", "0", "-n", str(STEPS), "-d", str(context)]),
        ):
            if not wanted(figure):
                continue
            lines = subprocess.run(program + work, capture_output=True, text=True, check=True).stdout.splitlines()
            result = next(json.loads(line) for line in lines if line.startswith("{"))
            tokens = result["n_prompt"] or result["n_gen"]
            report(figure, "tok/s", [tokens * 1e9 / nanos for nanos in result["samples_ns"]], peer="llama.cpp")
    if wanted("decode_300_x8"):
        program = [str(pathlib.Path(arguments.bench).with_name("llama-batched-bench")), "-m", arguments.model]
        program += ["-t", str(arguments.threads), "-fa", "on", "-c", "4096", "-npp", "300", "-ntg", str(STEPS), "-npl", "8"]
        program += ["--output-format", "jsonl"]
        lines = subprocess.run(program, capture_output=True, text=True, check=True).stdout.splitlines()
        result = next(json.loads(line) for line in lines if line.startswith("{"))
        report("decode_300_x8", "tok/s", [result["speed_tg"]], peer="llama.cpp")


def transformers(arguments, wanted) -> None:
    import torch
    from transformers import InternVLForConditionalGeneration

    torch.set_num_threads(arguments.threads)
    torch.set_grad_enabled(False)
    dtype = getattr(torch, arguments.dtype)
    load = InternVLForConditionalGeneration.from_pretrained
    model = load(arguments.model, dtype=dtype, attn_implementation=arguments.attention).eval()
    tags = {"peer": "transformers", "dtype": arguments.dtype, "attention": arguments.attention}

    def seconds(work) -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    def step(**inputs):
        return model(**inputs, use_cache=True, logits_to_keep=1)

    if wanted("vision_1tile"):
        tile = torch.randn(1, 3, 448, 448).to(dtype)
        samples = [seconds(lambda: model.get_image_features(pixel_values=tile)) for _ in range(3)]
        report("vision_1tile", "s/tile", samples[1:], **tags)
    for context in CONTEXTS:
        ids = torch.randint(0, 150000, (1, context))
        if wanted(f"prefill_{context}"):
            samples = [context / seconds(lambda: step(input_ids=ids)) for _ in range(3)]
            report(f"prefill_{context}", "tok/s", samples[1:], **tags)
        if wanted(f"decode_{context}"):
            state = step(input_ids=ids)

            def decode() -> None:
                nonlocal state
                for _ in range(STEPS):
                    token = state.logits[:, -1].argmax(-1, keepdim=True)
                    state = step(input_ids=token, past_key_values=state.past_key_values)

            report(f"decode_{context}", "tok/s", [STEPS / seconds(decode) for _ in range(3)], **tags)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", choices=["llama", "transformers"])
    parser.add_argument("model")
    parser.add_argument("--bench", default="llama-bench")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--attention", default="sdpa")
    parser.add_argument("--figures", type=lambda names: names.split(","))
    chosen = parser.parse_args()
    run = {"llama": llama, "transformers": transformers}[chosen.engine]
    run(chosen, lambda figure: chosen.figures is None or figure in chosen.figures)
