"""An index that is in use is known to be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from harlm.retrieval.in_use import hold, is_held
from harlm.retrieval.index import open_index

HOLD = "import sys, pathlib; from harlm.retrieval.in_use import hold; use = hold(pathlib.Path(sys.argv[1]), 'a'); print('held', flush=True); sys.stdin.read()"
TEXTS = [f"walnuts number {at} are in the cellar of house {at * 7}. " * 40 for at in range(60)]


def test_an_index_is_held_until_the_last_use_of_it_ends(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    assert not is_held(file, "a")
    uses = [hold(file, "a"), hold(file, "a")]
    assert is_held(file, "a")
    assert not is_held(file, "b")
    uses[0].close()
    assert is_held(file, "a")
    uses[1].close()
    uses[1].close()
    assert not is_held(file, "a")


def test_a_killed_process_uses_nothing(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert is_held(file, "a")
    finally:
        holder.kill()
        holder.communicate()
    assert not is_held(file, "a")


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "index.db.used").write_text("a file")
    hold(tmp_path / "index.db", "a").close()
    assert not is_held(tmp_path / "index.db", "a")


def test_indexes_make_room_for_others_except_those_in_use(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    most = 12 * sum(map(len, TEXTS))
    with open_index(TEXTS, file=file, key="used", max_bytes=most) as used:
        for at in range(30):
            with open_index([f"{at} {text}" for text in TEXTS], file=file, key=f"k{at}", max_bytes=most):
                pass
            assert file.stat().st_size <= most
        assert used.best(["cellar"], 3)
        with open_index(TEXTS, file=file, key="used", max_bytes=most) as again:
            assert again.best(["cellar"], 3) == used.best(["cellar"], 3)
