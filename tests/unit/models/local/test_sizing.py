"""Windows, slots and threads by the file and the machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harlm.models.local import sizing
from harlm.models.local.gguf import ModelHead
from harlm.models.local.sizing import DEFAULT_WINDOW, cores, plan_for

FILE = Path("/models/a.b.gguf")


def head(window: int | None, cache_bytes: int = 0) -> ModelHead:
    return ModelHead(architecture="a", window=window, cache_bytes=cache_bytes)


@pytest.mark.parametrize(
    ("trained", "wanted", "window"),
    [
        (32_768, None, DEFAULT_WINDOW),
        (8_192, None, 8_192),
        (None, None, DEFAULT_WINDOW),
        (32_768, 30_000, 30_000),
        (32_768, 400_000, 32_768),
        (32_768, 2_048, 2_048),
        (None, 400_000, DEFAULT_WINDOW),
    ],
)
def test_the_window_is_the_users_or_a_moderate_one_and_never_more_than_the_models(
    trained: int | None, wanted: int | None, window: int
) -> None:
    assert plan_for(FILE, head(trained), wanted).window == window


def test_there_are_as_many_slots_as_processors_but_few(monkeypatch: pytest.MonkeyPatch) -> None:
    for have, slots in ((1, 1), (2, 2), (64, 4)):
        monkeypatch.setattr(sizing, "cores", lambda have=have: have)
        plan = plan_for(FILE, head(8_192))
        assert (plan.threads, plan.slots) == (have, slots)


def test_slots_that_would_take_more_than_a_quarter_of_the_memory_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sizing, "cores", lambda: 4)
    monkeypatch.setattr(os, "sysconf", lambda name: 4_096 if name == "SC_PAGE_SIZE" else 1 << 20)  # 4 GiB
    of_token = (1 << 30) // 8_192
    assert plan_for(FILE, head(8_192, of_token // 3)).slots == 3
    assert plan_for(FILE, head(8_192, of_token * 10)).slots == 1


def test_a_quota_limits_the_processors(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    quota = tmp_path / "cpu.max"
    monkeypatch.setattr(sizing, "_QUOTA", quota)
    given = cores()
    assert given >= 1
    for text, expected in (
        ("100000 100000", 1),
        ("10000 100000", 1),
        ("max 100000", given),
        ("9000000 100000", given),
    ):
        quota.write_text(text)
        assert cores() == expected, text


def test_the_server_knows_a_model_by_the_name_of_its_file() -> None:
    assert plan_for(FILE, head(512)).alias == "a.b"
