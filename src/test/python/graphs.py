"""Models of random weights on a device, from the files that `internvl export-graph` wrote."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import torch

DTYPES = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}
CODES = {"F32": 6, "BF16": 15, "F16": 5}
GRAIN, SPARE = 256, 8  # of a slot's room in tokens, and beyond it
BYTES = {"half": 2, "int8": 1, "fp8": 1, "int4": 0.5 + 4 / 32}  # of a weight, with a scale and a zero of 16 bits for each 32


@dataclass(frozen=True)
class Exported:
    folder: Path
    json: dict
    numbers: str  # the number format to compute in, as safetensors calls it

    @staticmethod
    def read(folder: Path) -> "Exported":
        content = json.loads((folder / "graphs.json").read_text())
        return Exported(folder, content, content["numbers"])

    @property
    def dtype(self) -> torch.dtype:
        return DTYPES[self.numbers]

    def check_device(self, device: torch.device) -> None:
        written = self.json["device"].split(":")[0]
        if written != device.type:
            raise SystemExit(f"{self.folder}: was written for {written}, not for {device.type}; export it for --device")

    def cut(self, layers: int, vocabulary: int | None = None, numbers: str | None = None) -> "Exported":
        """The same with fewer layers, fewer rows of the embedding, or in another number format."""
        content = json.loads(json.dumps(self.json))
        for graph in (content["vision"], content["decoder"]):
            graph["calls"] = graph["calls"][: 1 + layers]  # build, and make_layer for each layer
            for call in graph["calls"]:
                call["arguments"][0] = CODES[numbers or self.numbers]
            for weight in graph["tables"]["first"] + graph["tables"]["last"]:
                if vocabulary and weight["name"] in ("embedding.weight", "head.weight"):
                    weight["shape"][0] = vocabulary
        language, vision = content["languageConfig"], content["visionConfig"]
        language["layers"] = min(layers, language["layers"])
        vision["layers"] = vision["storedLayers"] = min(layers, vision["layers"])
        language["vocabulary"] = vocabulary or language["vocabulary"]
        return replace(self, json=content, numbers=numbers or self.numbers)

    def shapes(self, tokens: int) -> list[tuple[int, int, int]]:
        """Products of linears: rows, outputs, inputs."""
        language, vision = self.json["languageConfig"], self.json["visionConfig"]
        return [
            (4 * (1 + vision["patches"]), vision["mlpWidth"], vision["width"]),
            (tokens, language["mlpWidth"], language["width"]),
            (tokens, language["width"], language["mlpWidth"]),
        ]

    def made(self, name: str, device: torch.device, seed: int | None):
        """The compiled graph with its weights; those of one layer at a time, so that nothing is there twice."""
        graph = torch.jit.load(str(self.folder / self.json[name]["archive"]))
        define_add_layer(graph)
        for call in self.json[name]["calls"]:
            tables = [self.json[name]["tables"][table] for table in call["tables"]]
            random_tables = [{w["name"]: random(w, self.dtype, device, seed) for w in table} for table in tables]
            others = [str(device) if argument == self.json["device"] else argument for argument in call["arguments"]]
            method = "add_layer" if call["method"] == "make_layer" else call["method"]
            getattr(graph, method)(*random_tables, *others)
        return graph

    def linears(self, name: str, table: str) -> int:
        """Numbers in linears, before they are put into few bits."""
        own = [w for w in self.json[name]["tables"][table] if len(w["shape"]) == 2]
        own = [w for w in own if not w["name"].endswith((".qzeros", ".scales"))]
        return sum(w["shape"][0] * w["shape"][1] * (8 if w.get("packed") else 1) for w in own)


def define_add_layer(graph) -> None:
    """Python cannot hold a layer, so that TorchScript passes what `make_layer` returns to `append`."""
    arguments = graph.make_layer.schema.arguments[1:]
    typed = ", ".join(f"{argument.name}: {argument.type.annotation_str}" for argument in arguments)
    names = ", ".join(argument.name for argument in arguments)
    graph.define(f"def add_layer(self, {typed}) -> None:\n    self.append(self.make_layer({names}))\n")


def random(weight: dict, dtype: torch.dtype, device: torch.device, seed: int | None) -> torch.Tensor:
    """Numbers as a trained model has them, about; with a seed the same on every device."""
    maker = torch.device("cpu") if seed is not None else device
    generator = torch.Generator(maker)
    if seed is not None:
        generator.manual_seed(seed + sum(map(ord, weight["name"])))
    shape, name = weight["shape"], weight["name"]
    if weight.get("packed"):
        made = torch.randint(-(2**31), 2**31, shape, dtype=torch.int32, device=maker, generator=generator)
    elif "norm" in name or name.endswith((".ls1", ".ls2")):
        made = torch.ones(shape, dtype=dtype, device=maker) * (0 if name.endswith("bias") else 1)
    elif name.endswith(".scales"):
        made = torch.full(shape, 0.003, dtype=torch.float16, device=maker)
    elif seed is not None:
        made = (torch.randn(shape, generator=generator) * 0.02).bfloat16()  # the same numbers in each format
    else:
        made = torch.empty(shape, dtype=dtype, device=maker).normal_(0, 0.02, generator=generator)
    return made.to(device)


def none() -> torch.Tensor:
    return torch.empty([0], dtype=torch.int64)


class Encoder:
    """ViT, pixel unshuffle and projector."""

    def __init__(self, exported: Exported, device: torch.device, seed: int | None = None):
        config, vit = exported.json, exported.json["visionConfig"]
        self.graph = exported.made("vision", device, seed)
        self.layers = vit["layers"]
        self.unshuffle = config["unshuffle"], config["unshuffleByColumns"]
        self.tile = [config["tileSize"], config["tileSize"], 3]
        positions = 1 + (config["tileSize"] // vit["patch"]) ** 2
        layers = self.layers * exported.linears("vision", "layers.0")
        projector = exported.linears("vision", "last")
        self.bytes = (layers + projector) * exported.dtype.itemsize
        attention = 4 * positions**2 * vit["width"] * self.layers
        self.operations = 2 * (positions * layers + config["tokensPerTile"] * projector) + attention

    def encode(self, tiles: torch.Tensor, together: int) -> torch.Tensor:
        parts = []
        for some in tiles.split(together):
            hidden = self.graph.begin([some])
            parts.append(self.graph.finish(self.graph.run_layers(hidden, 0, self.layers), *self.unshuffle))
        return torch.cat(parts)


class Decoder:
    """The language model with its slots; calls are those that Java makes."""

    def __init__(self, exported: Exported, device: torch.device, seed: int | None = None):
        llm = exported.json["languageConfig"]
        self.graph = exported.made("decoder", device, seed)
        self.vocabulary, self.layers = llm["vocabulary"], llm["layers"]
        self.queries = llm["heads"] * llm["headWidth"]
        self.linears = self.layers * exported.linears("decoder", "layers.0")
        self.head = llm["vocabulary"] * llm["width"]
        used = exported.json["decoder"]["used"]
        wide = exported.dtype.itemsize
        self.bytes = self.linears * size(used["linear"], wide) + self.head * size(used["head"], wide)
        self.key_bytes = 2 * self.layers * llm["kvHeads"] * llm["headWidth"] * wide

    def token_operations(self, context: int) -> float:
        return 2 * (self.linears + self.head) + 4 * self.layers * self.queries * context

    def prompt_operations(self, tokens: int) -> float:
        return 2 * (tokens * self.linears + self.head) + 2 * self.layers * self.queries * tokens**2

    def allocate(self, slots: int, tokens: int) -> None:
        """Gives all slots their rooms for good, in multiples of 256 and with spare places, as Java does."""
        self.graph.allocate(slots, rounded(tokens) + SPARE)

    def share(self, tokens: int, slots: int) -> None:
        """Gives the first slot's tokens to the others."""
        for slot in range(1, slots):
            self.graph.copy(0, slot, 0, tokens)

    def prompt(self, slot: int, ids: torch.Tensor, visual: torch.Tensor) -> torch.Tensor:
        """Logits after a prompt that begins with visual tokens."""
        rows = visual.size(0)
        n = len(ids)
        numbers = torch.cat([ids, torch.arange(rows), torch.tensor([n - 1])])
        return self.graph.step(numbers, n, False, [visual], [0], [rows], [slot], [0], [n], [n])

    def prefill(self, slot: int, tokens: int, chunk: int) -> torch.Tensor:
        ids = torch.arange(tokens) % self.vocabulary
        for start in range(0, tokens, chunk):
            some = ids[start : start + chunk]
            logits = self.chunk(slot, some, start, tokens, start + chunk >= tokens)
        return self.graph.argmax(logits)

    def chunk(self, slot: int, ids: torch.Tensor, start: int, span: int = 1, ends: bool = True) -> torch.Tensor:
        """Logits after some tokens more, if the prompt ends there."""
        n = len(ids)
        numbers = torch.cat([ids, torch.tensor([n - 1])]) if ends else ids
        return self.graph.step(numbers, n, False, [none()], [], [], [slot], [start], [n], [span])

    def step(self, ids: torch.Tensor, start: int) -> torch.Tensor:
        """Logits after one token more in each of the first slots."""
        n = ids.size(0)
        slots, starts, counts, spans = list(range(n)), [start] * n, [1] * n, [start + 1] * n
        return self.graph.step(ids, n, True, [none()], [], [], slots, starts, counts, spans)

    def step_dense(self, ids: torch.Tensor, positions: torch.Tensor, length: int) -> torch.Tensor:
        """The same, with positions [n] that the host need not know, all of them below `length`."""
        numbers = torch.cat([ids, positions, positions + 1])
        return self.graph.step_dense(numbers, ids.size(0), True, rounded(length))

    def decode(self, ids: torch.Tensor, start: int) -> torch.Tensor:
        return self.graph.argmax(self.step(ids, start))

    def decode_dense(self, ids: torch.Tensor, start: int, length: int = 0) -> torch.Tensor:
        positions = torch.full_like(ids, start)
        return self.graph.argmax(self.step_dense(ids, positions, length or start + 1))


def rounded(tokens: int) -> int:
    return -(-tokens // GRAIN) * GRAIN


def size(kernel: str, wide: int) -> float:
    return next((size for name, size in BYTES.items() if kernel.startswith(name)), wide)
