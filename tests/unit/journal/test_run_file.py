"""The file of a run's journal: replaced as a whole or not at all."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from harlm.journal.rows import Change, RequestSent, ToolBegan
from harlm.journal.run_file import RunFile


def test_what_cannot_be_replaced_stays(tmp_path: Path) -> None:
    with closing(RunFile(tmp_path / "journal.db", print)) as file:
        file.write(RequestSent(1, 1, 1, 1, 0.0))
        twice: list[Change] = [RequestSent(2, 1, 1, 1, 0.0), RequestSent(2, 1, 1, 1, 0.0)]
        with pytest.raises(Exception, match="UNIQUE"):
            file.replace(twice)
        assert list(file.kept().requests) == [1]
        file.replace([ToolBegan(1, "k", 0, "t", "{}", is_pure=True)])
        assert (list(file.kept().requests), list(file.kept().calls)) == ([], [1])
