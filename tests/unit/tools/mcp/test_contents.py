from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from harlm.errors import CodeError
from harlm.tools.mcp.contents import data_of
from harlm.tools.results import LARGEST


def text(value: str) -> SimpleNamespace:
    return SimpleNamespace(type="text", text=value)


def result(*content: Any, structured: Any = None, is_error: bool = False) -> SimpleNamespace:
    return SimpleNamespace(content=list(content), structured_content=structured, is_error=is_error)


def test_texts_are_joined_and_structured_content_comes_before_them() -> None:
    assert data_of(result(text("a"), text("b")), "f") == "a\nb"
    assert data_of(result(), "f") == ""
    assert data_of(result(text("a"), structured={"x": [1, None]}), "f") == {"x": [1, None]}


@pytest.mark.parametrize(
    ("said", "structured", "value"),
    [
        ("7", {"result": 7}, 7),  # how servers wrap a value that is no object
        ("a book", {"result": "a book"}, "a book"),
        ('{"result": 7}', {"result": 7}, {"result": 7}),  # the tool itself returned this object
        ("[1]", {"result": [1], "more": 2}, {"result": [1], "more": 2}),
        ("", {"result": []}, []),
    ],
)
def test_a_value_that_the_server_has_wrapped_is_unwrapped(said: str, structured: Any, value: object) -> None:
    assert data_of(result(text(said), structured=structured), "f") == value


def test_what_is_no_text_is_named_and_left_out() -> None:
    image = SimpleNamespace(type="image", mime_type="image/png", data="aGk=")
    sound = SimpleNamespace(type="audio", mime_type="audio/wav", data="aGk=")
    inside = SimpleNamespace(type="resource", resource=SimpleNamespace(text="inside"))
    blob = SimpleNamespace(type="resource", resource=SimpleNamespace(blob="aGk=", mime_type=None))
    link = SimpleNamespace(type="resource_link", uri="file:///x")
    assert data_of(result(image, sound, inside, blob, link, SimpleNamespace(type="hologram")), "f") == (
        "[an image (image/png) was left out: cells get texts and data only]\n"
        "[an audio (audio/wav) was left out: cells get texts and data only]\n"
        "inside\n"
        "[a resource was left out: cells get texts and data only]\n"
        "[a link to a resource: file:///x]\n"
        "[content of type 'hologram' was left out]"
    )


def test_an_error_is_one_in_the_cell() -> None:
    with pytest.raises(CodeError, match=r"^f failed: no such row$"):
        data_of(result(text("no such row"), structured={"x": 1}, is_error=True), "f")
    with pytest.raises(CodeError, match="the server does not say why"):
        data_of(result(is_error=True), "f")


def test_megabytes_are_cut_or_refused() -> None:
    long = data_of(result(text("x" * LARGEST), text("y" * LARGEST), text("z")), "f")
    assert isinstance(long, str)
    assert len(long) < LARGEST + 100
    assert "[cut: " in long
    with pytest.raises(CodeError, match="Ask it for less"):
        data_of(result(structured={"x": "y" * (LARGEST + 1)}), "f")
    many = data_of(result(*[text("")] * 20_000), "f")
    assert many == "\n" * 9_999
