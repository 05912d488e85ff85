"""Saves the configurations of the tiny checkpoints as the installed transformers writes them.

    python make_saved.py        rewrites ../resources/goldens/saved/VERSION

Run it once in an environment of each version: `pip install transformers==VERSION pillow`; PyTorch is not needed, and
nothing is downloaded. The weights stay where they are, in ../resources/goldens/conformance: saving does not change them.

The official layout has its configuration classes in the checkpoint's own code; what they do when they are saved stands
below. Transformers' own layout comes with 4.52. Its processor is one file since 5: `processor_config.json`.
"""

import copy
import json
import shutil
from pathlib import Path

import transformers
from transformers import GenerationConfig, PretrainedConfig, Qwen2Config

VERSION = transformers.__version__
MAJOR, MINOR = (int(part) for part in VERSION.split(".")[:2])
GOLDENS = Path(__file__).resolve().parent.parent / "resources" / "goldens"
BASES = GOLDENS / "conformance"
OUT = GOLDENS / "saved" / VERSION
OFFICIAL = ("tiny-qwen", "tiny-internlm2", "tiny-resized")
NATIVE = "tiny-internlm2-hf"
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]  # ImageNet's, as published; the class has CLIP's


class InternVisionConfig(PretrainedConfig):
    model_type = "intern_vit_6b"

    def __init__(self, **settings):
        super().__init__(**settings)


class InternLM2Config(PretrainedConfig):
    """Its own rotary settings are plain attributes, assigned before the base class is set up."""

    model_type = "internlm2"

    def __init__(self, rope_theta=10000, rope_scaling=None, tie_word_embeddings=False, **settings):
        self.rope_theta = rope_theta
        self.rope_scaling = rope_scaling
        super().__init__(tie_word_embeddings=tie_word_embeddings, **settings)


class InternVLChatConfig(PretrainedConfig):
    model_type = "internvl_chat"
    is_composition = True

    def __init__(self, vision_config=None, llm_config=None, **settings):
        super().__init__(**settings)
        language = Qwen2Config if (llm_config or {}).get("model_type") == "qwen2" else InternLM2Config
        self.vision_config = InternVisionConfig(**without_type(vision_config))
        self.llm_config = language(**without_type(llm_config))
        self.tie_word_embeddings = self.llm_config.tie_word_embeddings

    def to_dict(self):
        output = copy.deepcopy(self.__dict__)
        output["vision_config"] = self.vision_config.to_dict()
        output["llm_config"] = self.llm_config.to_dict()
        output["model_type"] = self.model_type
        return {key: value for key, value in output.items() if not key.startswith("_") or key == "_name_or_path"}


def without_type(section: dict | None) -> dict:
    return {key: value for key, value in (section or {}).items() if key != "model_type"}


def read(name: str, file: str = "config.json") -> dict:
    return json.loads((BASES / name / "model" / file).read_text("utf-8"))


def official(name: str) -> None:
    config = read(name)
    config.pop("model_type")
    InternVLChatConfig(**config).save_pretrained(OUT / name)


def native(name: str, config: dict) -> None:
    from transformers import InternVLConfig

    InternVLConfig(**without_type(config)).save_pretrained(OUT / name)
    GenerationConfig(**read(NATIVE, "generation_config.json")).save_pretrained(OUT / name)
    side = config["vision_config"]["image_size"][0]
    image = image_processor(side)
    if MAJOR >= 5:
        content = {"image_processor": image, "processor_class": "InternVLProcessor"}
        write(OUT / name / "processor_config.json", content)
    else:
        write(OUT / name / "preprocessor_config.json", image | {"processor_class": "InternVLProcessor"})


def image_processor(side: int) -> dict:
    """The class without torchvision, whose name changed in 5."""
    names = ("GotOcr2ImageProcessorPil", "GotOcr2ImageProcessor")
    found = next(kind for kind in (getattr(transformers, name, None) for name in names) if kind is not None)
    size = {"height": side, "width": side}
    return json.loads(found(size=size, max_patches=6, image_mean=MEAN, image_std=STD).to_json_string())


def qwen() -> dict:
    """`tiny-qwen` in transformers' own layout: its settings alone, there are no such weights."""
    config = read("tiny-qwen")
    vision, language = config["vision_config"], config["llm_config"]
    renamed = {"attention_bias": vision["qkv_bias"], "use_qk_norm": vision["qk_normalization"]}
    for key in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
        renamed[key] = vision[key]
    for key in ("norm_type", "layer_norm_eps", "hidden_act"):
        renamed[key] = vision[key]
    renamed |= {key: [vision[key], vision[key]] for key in ("image_size", "patch_size")}
    return {
        "vision_config": renamed,
        "text_config": language,
        "downsample_ratio": config["downsample_ratio"],
        "image_seq_length": 9,
        "tie_word_embeddings": False,
        "torch_dtype" if (MAJOR, MINOR) < (4, 56) else "dtype": "bfloat16",
    }


def write(file: Path, content: dict) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n", "utf-8")


def main() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    for name in OFFICIAL:
        official(name)
    if (MAJOR, MINOR) >= (4, 52):
        native(NATIVE, read(NATIVE))
        native("tiny-qwen-hf", qwen())
    print(VERSION, sorted(folder.name for folder in OUT.iterdir()))


if __name__ == "__main__":
    main()
