from __future__ import annotations

from harlm.guest.worker.escape_attempts import judge


def test_an_attempt_succeeds_only_if_it_says_that_it_reached_something() -> None:
    attempts = {
        "open a file": "reached = True",
        "find nothing": "reached = False",
        "say nothing": "x = 1",
        "be denied": "open('/no/such/file')",
        "not parse": "reached = = True",
        "leave": "raise SystemExit(3)",
        "be denied after reaching": "reached = True\nraise PermissionError",
    }
    denied, reached = judge(attempts)
    assert reached == ["open a file", "be denied after reaching"]
    assert denied == ["find nothing", "say nothing", "be denied", "not parse", "leave"]


def test_attempts_do_not_see_each_other() -> None:
    assert judge({"first": "shared = reached = True", "second": "reached = shared"}) == (
        ["second"],
        ["first"],
    )
