from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.errors import ConfigError
from harlm.isotonic import Knot
from harlm.router.features import NAMES, kind_of
from harlm.router.model import (
    CHECKED,
    MOST_BYTES,
    Costs,
    Head,
    Logistic,
    RouterQuality,
    load,
    read,
    save,
    shipped,
)
from harlm.router.trees import Tree, chance
from harlm.types import MODES
from tests.support.routing import head_of, router_model, stump

KNOTS = (Knot(least=-1.0, value=0.2), Knot(least=1.0, value=0.8))
MODEL = router_model(
    {"direct": head_of(0.2, stump("fit", 0.5, -1.0, 1.0), knots=KNOTS), "full": head_of(1.0)},
    checks={"direct": Logistic(intercept=-1.0, prior=0.8, weights={"quotes": 2.0})},
    costs={"full": Costs(base=0.3, trees=(stump("fit", 0.5, -1.0, 1.0),))},
    carry={"direct>full": 0.4},
    quality=RouterQuality(tasks=30, gain=0.5, calibration_error=0.04),
)
FILE = Path("router.json")


def test_a_saved_router_is_read_back() -> None:
    for model in (MODEL, shipped()):
        save(model, Path("new/folder") / FILE)
        assert load(Path("new/folder") / FILE) == model


def test_the_router_that_ships_knows_every_mode_and_is_small() -> None:
    model = shipped()
    assert set(model.heads) == set(model.checks) == set(MODES)
    assert all(set(check.weights) == set(CHECKED) for check in model.checks.values())
    assert all(head.examples >= 200 for head in model.heads.values())
    assert "SIMULATED" in model.version
    save(model, FILE)
    assert FILE.stat().st_size <= MOST_BYTES


def _set(*path: str | int, to: object) -> Callable[[dict[str, Any]], object]:
    def changed(table: dict[str, Any]) -> object:
        place: Any = table
        for each in path[:-1]:
            place = place[each]
        place[path[-1]] = to
        return table

    return changed


HUGE = '"HUGE"'
_DIRECT = ("heads", "direct")
_TREE = (*_DIRECT, "trees", 0)
BROKEN: dict[str, Callable[[dict[str, Any]], object]] = {
    "a list": lambda table: [table],
    "a number": lambda _: 3,
    "another object": lambda _: {"name": "x", "version": 1},
    "only versions": lambda _: {"format": 1, "features": 1},
    "a format of the future": _set("format", to=99),
    "features of the future": _set("features", to=99),
    "an older format": _set("format", to=0),
    "a format that is not a number": _set("format", to="1"),
    "other names": _set("names", 3, to="is_poetry"),
    "fewer names": lambda table: {**table, "names": table["names"][1:]},
    "names in another order": lambda table: {**table, "names": table["names"][::-1]},
    "an unknown mode": lambda table: {**table, "heads": {"deep": table["heads"]["direct"]}},
    "no head": _set("heads", to={}),
    "an unknown field": _set("code", to="import os"),
    "an unknown field of a tree": _set(*_TREE, "code", to=1),
    "too few bounds": _set("lowest", to=[0.0]),
    "an infinite bound": _set("highest", 0, to="HUGE"),
    "an infinite base": _set(*_DIRECT, "base", to="HUGE"),
    "an infinite leaf": _set(*_TREE, "value", 1, to="HUGE"),
    "an infinite threshold": _set(*_TREE, "least", 0, to="HUGE"),
    "an infinite weight": _set("checks", "direct", "weights", "quotes", to="HUGE"),
    "an infinite cost": _set("costs", "full", "base", to="HUGE"),
    "an infinite step": _set(*_DIRECT, "knots", 1, "least", to="HUGE"),
    "no number": _set(*_DIRECT, "base", to=None),
    "a tree of costs that points backwards": _set("costs", "full", "trees", 0, "right", 0, to=0),
    "a share above one": _set("carry", "direct>full", to=1.5),
    "probabilities that fall": _set(*_DIRECT, "knots", 0, "value", to=0.9),
    "steps that fall": _set(*_DIRECT, "knots", 0, "least", to=2.0),
    "a probability above one": _set(*_DIRECT, "knots", 1, "value", to=1.5),
    "a probability below zero": _set(*_DIRECT, "knots", 0, "value", to=-0.5),
    "a tree that points backwards": _set(*_TREE, "left", 0, to=0),
    "a tree that points nowhere": _set(*_TREE, "right", 0, to=7),
    "a tree over an unknown feature": _set(*_TREE, "feature", 0, to=len(NAMES)),
    "a tree with short arrays": _set(*_TREE, "value", to=[0.0]),
    "a tree of nothing": _set(*_DIRECT, "trees", 0, to={"feature": [], "least": [], "left": [], "right": [], "value": []}),
    "a name that is too long": _set("origins", 0, "suite", to="x" * 600),
    "too large a file": _set("date", to="x" * MOST_BYTES),
}  # fmt: skip


def test_every_broken_file_is_an_error_that_names_it_and_a_next_step() -> None:
    save(MODEL, FILE)
    whole = FILE.read_text(encoding="utf-8")
    wrong = []
    for name, change in BROKEN.items():
        FILE.write_text(json.dumps(change(json.loads(whole))).replace('"HUGE"', "1e999"), encoding="utf-8")
        try:
            load(FILE)
        except ConfigError as error:
            said = str(error)
            if "router.json" not in said or not any(
                word in said for word in ("train it again", "update HARLM")
            ):
                wrong.append((name, said))
        else:
            wrong.append((name, "was read"))
    assert not wrong


def test_bytes_that_are_no_json_are_an_error_too() -> None:
    save(MODEL, FILE)
    whole = FILE.read_bytes()
    wrong = []
    for data in (
        b"",
        b"\n",
        whole[:-20],
        b"\xff\xfe",
        b"\x00" * 99,
        b"[" * 50_000,
        b'{"format":' + b"[" * 50_000,
        b"NaN",
    ):
        FILE.write_bytes(data)
        try:
            load(FILE)
        except ConfigError as error:
            if "router.json" not in str(error) or "train it again" not in str(error):
                wrong.append((data[:20], str(error)))
        else:
            wrong.append((data[:20], "was read"))
    assert not wrong


def test_a_file_of_a_later_version_says_what_to_do() -> None:
    save(MODEL, FILE)
    table = json.loads(FILE.read_text(encoding="utf-8"))
    FILE.write_text(json.dumps({**table, "features": 7}), encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"router\.json' has format 1\.7, .* reads 1\.1: update HARLM, or train"
    ):
        load(FILE)


def test_what_is_no_file_is_an_error_that_names_it() -> None:
    Path("folder").mkdir()
    Path("huge.json").write_bytes(b" " * (300 << 10))
    said = {"none.json": "does not exist or may not be read", "folder": "folder", "huge.json": "huge.json"}
    for name, words in said.items():
        with pytest.raises(ConfigError, match=name) as failed:
            load(Path(name))
        assert words in str(failed.value)
    with pytest.raises(ConfigError, match="name a file that `harlm router train` has written"):
        load(Path("none.json"))


def test_a_router_that_cannot_be_written_is_an_error() -> None:
    Path("file").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"router 'file/router.json' cannot be written .*name another file"):
        save(MODEL, Path("file") / FILE)


def test_a_router_that_would_not_be_read_is_not_written() -> None:
    with pytest.raises(ConfigError, match=r"at most 100,000 are read; train it with fewer trees"):
        save(router_model({"direct": head_of(0.0, *[stump("fit", 0.5, -1.0, 1.0)] * 2_000)}), FILE)
    assert not FILE.exists()


@given(st.binary(max_size=200))
def test_no_bytes_lead_to_another_error(data: bytes) -> None:
    with pytest.raises(ConfigError, match="some name"):
        read(data, "some name")


def test_a_head_is_calibrated_by_its_steps_and_corrected_after_them() -> None:
    values = tuple(0.9 if name == "fit" else 0.0 for name in NAMES)
    plain, stepped = (
        head_of(0.5, stump("fit", 0.5, -1.0, 1.0)),
        head_of(0.5, stump("fit", 0.5, -1.0, 1.0), knots=KNOTS),
    )
    assert plain.odds(values) == stepped.odds(values) == 1.5
    assert plain.probability(values) == pytest.approx(chance(1.5))
    assert stepped.probability(values) == 0.8
    none = Logistic(intercept=0.0, prior=1.0, weights={})
    lower = Logistic(intercept=0.0, prior=1.0, weights={"fit": -2.0})
    assert _corrected(none).probability(values) == pytest.approx(0.8)
    assert _corrected(lower).probability(values) < 0.5


def _corrected(correction: Logistic) -> Head:
    return msgspec.structs.replace(
        head_of(0.5, stump("fit", 0.5, -1.0, 1.0), knots=KNOTS), correction=correction
    )


def test_what_was_not_measured_counts_as_one_half() -> None:
    check = Logistic(intercept=-1.0, prior=1.0, weights={"quotes": 2.0})
    assert check.probability(0.5, {}) == pytest.approx(0.5)
    assert check.probability(0.5, {"quotes": 1.0}) == pytest.approx(chance(1.0))
    assert check.probability(0.5, {"quotes": 0.0}) == pytest.approx(chance(-1.0))


def test_values_outside_of_the_examples_are_named() -> None:
    model = router_model({"direct": head_of()}, bounds=(0.0, 1.0))
    within = dict.fromkeys(NAMES, 0.5)
    assert model.outside(dict.fromkeys(NAMES, 0.0)) == model.outside(dict.fromkeys(NAMES, 1.0)) == ()
    assert model.outside({**within, NAMES[1]: -0.1, NAMES[2]: 1.1}) == NAMES[1:3]


def test_a_kind_of_task_that_no_example_had_is_outside() -> None:
    seen = {**dict.fromkeys(NAMES, 0.0), "needs_exact": 1.0, "is_code": 1.0, "is_label": 1.0}
    model = router_model({"direct": head_of()}, kinds=(kind_of(seen),))
    assert model.outside(seen) == ()
    for name in ("needs_exact", "is_code", "is_label", "asks_pairs"):
        other = {**seen, name: 1 - seen[name]}
        (told,) = model.outside(other)
        assert kind_of(other) in told


def test_a_version_says_what_the_router_was_made_of() -> None:
    assert MODEL.version == "trees of 2026-12-01, 400 examples (SIMULATED)"
    two = msgspec.structs.replace(MODEL, date="2026-12-02", origins=(*MODEL.origins, *MODEL.origins))
    assert two.version == "trees of 2026-12-02, 800 examples (SIMULATED)"


def test_a_tree_that_is_only_a_leaf_adds_its_value() -> None:
    leaf = Tree(feature=(-1,), least=(0.0,), left=(0,), right=(0,), value=(0.25,))
    assert head_of(0.5, leaf).odds((0.0,) * len(NAMES)) == 0.75


def test_a_real_cost_is_the_estimate_times_a_factor_within_bounds() -> None:
    low, high = ((value,) * len(NAMES) for value in (0.0, 1.0))
    costs = Costs(base=0.5, trees=(stump("fit", 0.5, -0.5, 0.5),))
    assert costs.factor(low) == pytest.approx(1.0)
    assert costs.factor(high) == pytest.approx(2.71828, abs=1e-4)
    for base in (-1e9, 1e9):
        assert 1e-3 < Costs(base=base).factor(low) < 1e3
