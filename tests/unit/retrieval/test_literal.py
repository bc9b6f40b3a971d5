from __future__ import annotations

import pytest

from harlm.retrieval.literal import find_literally, literal_pieces
from harlm.threads import StopFlag, Stopped


@pytest.mark.parametrize(
    ("question", "pieces"),
    [
        ("🚀", [("🚀",)]),
        ("!=  ==", [("!= ==",), ("!=", "==")]),
        ("Versicherung", [("Versicherung",)]),
        ("die Versicherung", [("die Versicherung",), ("Versicherung",)]),
        ("cat", []),
        ("  ", []),
    ],
)
def test_what_is_looked_for(question: str, pieces: list[tuple[str, ...]]) -> None:
    assert literal_pieces(question) == pieces


def test_places_in_any_case_and_in_order() -> None:
    texts = ["Haftpflichtversicherung, VERSICHERUNG", "none", "İ versicherung"]
    found = [(text, at) for text, at, _ in find_literally(("Versicherung",), texts, None, StopFlag())]
    assert found == [(0, 11), (0, 25), (2, 2)]
    assert [text for text, _, _ in find_literally(("Versicherung",), texts, 2, StopFlag())] == [2]


def test_a_piece_across_two_windows_is_found_once() -> None:
    text = "x" * ((1 << 20) - 3) + "needle" + "y" * 100
    assert [at for _, at, _ in find_literally(("needle",), [text], None, StopFlag())] == [(1 << 20) - 3]


def test_it_can_be_stopped() -> None:
    stop = StopFlag()
    stop.set()
    with pytest.raises(Stopped):
        list(find_literally(("a",), ["a"], None, stop))
