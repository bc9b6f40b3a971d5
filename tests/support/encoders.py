"""Folders of encoders: without weights for what needs no torch, and with a tiny random T5 or ModernBERT."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

from harlm.isotonic import Knot
from harlm.router.encoder_folder import DESCRIPTION, ROUTER, TOKENIZER, WEIGHTS, Description, Kind
from harlm.router.encoder_text import SIZES
from harlm.router.features import NAMES
from harlm.router.model import ExampleSource, Head, RouterModel, save
from harlm.types import MODES, Context, Mode, ModelFacts, Profile, RouteOption, Situation, Task
from tests.support.routing import kinds

WIDTH = 16
ORIGINS = (ExampleSource(label="SIMULATED", detail="a test", examples=10),)
STEPS = (Knot(least=-1e9, value=0.25), Knot(least=0.0, value=0.75))
"""Log odds below 0 are a probability of 0.25, others of 0.75."""


def described(**changes: Any) -> dict[str, Any]:
    """The content of a description, with changes."""
    import msgspec

    knots: dict[Mode, tuple[Knot, ...]] = {"direct": STEPS, "plan": STEPS, "repl": STEPS}
    about = Description(
        kind="t5",
        backbone="tiny",
        date="2026-01-02",
        width=WIDTH,
        most_tokens=64,
        knots=knots,
        origins=ORIGINS,
    )
    made: dict[str, Any] = msgspec.to_builtins(about)
    return made | changes


def write_folder(path: Path, **changes: Any) -> Path:
    """A folder whose small files are right, and whose weights are empty."""
    path.mkdir(parents=True, exist_ok=True)
    (path / DESCRIPTION).write_text(json.dumps(described(**changes)), encoding="utf-8")
    (path / "config.json").write_text('{"model_type": "t5"}', encoding="utf-8")
    for name in (TOKENIZER, WEIGHTS):
        (path / name).write_bytes(b"")
    head = Head(base=0.0, trees=(), knots=(), examples=10, right=0.5)
    bounds = (1e9,) * len(NAMES)
    save(
        RouterModel(
            date="2026-01-02",
            heads={"direct": head},
            kinds=kinds(),
            lowest=tuple(-each for each in bounds),
            highest=bounds,
            origins=ORIGINS,
        ),
        path / ROUTER,
    )
    return path


def write_weights(path: Path, kind: Kind) -> None:
    """A tokenizer and random weights into a folder. Needs torch."""
    importlib.import_module("torch").manual_seed(0)
    tokenizers, transformers = importlib.import_module("tokenizers"), importlib.import_module("transformers")
    words = ["<pad>", "</s>", "<unk>", *"how many names are there in the list of a vault |".split()]
    model = tokenizers.models.WordLevel({word: at for at, word in enumerate(words)}, "<unk>")
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.save(str(path / TOKENIZER))
    if kind == "t5":
        config = transformers.T5Config(
            vocab_size=len(words), d_model=WIDTH, d_kv=4, d_ff=32, num_layers=2, num_heads=4
        )
        backbone = transformers.T5EncoderModel(config)
    else:
        config = transformers.ModernBertConfig(
            vocab_size=len(words), hidden_size=WIDTH, intermediate_size=32, num_hidden_layers=3, num_attention_heads=2,
            pad_token_id=0, bos_token_id=1, eos_token_id=1, cls_token_id=1, sep_token_id=1,
        )  # fmt: skip
        backbone = transformers.ModernBertModel(config)
    (path / "config.json").write_text(config.to_json_string(), encoding="utf-8")
    write_tensors(path, tensors_of(backbone))


def tensors_of(backbone: Any) -> dict[str, Any]:
    """The weights of a backbone with those of a random head, by their names in a file."""
    torch = importlib.import_module("torch")
    head = {"head.weight": torch.randn(len(MODES), WIDTH + len(SIZES)), "head.bias": torch.zeros(len(MODES))}
    named = {f"backbone.{name}": each.detach().contiguous() for name, each in backbone.named_parameters()}
    return named | head


def write_tensors(path: Path, tensors: dict[str, Any]) -> None:
    """A file of weights."""
    importlib.import_module("safetensors.torch").save_file(tensors, path / WEIGHTS)


def situation(question: str = "How many names are in the list?", text: str = "a list of names") -> Situation:
    """A task with an option for each mode."""
    facts = ModelFacts(name="m", window=128_000)
    return Situation(
        task=Task(question=question, context=Context.of_text(text)),
        profile=Profile(
            tokens=9_000, characters=36_000, documents=1, kinds=(("text", 1),), structure="prose"
        ),
        root=facts,
        sub=ModelFacts(name="s", window=16_000),
        options=(*(RouteOption(mode=mode) for mode in MODES), RouteOption(mode="direct", reader="sub")),
    )
