from __future__ import annotations

import pytest

from harlm_bench.loaders.sealed import opened
from tests.unit.bench.loaders.sealing import sealed


@pytest.mark.parametrize("text", ["", "a", "x" * 32, "Grüße, 東京 " * 50])
def test_what_was_sealed_is_opened(text: str) -> None:
    value = {"id": text, "docs": [{"text": text, "number": 3}]}
    shut = sealed(value, "password")
    assert not text or str(shut).find(text) < 0 or text == "a"
    assert opened(shut, "password", frozenset()) == value


def test_some_columns_are_plain() -> None:
    row = {"id": "12", "text": sealed("words", "p")}
    assert opened(row, "p", frozenset({"id"})) == {"id": "12", "text": "words"}


def test_another_password_or_a_plain_text_is_told() -> None:
    with pytest.raises(ValueError, match="password is another one"):
        opened(sealed("words of some length, sealed", "p"), "q", frozenset())
    with pytest.raises(ValueError, match="no Base64"):
        opened("plain words", "p", frozenset())
