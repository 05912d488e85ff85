"""Runs one case as OpenGVLab's chat, batch_chat or generate would and records it in the goldens' layout."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from . import pixels, prompts
from .prompts import History
from .reference import Generation, Reference

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Case:
    """The input of a case. `questions` are the rounds of a chat or the rows of a batch."""

    name: str
    questions: tuple[str, ...] = ()
    api: str = "chat"  # chat, batch_chat, generate, or vision (tensors only)
    images: tuple[str, ...] = ()
    max_num: int | None = None
    patches: list[int] | str | None = None  # the patch list handed over; "tiles": the tile count of each image
    history: History | None = None
    system_message: str | None = None
    end_ids: tuple[int, ...] = ()  # generate only
    fails: bool = False
    flat: bool = False  # a single round whose fields stand in the case itself (rope scaling)
    limit: int = 32
    note: str | None = None
    inputs: Tensors = field(default_factory=dict)  # vision: pixel values of other resolutions


class Bench:
    """A checkpoint, a folder of pictures and the tile limit its cases are run with."""

    def __init__(self, model: Path, images: Path, max_num_cap: int):
        self.model, self.images, self.max_num_cap = model, images, max_num_cap
        self.reference = Reference(model)

    @cached_property
    def unscaled(self) -> Reference:
        return Reference(self.model, rope_scaling=False)

    def run(self, case: Case) -> tuple[dict, Tensors]:
        """The case in golden.json's layout, and its tensors under their full names."""
        pieces = [self._tiles(file, case.max_num) for file in case.images]
        values = torch.cat(pieces) if pieces else None
        counts = [len(piece) for piece in pieces]
        images = [{"file": file, "tiles": count} for file, count in zip(case.images, counts)]
        record = {"name": case.name, "api": case.api, "images": images}
        if case.api == "vision":
            return record | {"note": case.note}, self._vision(case, values[:2])
        patches = counts if case.patches == "tiles" else case.patches
        tensors = self._vision_tensors(case.name, values) if values is not None else {}
        features = tensors.get(f"{case.name}.projector")
        if case.flat:
            return record | self._scaled(case, tensors), tensors
        record["max_num"] = case.max_num
        if case.fails:
            return record | self._failure(case, features, patches), {}
        if case.api == "generate":
            return record | self._generate(case, features, patches, tensors), tensors
        record |= {"num_patches_list": patches, "max_new_tokens": case.limit}
        if case.api == "batch_chat":
            return record | self._batch(case, features, patches, tensors), tensors
        record |= {"system_message": case.system_message} if case.system_message is not None else {}
        record |= {"note": case.note} if case.note else {}
        return record | {"rounds": self._rounds(case, features, patches, tensors)}, tensors

    def _tiles(self, file: str, max_num: int) -> Tensor:
        side = self.reference.image_size
        return pixels.normalise(pixels.tiles(Image.open(self.images / file), side, min(max_num, self.max_num_cap)))

    def _vision_tensors(self, name: str, values: Tensor) -> Tensors:
        hidden = self.reference.vision(values)
        shuffled = self.reference.pixel_shuffle(hidden[self.reference.config["select_layer"]])
        return {
            f"{name}.pixel_values": values,
            f"{name}.vit_last_hidden": hidden[-1],
            f"{name}.vit_layers_tile0_token1": torch.stack([layer[0, 1] for layer in hidden]),
            f"{name}.pixel_shuffle": shuffled,
            f"{name}.projector": self.reference.project(shuffled),
        }

    def _vision(self, case: Case, values: Tensor) -> Tensors:
        reference, prefix = self.reference, case.name + "."
        hidden = reference.vision(values)
        tensors = {prefix + "pixel_values": values}
        for layer in (-1, -2, 1, 0):
            tensors[f"{prefix}select_layer_{layer}"] = reference.project(reference.pixel_shuffle(hidden[layer]))
        tensors[prefix + "ps_v1"] = reference.project(reference.pixel_shuffle(hidden[-1], "v1"))
        for size, other in case.inputs.items():
            last = reference.vision(other)[-1]
            projected = reference.project(reference.pixel_shuffle(last))
            outputs = {"pixel_values": other, "vit_last_hidden": last, "projector": projected}
            tensors |= {f"{prefix}{size}.{name}": tensor for name, tensor in outputs.items()}
        return tensors

    def _query(self, case: Case, history: History | None, question: str, patches: list[int]) -> str:
        system = self.reference.system_message if case.system_message is None else case.system_message
        prompt = prompts.render(system, history or [], question)
        return prompts.expand(prompt, patches, self.reference.tokens_per_tile)

    def _answer(self, query: str, features: Tensor | None, ends: set[int], limit: int) -> Generation:
        return self.reference.generate([self.reference.tokenizer.encode(query)], features, ends, limit)

    def _chat(self, case: Case, features, patches, history, question) -> tuple[str, str, Generation]:
        """The question as recorded, the query and the answer."""
        question = prompts.tagged(question, features is not None, history)
        tiles = 0 if features is None else len(features)
        patches = ([tiles] if tiles else []) if patches is None else patches
        assert features is None or sum(patches) == tiles, "the patch list does not add up"
        query = self._query(case, history, question, patches)
        return question, query, self._answer(query, features, {self.reference.end_id}, case.limit)

    def _rounds(self, case: Case, features, patches, tensors: Tensors) -> list[dict]:
        rounds, history = [], case.history
        for number, asked in enumerate(case.questions, 1):
            question, query, answer = self._chat(case, features, patches, history, asked)
            key = case.name if len(case.questions) == 1 else f"{case.name}.r{number}"
            tensors |= _language_tensors(key, answer)
            text = self._text(answer)
            heard = {"question": asked, "history": history, "response": prompts.response(text)}
            heard |= {"recorded_question": question, "query": prompts.abbreviate(query)}
            rounds.append(heard | _ids(answer) | {"text": text})
            history = (history or []) + [[question, prompts.response(text)]]
        return rounds

    def _failure(self, case: Case, features, patches) -> dict:
        try:
            self._chat(case, features, patches, case.history, case.questions[0])
        except (AssertionError, RuntimeError) as error:
            heard = {"question": case.questions[0], "history": case.history, "num_patches_list": patches}
            return heard | {"error": type(error).__name__, "note": case.note}
        raise ValueError(f"{case.name}: expected to fail")

    def _generate(self, case: Case, features, patches, tensors: Tensors) -> dict:
        _, query, free = self._chat(case, features, patches, None, case.questions[0])
        answer = self._answer(query, features, set(case.end_ids), case.limit)
        tensors |= _language_tensors(case.name, answer)
        asked = {"question": case.questions[0], "num_patches_list": patches, "max_new_tokens": case.limit}
        asked |= {"generation_config": {"eos_token_id": list(case.end_ids)}, "free_run_ids": free.generated_ids[0]}
        asked |= {"note": case.note, "query": prompts.abbreviate(query)}
        return asked | _ids(answer) | {"text": self._text(answer)}

    def _scaled(self, case: Case, tensors: Tensors) -> dict:
        """A text past the trained length, with and without rope scaling."""
        _, query, answer = self._chat(case, None, None, None, case.questions[0])
        plain = self.unscaled.generate(
            [self.reference.tokenizer.encode(query)], None, {self.reference.end_id}, case.limit
        )
        tensors |= _language_tensors(case.name, answer)
        asked = {"question": case.questions[0], "max_new_tokens": case.limit}
        asked |= {"max_position_embeddings": self.reference.llm["max_position_embeddings"]}
        asked |= {"without_scaling_ids": plain.generated_ids[0], "query": prompts.abbreviate(query)}
        return asked | _ids(answer) | {"text": self._text(answer)}

    def _batch(self, case: Case, features, patches, tensors: Tensors) -> dict:
        """Only the first tag of a question is replaced, and there is no check of the patch list."""
        questions = [prompts.tagged(question, features is not None, None) for question in case.questions]
        queries = [self._query(case, None, *pair) for pair in zip(questions, [[count] for count in patches])]
        ends, tokenizer = {self.reference.end_id}, self.reference.tokenizer
        batch = self.reference.generate([tokenizer.encode(query) for query in queries], features, ends, case.limit)
        rows, alone = [], []
        for row, query in enumerate(queries):
            own = None if features is None else features[sum(patches[:row]) : sum(patches[: row + 1])]
            alone.append(self._answer(query, own, ends, case.limit).generated_ids[0] == batch.generated_ids[row])
            text = self._text(batch, row)
            padded = {"input_ids": batch.input_ids[row], "attention_mask": batch.attention_mask[row]}
            padded |= {"position_ids": batch.position_ids[row]}
            rows.append(padded | _ids(batch, row) | {"text": text, "response": prompts.response(text)})
            values, ids = batch.top8[row]
            tensors |= {f"{case.name}.top8_values.{row}": values, f"{case.name}.top8_ids.{row}": ids}
        tensors[f"{case.name}.prompt_logits"] = batch.prompt_logits
        asked = {"questions": list(case.questions), "padding_side": "left", "same_as_alone": alone}
        return asked | {"query": [prompts.abbreviate(query) for query in queries], "rows": rows}

    def _text(self, answer: Generation, row: int = 0) -> str:
        return self.reference.tokenizer.decode(answer.generated_ids[row], skip_special=True)


def _ids(answer: Generation, row: int = 0) -> dict:
    ids = {"input_ids": answer.input_ids[row], "generated_ids": answer.generated_ids[row]}
    return ids | {"min_margin": round(answer.margins[row], 4)}


def _language_tensors(key: str, answer: Generation) -> Tensors:
    values, ids = answer.top8[0]
    tensors = {f"{key}.prompt_logits": answer.prompt_logits[0], f"{key}.llm_layers_last_token": answer.layers[0]}
    return tensors | {f"{key}.top8_values": values, f"{key}.top8_ids": ids}


def margins(record: dict) -> list[float]:
    """The smallest gaps of all answers in a recorded case."""
    answers = record.get("rounds", record.get("rows", [record]))
    return [answer["min_margin"] for answer in answers if "min_margin" in answer]
