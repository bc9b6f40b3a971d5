from __future__ import annotations

import pytest

from harlm.context.encoding_labels import codec_of
from harlm.context.readers import code_pages


@pytest.mark.parametrize(
    ("page", "codec"),
    [
        (1252, "cp1252"),
        (932, "cp932"),
        (65001, "utf-8"),
        (28592, "iso8859-2"),
        (20866, "koi8-r"),
        (437, "cp437"),
    ],
)
def test_a_code_page_has_the_label_of_its_encoding(page: int, codec: str) -> None:
    label = code_pages.label_of(page)
    assert label is not None
    assert codec_of(label) == codec


def test_every_label_is_known() -> None:
    assert all(codec_of(label) for label in code_pages._LABELS.values())


@pytest.mark.parametrize("page", [None, 0, 1, 99_999])
def test_an_unknown_code_page_has_no_label(page: int | None) -> None:
    assert code_pages.label_of(page) is None
