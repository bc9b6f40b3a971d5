"""Training an encoder from examples to a folder, with a tiny random T5: nothing is downloaded."""

from __future__ import annotations

import importlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from harlm.errors import ConfigError
from harlm.router.encoder import Encoder, load_encoder
from harlm.router.encoder_text import SIZES
from harlm.router.features import NAMES
from harlm.router.model import ExampleSource, RouterModel
from harlm.router.model import load as load_router
from harlm.types import MODES
from harlm_train.examples import Example, Examples
from harlm_train.measuring import asked_in, calibration_error, measure
from harlm_train.tuning import Recipe, rows_of

pytest.importorskip("lightgbm", reason="what trains trees is not installed")
encoders = pytest.importorskip("harlm_train.encoder")
fitting = pytest.importorskip("harlm_train.fitting")

RECIPE = Recipe(backbone="random:t5-tiny", epochs=6, rate=3e-3, most_tokens=32)


def example(number: int, mode: Any, run: str) -> Example:
    """Questions with the word *count* are answered rightly by *plan*, others by *direct*; *repl* always, *full* never."""
    counts = number % 2 == 0
    right = {"direct": not counts, "plan": counts, "repl": True, "full": False}[mode]
    features = dict.fromkeys(NAMES, 0.0) | {"log_tokens": 8.0 + number % 5, "root_skill": 0.7}
    asked = "count the names that are in it" if counts else "who has signed the letter"
    return Example(
        task=f"t{number}", text=f"t{number}", wording=asked, prompt=f"{asked} | tokens={number}K", family="f",
        source="s", run=run, mode=mode, features=features, score=float(right), micros=10, expected_micros=10,
    )  # fmt: skip


def examples(texts: int, runs: int = 2) -> Examples:
    made = [example(n, mode, f"r{run}") for n in range(texts) for mode in MODES for run in range(runs)]
    origin = ExampleSource(label="SIMULATED", detail="a test", examples=len(made))
    return Examples(all=tuple(made), origins=(origin,))


@pytest.fixture(scope="module")
def given() -> Examples:
    return examples(100)


@pytest.fixture(scope="module")
def router(given: Examples) -> RouterModel:
    made: RouterModel = fitting.fit(given, on=date(2026, 1, 2))
    return made


@pytest.fixture(scope="module")
def trained(
    given: Examples, router: RouterModel, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Encoder]:
    for name in ("torch", "transformers", "safetensors", "tokenizers", "peft"):
        pytest.importorskip(name, reason="pip install 'harlm[encoder]'")
    path = tmp_path_factory.mktemp("encoder") / "made"
    return path, encoders.train(given, router, path, RECIPE, on=date(2026, 1, 2))


def test_an_encoder_learns_from_words_which_mode_is_right(trained: tuple[Path, Encoder]) -> None:
    right = encoders.judge(trained[1])
    counting, asking = ({m: right(example(n, m, "r")) for m in MODES} for n in (902, 903))
    assert counting["plan"] > 0.8 > 0.3 > counting["direct"]
    assert asking["direct"] > 0.8 > 0.3 > asking["plan"]
    assert counting["repl"] > 0.8 > 0.2 > counting["full"]


def test_a_folder_holds_all_that_is_needed_and_nothing_of_this_machine(
    trained: tuple[Path, Encoder], router: RouterModel
) -> None:
    path, made = trained
    assert {each.name for each in path.iterdir()} == {
        "config.json", "encoder.json", "model.safetensors", "router.json", "tokenizer.json",
    }  # fmt: skip
    assert (made.about.kind, made.about.backbone, made.about.date) == (
        "t5",
        "random:t5-tiny (lora)",
        "2026-01-02",
    )
    assert load_router(path / "router.json") == router
    assert "_name_or_path" not in json.loads((path / "config.json").read_text())
    assert str(Path.home()) not in "".join((path / f"{n}.json").read_text() for n in ("config", "encoder"))


def test_what_lora_learned_is_part_of_the_weights(trained: tuple[Path, Encoder]) -> None:
    from safetensors import safe_open

    with safe_open(trained[0] / "model.safetensors", "pt") as file:
        names = set(file.keys())
    assert not [name for name in names if "lora" in name or "base" in name]
    assert "backbone.encoder.block.0.layer.0.SelfAttention.q.weight" in names


def test_a_seed_makes_the_same_encoder_again(
    given: Examples, router: RouterModel, trained: tuple[Path, Encoder], tmp_path: Path
) -> None:
    quick = Recipe(backbone="random:t5-tiny", epochs=1, most_tokens=16, tuning="full", batch=64)
    for name in ("one", "two"):
        encoders.train(given, router, tmp_path / name, quick)
    one, two = (load_encoder(tmp_path / name) for name in ("one", "two"))
    assert one.about.knots == two.about.knots
    assert (tmp_path / "one/model.safetensors").read_bytes() == (
        tmp_path / "two/model.safetensors"
    ).read_bytes()


def test_a_folder_of_weights_on_this_machine_is_tuned_without_a_network(
    given: Examples, router: RouterModel, trained: tuple[Path, Encoder], tmp_path: Path
) -> None:
    transformers: Any = importlib.import_module("transformers")
    config = transformers.BertConfig(
        vocab_size=2_000, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    home = tmp_path / "tiny-bert"
    transformers.BertModel(config).save_pretrained(home)
    transformers.PreTrainedTokenizerFast(tokenizer_file=str(trained[0] / "tokenizer.json")).save_pretrained(
        home
    )
    recipes = (
        Recipe(backbone=str(home), epochs=1, tuning=each, most_tokens=16) for each in ("lora", "frozen")
    )
    for recipe in recipes:  # the folder of an encoder is replaced
        made = encoders.train(given, router, tmp_path / "made", recipe)
        assert (made.about.kind, made.about.backbone) == ("auto", f"tiny-bert ({recipe.tuning})")
        assert str(tmp_path) not in (tmp_path / "made/config.json").read_text()


def test_too_few_examples_are_refused_before_anything_is_imported(
    router: RouterModel, tmp_path: Path
) -> None:
    with pytest.raises(
        ConfigError, match=r"no mode has 50 examples to fit and 25 .*direct: \d+ and \d+.*; run more"
    ):
        encoders.train(examples(20), router, tmp_path / "new", RECIPE)
    assert not (tmp_path / "new").exists()


def test_a_folder_with_other_files_is_left_alone(
    given: Examples, router: RouterModel, trained: tuple[Path, Encoder], tmp_path: Path
) -> None:
    (tmp_path / "letter.txt").write_text("hello")
    with pytest.raises(ConfigError, match="holds other files; name a new folder"):
        encoders.train(given, router, tmp_path, RECIPE)
    with pytest.raises(ConfigError, match="is a file; name a folder"):
        encoders.train(given, router, tmp_path / "letter.txt", RECIPE)


def test_a_router_is_measured_by_any_probabilities(given: Examples, router: RouterModel) -> None:
    tasks = asked_in(given)
    assert measure(router, tasks, right=lambda each: each.score).gain == pytest.approx(1.0)
    assert calibration_error(router, given, right=lambda each: each.score) == 0.0
    assert calibration_error(router, given, right=lambda each: 1 - each.score) == pytest.approx(1.0)


def test_runs_of_one_text_are_one_row_with_the_weighted_mean_of_each_mode() -> None:
    (row,) = rows_of([example(0, "direct", "a"), example(0, "plan", "a"), example(0, "plan", "b")])
    assert row.scores == (0.0, 1.0, 0.0, 0.0)
    assert row.weights == (1.0, 2.0, 0.0, 0.0)
    assert len(row.sizes) == len(SIZES)
