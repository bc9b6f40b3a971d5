"""The rows of a frame fit on the terminal and tell what runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from harlm import events
from harlm.tracing.rows import frame, status_row
from harlm.tracing.status import StatusLine
from harlm.tracing.tree import FAILED, CallTree, NodeSummary

STATUS = StatusLine(
    "0:31 · 17 done, 12 in flight, 2 retrying", "429 rate limited", ", 12 s · 9 tokens · $0.0123"
)
TOLD = "0:31 · 17 done, 12 in flight, 2 retrying: 429 rate limited, 12 s · 9 tokens · $0.0123"


def begun(name: str, question: str = "What is it?") -> events.NodeStarted:
    parent = name.rpartition(".")[0] or None
    return events.NodeStarted(
        node=name,
        parent=parent,
        depth=name.count("."),
        question=question,
        mode="full",
        documents=1,
        characters=9,
    )


def ended(name: str, status: str = "ok") -> events.NodeFinished:
    return events.NodeFinished(node=name, parent=name.rpartition(".")[0] or None, status=status, text="x")


def fan(children: int, done: int, failed: int = 0) -> CallTree:
    """A root with children, of which the first ones have ended."""
    tree = CallTree([begun("0"), *(begun(f"0.{number}") for number in range(children))])
    for number in range(done + failed):
        tree.add(ended(f"0.{number}", FAILED if number >= done else "ok"))
    return tree


# -- the status -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (len(TOLD), TOLD),
        (len(TOLD) - 1, TOLD.replace("limited, 12 s", "limit…, 12 s")),
        (70, "0:31 · 17 done, 12 in flight, 2 retrying, 12 s · 9 tokens · $0.0123"),
        (20, "0:31 · 17 done, 12 …"),
    ],
)
def test_the_reason_goes_first_where_room_is_short(width: int, shown: str) -> None:
    assert status_row(STATUS, width) == shown


def test_before_the_run_has_a_node_there_is_the_status_alone() -> None:
    assert frame(STATUS, None, 100, 24) == [TOLD]


# -- the tree ---------------------------------------------------------------------------------------------


def test_the_rest_of_a_level_is_summed_in_one_row() -> None:
    rows = frame(STATUS, fan(40, 17).root, 100, 14)
    assert len(rows) == 13
    assert [row[:16] for row in rows[2:-1]] == ["├─ full “What is"] * 10
    assert rows[-1] == "└─ 30 more: 13 running, 17 done"


def test_failures_are_counted_apart() -> None:
    rows = frame(STATUS, fan(30, 17, 1).root, 100, 5)
    assert rows[-1] == "└─ 29 more: 11 running, 17 done, 1 failed"
    assert "…" in rows[2]


def test_running_nodes_come_first_and_the_last_ended_ones_next() -> None:
    tree = fan(5, 3)
    assert tree.root is not None
    states = [row.rpartition(" · ")[2] for row in frame(STATUS, tree.root, 100, 24)[2:]]
    assert states == ["…", "…", "ok", "ok", "ok"]


def test_running_nodes_show_what_runs_below_them() -> None:
    tree = fan(12, 11)
    for number in range(3):
        tree.add(begun(f"0.11.{number}", f"deeper {number}"))
    rows = frame(STATUS, tree.root, 100, 12)
    assert next(row for row in rows if "deeper" in row).startswith("│  ├─ full “deeper 0”")
    assert rows[-1].startswith("└─ ")
    assert rows[-1].endswith(" done")


def test_calls_in_flight_are_shown_at_their_node() -> None:
    tree = CallTree([begun("0")])
    for number in range(3):
        tree.add(events.CallStarted(node="0", call=number, role="sub", model="m", messages=()))
    assert "” · 3 in flight · " in frame(STATUS, tree.root, 100, 24)[1]


def test_the_question_is_cut_before_the_figures() -> None:
    tree = CallTree([begun("0", "What does the 帝国 say about bridges and their long history?")])
    row = frame(STATUS, tree.root, 60, 24)[1]
    assert row.endswith("…” · 0 turns · 0 tokens · …")
    assert cell_len(row) <= 59


def test_nodes_without_a_summary_of_their_own_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.tracing.tree._MOST", 3)
    tree = fan(10, 0)
    tree.add(ended("0.9"))
    assert frame(STATUS, tree.root, 100, 24)[-1] == "└─ 8 more: 7 running, 1 done"


class Unwalked(list[NodeSummary]):
    """A list of which parts are taken, and that is never gone through as a whole."""

    def __iter__(self) -> Iterator[NodeSummary]:
        raise AssertionError


def test_a_frame_does_not_go_through_all_nodes() -> None:
    root = fan(3_000, 2_900).root
    assert root is not None
    root.ended, root.children = Unwalked(root.ended), Unwalked(root.children)
    assert frame(STATUS, root, 100, 12)[-1] == "└─ 2,992 more: 92 running, 2,900 done"


def test_text_of_a_model_is_never_obeyed() -> None:
    tree = CallTree([begun("0", "a\x1b[2Jb\u202e\n[bold]c")])
    row = frame(STATUS, tree.root, 100, 24)[1]
    assert "a\\x1b[2Jb\\u202e [bold]c" in row


QUESTIONS = st.text(st.sampled_from("ab 帝👩\u200d🚀❤\ufe0fe\u0301\x1b\u202e\n\t“🇩🇪"), max_size=90)


@st.composite
def trees(draw: st.DrawFn) -> CallTree:
    """A tree of up to 60 nodes, of which some have ended."""
    names, tree = ["0"], CallTree([begun("0", draw(QUESTIONS))])
    for _ in range(draw(st.integers(0, 60))):
        parent = draw(st.sampled_from(names))
        if parent.count(".") < 16:
            names.append(f"{parent}.{len(names)}")
            tree.add(begun(names[-1], draw(QUESTIONS)))
    for name in draw(st.lists(st.sampled_from(names), max_size=60, unique=True)):
        tree.add(ended(name, draw(st.sampled_from(["ok", "partial", FAILED]))))
    return tree


def _told(rows: list[str]) -> Iterator[int]:
    """The nodes that rows of the first level tell of."""
    for row in rows[2:]:
        if row[:1] in "├└":
            yield int(row[1:].strip("─ ").partition(" more: ")[0]) if " more: " in row else 1


@given(tree=trees(), width=st.integers(1, 130), height=st.integers(1, 50))
def test_no_row_is_longer_than_the_width_and_the_rows_fit_on_the_screen(
    tree: CallTree, width: int, height: int
) -> None:
    rows = frame(STATUS, tree.root, width, height)
    assert 1 <= len(rows) <= max(1, height - 1)
    assert all(cell_len(row) <= width for row in rows)
    assert not any(letter in row for row in rows for letter in "\x1b\n\t\u202e")


@given(tree=trees(), height=st.integers(5, 50))
def test_every_node_below_a_running_root_is_shown_or_counted(tree: CallTree, height: int) -> None:
    root = tree.root
    assert root is not None
    if not root.status:
        assert sum(_told(frame(STATUS, root, 200, height))) == len(root.children)
