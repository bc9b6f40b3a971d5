from __future__ import annotations

from pathlib import Path

import pytest

from harlm_bench.provenance import code_digest, digest_of


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "a.py").write_text("one = 1\n")
    (folder / "b.toml").write_text("x = 1\n")
    return folder


def test_any_change_of_a_source_shows(sources: Path) -> None:
    before = digest_of([sources])
    (sources / "inner" / "a.py").write_text("one = 2\n")
    changed = digest_of([sources])
    (sources / "inner" / "a.py").rename(sources / "inner" / "c.py")
    assert len({before, changed, digest_of([sources])}) == 3


def test_what_is_no_source_and_the_order_of_places_do_not_show(sources: Path) -> None:
    before = digest_of([sources / "inner", sources / "b.toml"])
    (sources / "inner" / "__pycache__").mkdir()
    (sources / "inner" / "__pycache__" / "a.py").write_text("compiled")
    (sources / "inner" / "a.pyc").write_text("compiled")
    assert digest_of([sources / "b.toml", sources / "inner"]) == before


def test_the_code_of_this_process_has_a_digest() -> None:
    assert len(code_digest()) == 16
    assert code_digest() == code_digest()
