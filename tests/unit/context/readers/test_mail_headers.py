from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.readers.mail_headers import decoded_words, internet_headers


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("plain  words\n here", "plain words here"),
        ("=?utf-8?Q?a_b?=", "a b"),
        ("=?utf-8?B?4oKs?= =?utf-8?B?4oI=?= =?utf-8?B?rA==?=", "€€"),
        ("x=?utf-8?Q?y?=z", "xyz"),
        ("=?utf-8?Q?a?= =?iso-8859-1?Q?=E9?=", "aé"),
        ("=?nonsense?Q?=C3=A9?=", "é"),
    ],
)
def test_encoded_words_are_decoded(sent: str, shown: str) -> None:
    assert decoded_words(sent) == shown


@given(st.text("=?utf-8BQ \nAé\udce9_", max_size=60))
def test_any_header_is_one_line(value: str) -> None:
    assert "\n" not in decoded_words(value)


@pytest.mark.parametrize("piece", ["=?utf-8?q?", "=?utf-8?q?a?= ", "?= ", "=?", " "])
def test_no_header_takes_longer_than_its_size(piece: str) -> None:
    began = time.process_time()
    decoded_words(piece * 20_000)
    assert time.process_time() - began < 3


def test_a_block_of_headers_has_the_first_of_each_with_its_folded_lines() -> None:
    block = " lost\nTo: a,\n\tb\nX-Odd\nto: c\nFrom:\n d: e\n"
    assert internet_headers(block) == {"to": "a,\n\tb", "from": "d: e"}
