"""``harlm sandbox run``: one report for each file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.cli import harlm


def test_sandbox_run_reports_the_outcome_of_each_file() -> None:
    cells = {
        "fine.py": "print(NUMBER + 1)",
        "wrong.py": "1 / 0",
        "endless.py": "import signal\nsignal.signal(signal.SIGUSR1, signal.SIG_IGN)\nwhile True: pass",
        "forged.py": "import os\nos.write(3, b'\\x01\\0\\0\\0\\x01')",
        "asks.py": "llm_query('anyone?')",
    }
    for name, code in cells.items():
        Path(name).write_text(code)
    ran = harlm("sandbox", "run", *cells, "--define", "NUMBER=41", "--cell-seconds", "0.5")
    assert ran.code == 0, ran.err
    lines = {line["file"]: line for line in map(json.loads, ran.out.splitlines())}
    assert [lines[name]["outcome"] for name in cells] == ["ok", "error", "killed", "violation", "error"]
    assert [lines[name]["next_cell"] for name in cells] == [
        "works",
        "works",
        "replaced",
        "replaced",
        "works",
    ]
    assert lines["fine.py"]["stdout"] == "42\n"
    assert "ZeroDivisionError" in lines["wrong.py"]["reason"]
    assert "has no model" in lines["asks.py"]["reason"]
    assert all(line["peak_mb"] > 1 for line in lines.values() if line["outcome"] != "violation")
    assert set(lines["fine.py"]) == {
        "file", "tier", "outcome", "reason", "stdout", "wall_s", "peak_mb", "next_cell",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        (("a.py", "--define", "x"), 2, "write NAME=JSON"),
        (("a.py", "--define", "x={"), 2, "is not JSON"),
        (("nowhere.py",), 8, "'nowhere.py' cannot be read as a cell"),
        (("a.py", "--tier", "s9"), 3, "s9"),
    ],
)
def test_sandbox_run_explains_mistakes(given: tuple[str, ...], code: int, says: str) -> None:
    Path("a.py").write_text("print(1)")
    ran = harlm("sandbox", "run", *given)
    assert ran.code == code
    assert says in ran.err
