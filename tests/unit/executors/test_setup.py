"""What runs have in common has a stop of its own unless one is given."""

from __future__ import annotations

from harlm.config import Config
from harlm.executors.setup import RunSetup
from harlm.loading import load
from harlm.running import ClientParts


def test_two_setups_are_stopped_apart() -> None:
    one, other = (
        RunSetup(parts=ClientParts(), config=Config(), context=load("a text"), at_once=2) for _ in range(2)
    )
    stopped: list[str] = []
    with (
        one.interruption.heard_by(lambda: stopped.append("one")),
        other.interruption.heard_by(lambda: stopped.append("other")),
    ):
        one.interruption.request()
    assert stopped == ["one"]
