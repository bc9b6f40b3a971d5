"""The bounded view: what it shows first, and how it says what it leaves out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.memory.view import HEADING, Shown, view


def size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def no_digest(handles: str) -> str:
    raise AssertionError("there is room for each handle")


def entry(handle: str, whole: str | None = None, short: str = "", gist: str = "") -> Shown:
    return Shown(handle, f"title of {handle}", whole, lambda room: short if size(short) <= room else "", gist)


def test_nothing_is_shown_of_nothing() -> None:
    assert view([], 1_000, size, no_digest) == ""
    assert view([entry("m1", "x")], 10, size, no_digest) == ""


def test_whole_texts_come_first_then_summaries_then_handles() -> None:
    shown = view(
        [entry("m1", short="in short"), entry("m2", "all of it"), entry("m3", gist="begins")],
        900,
        size,
        no_digest,
    )
    assert shown == "\n".join(
        [
            HEADING,
            "[m2] title of m2",
            "| all of it",
            "[m1] title of m1",
            "| in short",
            "[m3] title of m3: begins",
        ]
    )


def test_of_two_whole_texts_without_room_for_both_the_first_is_shown() -> None:
    shown = view([entry("m1", "a" * 300), entry("m2", "b" * 300)], 800, size, no_digest)
    assert "a" * 300 in shown
    assert "[m2] title of m2" in shown
    assert "b" * 300 not in shown


def test_each_line_of_a_text_is_marked() -> None:
    shown = view([entry("m1", "[m9] a title\n\n| a line")], 900, size, no_digest)
    assert shown.splitlines()[2:] == ["| [m9] a title", "| ", "| | a line"]


def test_a_handles_line_is_cut() -> None:
    shown = view([entry("m1", gist="word " * 90)], 900, size, no_digest)
    assert len(shown.splitlines()[-1]) == 120


def test_handles_without_room_are_listed_by_handles_of_lists() -> None:
    lists: list[str] = []

    def digest(handles: str) -> str:
        lists.append(handles)
        return f"d{len(lists)}"

    shown = view([entry(f"m{at}") for at in range(40)], 400, size, digest)
    assert shown.splitlines()[1:] == ["[d1] 16 handles", "[d2] 16 handles", "[d3] 8 handles"]
    assert [each.splitlines()[0] for each in lists] == [f"[m{at}] title of m{at}" for at in (0, 16, 32)]


def test_lists_of_lists_are_made_until_one_fits() -> None:
    lists: list[str] = []

    def digest(handles: str) -> str:
        lists.append(handles)
        return f"d{len(lists)}"

    shown = view([entry(f"m{at}") for at in range(1_000)], 400, size, digest)
    assert size(shown) <= 400
    last = shown.splitlines()[-1]
    assert last.endswith(" handles")
    assert "handles" in lists[-1], "it lists lists"


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500), st.booleans()), max_size=60),
    st.integers(0, 2_000),
)
def test_a_view_never_exceeds_its_bound_and_names_each_entry_once(
    sizes: list[tuple[int, int, bool]], tokens: int
) -> None:
    entries = [
        entry(f"m{at}", "w" * whole if is_whole else None, "s" * short)
        for at, (whole, short, is_whole) in enumerate(sizes)
    ]
    shown = view(entries, tokens, size, lambda handles: "d")
    assert size(shown) <= tokens
    lines = shown.splitlines()
    assert all(sum(line.startswith(f"[{each.handle}] ") for line in lines) <= 1 for each in entries)
