from __future__ import annotations

from xml.parsers.expat import ExpatError

import pytest

from harlm.context.readers.zipped_xml import ZipPackage, parse_xml
from harlm.errors import ContextError
from tests.support import making


def test_names_come_without_their_namespaces() -> None:
    seen: list[object] = []
    parse_xml(
        b'<a xmlns:x="u"><x:b x:k="v">t</x:b></a>',
        lambda *start: seen.append(start),
        seen.append,
        seen.append,
    )
    assert seen == [("a", {}), ("b", {"k": "v"}), "t", "b", "a"]


@pytest.mark.parametrize("source", ["<!DOCTYPE a><a/>", "<!-- x --><!DOCTYPE a []><a/>"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(source: str, codec: str) -> None:
    with pytest.raises(ContextError, match="declares XML entities"):
        parse_xml(source.encode(codec), lambda *_: None)


def test_broken_xml_is_an_error() -> None:
    with pytest.raises(ExpatError):
        parse_xml(b"<a>", lambda *_: None)


def test_members_are_counted() -> None:
    with ZipPackage(making.zipped({"a": "x", "b": b"\0" * 20_000_000}), "a book") as package:
        assert package.member("a") == b"x"
        with pytest.raises(ContextError, match="unpacks to more than"):
            package.member("b")
        with pytest.raises(KeyError):
            package.member("c")
