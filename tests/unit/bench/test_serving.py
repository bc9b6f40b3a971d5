from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from harlm.errors import ConfigError
from harlm_bench import suites
from harlm_bench.labels import Kind, Label
from harlm_bench.serving import Wanted, served

QUICK, EMBEDDED = suites.suite("quick"), suites.suite("embedded")


def label_of(wanted: Wanted) -> str:
    with ExitStack() as stack:
        return str(served(wanted, stack).label)


def test_each_kind_of_model_has_its_label() -> None:
    simulated = label_of(Wanted(suite=QUICK, seed=3))
    assert simulated.startswith("SIMULATED: gpt-5-like = gpt-5-like v")
    assert "seed 3" in simulated
    real = Wanted(
        suite=QUICK,
        base_url="https://user@host:1/v1",
        model="gpt-5",
        sub_model="gpt-5-mini",
        day="2026-12-01",
    )
    assert label_of(real).startswith(
        "REAL ENDPOINT: gpt-5, sub-model gpt-5-mini at host:1, 2026-12-01, prices of "
    )


@pytest.mark.parametrize("origin", ["SIMULATED", "REAL ENDPOINT"])
def test_replies_that_are_played_again_keep_the_name_of_what_answered(origin: Kind) -> None:
    head = {"cassette": 1, "origin": Label(kind=origin, detail="a model")}
    Path("tape.jsonl").write_bytes(msgspec.json.encode(head) + b"\n")
    label = label_of(Wanted(suite=QUICK, replay=Path("tape.jsonl")))
    assert label.startswith(f"REPLAY of {origin}: a model; tape.jsonl, SHA-256 ")


def test_a_secret_data_set_is_not_recorded() -> None:
    load = suites.Load(task="browsecomp-plus", tokens=1_024, windows=1, questions=1)
    asked = msgspec.structs.replace(QUICK, loads=(*QUICK.loads, load))
    wanted = Wanted(suite=asked, base_url="http://h/v1", model="m", record=Path("tape.jsonl"))
    with pytest.raises(
        ConfigError, match=r"'tape\.jsonl'.*'browsecomp-plus' in plain text.*run without --record"
    ):
        label_of(wanted)
    assert not Path("tape.jsonl").exists()


def test_a_real_endpoint_has_the_prices_of_its_models() -> None:
    with ExitStack() as stack:
        found = served(Wanted(suite=QUICK, base_url="http://h/v1", model="gpt-5", sub_model="my-own"), stack)
    assert found.prices["gpt-5"] is not None
    assert found.prices["my-own"] is None


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(suite=EMBEDDED), r"harlm local fetch qwen2\.5-coder-0\.5b"),
        (Wanted(suite=EMBEDDED, weights="nowhere.gguf"), r"nowhere\.gguf"),
        (Wanted(suite=QUICK, base_url="http://h/v1"), "needs --model"),
        (Wanted(suite=QUICK, base_url="h/v1", model="m"), "not an address"),
        (Wanted(suite=QUICK, base_url="http://h/v1", model="m", key_variable="MY_KEY"), "no MY_KEY"),
        (Wanted(suite=QUICK, profile="gpt-9"), "no profile 'gpt-9'"),
        (Wanted(suite=QUICK, replay=Path("none.jsonl")), r"none\.jsonl cannot be read"),
        (Wanted(suite=QUICK, data=Path("x")), "--base-url"),
    ],
)
def test_what_is_missing_is_named_with_the_next_step(wanted: Wanted, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        label_of(wanted)


def test_draws_of_a_model_differ_from_one_another_and_from_runs_of_other_seeds() -> None:
    suite = suites.suite("router")
    seeds = {
        (seed, draw): Wanted(suite=suite, seed=seed, draw=draw).model_seed
        for seed in range(50)
        for draw in range(5)
    }
    assert len(set(seeds.values())) == len(seeds)
    assert all(seeds[seed, 0] == seed for seed in range(50))
