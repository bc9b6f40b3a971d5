"""No input from outside is trusted: it is read, or rejected with an error of HARLM."""

from __future__ import annotations

import ast
import contextlib
import unicodedata

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from harlm.context import load
from harlm.context.readers import read_archive, read_document
from harlm.errors import ContextError, SandboxFailure
from harlm.models.offline.extractive import reply_to
from harlm.models.offline.intents import read_intent
from harlm.models.offline.programs import program_for
from harlm.sandbox.process.frames import CallFrame
from harlm.sandbox.process.wire import Wire
from harlm.types import Context, Document, Message
from tests.support import making

SUFFIXES = st.sampled_from(
    [
        ".pdf",
        ".docx",
        ".pptx",
        ".xlsx",
        ".ipynb",
        ".html",
        ".csv",
        ".tsv",
        ".eml",
        ".msg",
        ".txt",
        ".py",
        ".json",
        "",
    ]
)
XML = st.lists(
    st.sampled_from(
        ["<w:p>", "</w:p>", "<w:t>", "</w:t>", "text", "<", "&", "<!DOCTYPE x>", "]]>", "<a xmlns='x'/>"]
    ),
    max_size=12,
).map("".join)


@given(SUFFIXES, st.binary(max_size=400))
def test_any_bytes_under_any_name_are_read_or_refused(suffix: str, data: bytes) -> None:
    with contextlib.suppress(ContextError):
        for document in read_document(f"x{suffix}", data).documents:
            for offset in (0, len(document.text) // 2, len(document.text)):
                assert document.place(offset).label


HTML = st.lists(
    st.sampled_from(
        [
            "<p>",
            "</p>",
            "<![",
            "foo",
            "[",
            "]]>",
            "<!--",
            "-->",
            "<meta charset=",
            "undefined",
            '"',
            ">",
            "&#xd800;",
            "<?",
        ]
    ),
    max_size=12,
).map("".join)
MAIL = st.lists(
    st.sampled_from(
        [
            "From: ",
            "To: ",
            "Date: ",
            "Content-Type: ",
            "text/html",
            "@",
            "<",
            ":",
            ";",
            ",",
            "a",
            "\n",
            "\n ",
            "=?x?q?y?=",
        ]
    ),
    max_size=14,
).map("".join)


@given(HTML, MAIL, st.binary(max_size=4))
def test_any_page_and_any_mail_are_read_or_refused(page: str, mail: str, odd: bytes) -> None:
    for name, source in (("x.html", page), ("x.eml", mail)):
        for data in (source.encode(), source.encode() + odd, odd + source.encode()):
            with contextlib.suppress(ContextError):
                for document in read_document(name, data).documents:
                    document.text.encode()  # a text that was read can always be sent


ANY_TEXT = st.text(st.sampled_from("a1 \n\x1b\ud800\udcff\u202e") | st.characters(), max_size=6)


@given(st.dictionaries(ANY_TEXT | st.integers(0, 3), ANY_TEXT, max_size=6), ANY_TEXT)
def test_any_texts_and_keys_can_be_sent_and_shown(texts: dict[object, str], text: str) -> None:
    with contextlib.suppress(ContextError):
        documents = load(texts).documents
        assert len({each.name for each in documents}) == len(texts)
        for each, given_text in zip(documents, texts.values(), strict=True):
            assert len(each.text) == len(given_text)
            assert each.text.encode() is not None
            assert each.name.encode() is not None
            assert not any(unicodedata.category(letter) == "Cc" for letter in each.name)
    with contextlib.suppress(ContextError):
        own = Context(documents=(Document(name=text, text=text),))
        loaded = load(own)
        assert load(loaded) is loaded
        assert len(loaded.documents[0].text) == len(text)


@given(st.sampled_from([".docx", ".pptx", ".xlsx"]), XML, XML)
def test_any_office_file_is_read_or_refused(suffix: str, one: str, other: str) -> None:
    members = {
        "word/document.xml": one,
        "ppt/presentation.xml": one,
        "xl/workbook.xml": one,
        "xl/_rels/workbook.xml.rels": other,
    }
    with contextlib.suppress(ContextError):
        read_document(f"x{suffix}", making.zipped(members))


@given(st.sampled_from([".zip", ".tar", ".tar.gz", ".tgz", ".gz", ".tar.xz"]), st.binary(max_size=600))
def test_any_archive_is_read_or_refused(suffix: str, data: bytes) -> None:
    with contextlib.suppress(ContextError):
        read_archive(f"x{suffix}", data)


@given(st.integers(0, 2000), st.integers(0, 255))
def test_an_archive_with_a_wrong_byte_is_read_or_refused(at: int, byte: int) -> None:
    data = bytearray(making.zipped({"a.txt": "some text " * 30, "b/c.md": "# more"}))
    data[at % len(data)] = byte
    with contextlib.suppress(ContextError):
        read_archive("x.zip", bytes(data))


FRAMES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text(max_size=10)
    | st.binary(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(["op", "id", "function", "arguments", "cell", "done", "call", "value"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


def _received(data: bytes, sizes: list[int], largest: int = 1000) -> tuple[list[object], list[object]]:
    """The frames and the ends that a wire reports when ``data`` arrives in pieces."""
    frames: list[object] = []
    ends: list[object] = []
    wire = Wire(largest, lambda frame, _: frames.append(frame), ends.append)
    at = 0
    for size in [*sizes, len(data)]:
        piece = data[at : at + size]
        at += size
        while piece:
            buffer = wire.get_buffer(-1)
            now, piece = piece[: len(buffer)], piece[len(buffer) :]
            buffer[: len(now)] = now
            wire.buffer_updated(len(now))
    wire.connection_lost(None)
    return frames, ends


@given(
    st.binary(max_size=200) | FRAMES.map(lambda value: _framed(msgspec.msgpack.encode(value))),
    st.lists(st.integers(1, 50), max_size=8),
)
def test_any_bytes_from_a_worker_are_frames_or_a_violation(data: bytes, sizes: list[int]) -> None:
    _, ends = _received(data, sizes)
    assert len(ends) == 1
    assert ends[0] is None or isinstance(ends[0], SandboxFailure)


@given(st.lists(st.integers(1, 2**62), min_size=1, max_size=5), st.lists(st.integers(1, 30), max_size=20))
def test_frames_arrive_whole_however_they_are_cut(ids: list[int], sizes: list[int]) -> None:
    calls = [CallFrame(id=number, function="f", arguments={"a": "é" * 9}) for number in ids]
    data = b"".join(_framed(msgspec.msgpack.encode(call)) for call in calls)
    assert _received(data, sizes) == (calls, [None])


def _framed(data: bytes) -> bytes:
    return len(data).to_bytes(4, "little") + data


def test_deep_nesting_is_a_violation_and_not_a_crash() -> None:
    _, ends = _received(_framed(b"\x91" * 200_000), [], largest=1 << 20)
    assert isinstance(ends[0], SandboxFailure)


WORDS = st.lists(
    st.sampled_from(
        """which what how many list count where who is are does module file class function line row defines imports
        contains the of in base most largest named Fraction json/decoder.py "TODO" ' status = failed summarise
        compare and or ? , .""".split()
    ),
    max_size=14,
).map(" ".join)


@given(WORDS | st.text(max_size=80), st.booleans())
def test_any_question_has_an_intent_whose_program_is_python(question: str, has_code: bool) -> None:
    program = program_for(read_intent(question, has_code=has_code))
    if program is not None:
        ast.parse(program)


@given(
    st.lists(
        st.tuples(st.sampled_from(["system", "user", "assistant"]), WORDS | st.text(max_size=60)), max_size=5
    )
)
def test_the_offline_model_replies_to_anything(talk: list[tuple[str, str]]) -> None:
    messages = [Message(role=role, content=content) for role, content in talk]  # type: ignore[arg-type]
    assert reply_to([*messages, Message(role="user", content="x")])
