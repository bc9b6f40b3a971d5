"""Outlook files that are damaged or hostile: a reason, never a crash, and what is whole is read."""

from __future__ import annotations

import contextlib
import time

import pytest

from harlm.context.readers import read_document
from harlm.context.readers.mapi import MapiFile
from harlm.errors import ContextError
from harlm.types import ReadResult
from tests.support.ole2 import CUTOFF, SECTOR, entry_at, in_a_circle, ole2, with_number, with_size
from tests.support.outlook_files import BODY, FILE, FILE_NAME, SUBJECT, folder, inner, message, msg

LONG = "word " * CUTOFF
WHOLE = msg({SUBJECT: "Hi", BODY: LONG}, attached=[{FILE: b"whole", FILE_NAME: "a.txt"}])
BODY_NAME = "__substg1.0_1000001F"


def faults(reading: ReadResult) -> list[str]:
    return [skipped.reason for skipped in reading.skipped if skipped.is_unread]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (with_size(WHOLE, BODY_NAME, 0x7FFFFFFF), "a part is longer than the file"),
        (with_size(WHOLE, BODY_NAME, len(WHOLE)), "a part is cut off"),
        (in_a_circle(WHOLE, BODY_NAME), "a part goes in a circle"),
        (with_number(WHOLE, entry_at(WHOLE, BODY_NAME) + 116, 0x00FFFFFF), "a part is cut off"),
    ],
    ids=["huge", "longer", "circle", "outside"],
)
def test_a_damaged_part_is_left_out_and_told(data: bytes, fault: str) -> None:
    reading = read_document("m.msg", data)
    assert [document.text for document in reading.documents] == ["Subject: Hi", "whole"]
    assert faults(reading) == [f"is damaged, and some of its text may be missing ({fault})"]


@pytest.mark.parametrize("at", [0x2C, 0x40, 0x48])
def test_tables_that_are_longer_than_the_file_are_refused(at: int) -> None:
    with pytest.raises(ContextError, match="its tables are longer than the file"):
        read_document("m.msg", with_number(WHOLE, at, 0xFFFFFFFF))


def test_parts_that_overlap_are_refused() -> None:
    data = b"x\n" * (1 << 19)
    file = bytearray(
        msg({SUBJECT: "Hi"}, attached=[{FILE: data, FILE_NAME: "a.txt"}, *[{FILE: b"x" * CUTOFF}] * 20])
    )
    place = file[entry_at(bytes(file), "__substg1.0_37010102") + 116 :][:8]
    for at in range(SECTOR, len(file), 128):
        if file[at:].startswith("__substg1.0_37010102\0".encode("utf-16-le")):
            file[at + 116 : at + 124] = place
    with pytest.raises(ContextError, match="its parts overlap"):
        read_document("m.msg", bytes(file))


def test_a_folder_that_holds_itself_is_told() -> None:
    name = "__attach_version1.0_#00000000"
    number = (entry_at(WHOLE, name) - entry_at(WHOLE, "Root Entry")) // 128
    reading = read_document("m.msg", with_number(WHOLE, entry_at(WHOLE, name) + 76, number))
    assert reading.documents[0].text.startswith("Subject: Hi\n\nword")
    assert faults(reading)


def test_every_cut_and_many_changed_bytes_give_text_or_a_reason() -> None:
    began = time.process_time()
    small = msg(
        {SUBJECT: "Hi", BODY: "x" * 5000},
        attached=[inner({SUBJECT: "Two"}), {FILE: b"a,b", FILE_NAME: "a.csv"}],
    )
    damaged = [small[:size] for size in range(0, len(small), 97)]
    damaged += [small[:at] + bytes((small[at] ^ 0xFF,)) + small[at + 1 :] for at in range(8, len(small), 13)]
    for data in damaged:
        with contextlib.suppress(ContextError):
            read_document("m.msg", data)
    assert time.process_time() - began < 20


def test_messages_within_messages_have_an_end() -> None:
    part = inner({SUBJECT: "deepest"})
    for number in range(300):
        part = inner({SUBJECT: str(number)}, [part])
    with pytest.raises(ContextError, match="is not an Outlook message that can be read"):
        read_document("m.msg", msg({SUBJECT: "Hi"}, attached=[part]))


def test_too_many_attachments_are_refused() -> None:
    with pytest.raises(ContextError, match="more than 1,000 parts"):
        read_document("m.msg", msg({SUBJECT: "Hi"}, attached=[{FILE: b"x"}] * 1001))


def test_many_recipients_are_read_in_part_and_told() -> None:
    people = [(1, f"Person {number}", f"p{number}@example.org") for number in range(2000)]
    reading = read_document("m.msg", msg({SUBJECT: "Hi", BODY: "x"}, people))
    assert len(reading.documents[0].text) < 10_100
    assert faults(reading) == []
    assert "only the first 10,000 characters" in reading.skipped[0].reason


@pytest.mark.parametrize("tree", [{}, {"WordDocument": b"x"}, {"__properties_version1.0": b""}])
def test_other_files_of_the_same_container_are_no_messages(tree: dict[str, bytes]) -> None:
    with pytest.raises(ContextError, match="is not an Outlook message that can be read; save it as"):
        read_document("m.msg", ole2(tree))


def test_properties_of_another_type_are_missing() -> None:
    file = MapiFile(ole2(folder({1: "text", 2: 7, 3: b"bytes"}, header=32)))
    found = file.message()
    assert found is not None
    assert (found.text(1), found.number(1), found.time(2), found.number(2)) == ("text", None, None, 7)
    assert (found.data(3), found.text(3), found.message(3), found.has_object(3)) == (
        b"bytes",
        None,
        None,
        False,
    )


def test_a_moment_beyond_the_calendar_is_missing() -> None:
    tree = message({SUBJECT: "Hi"})
    table = tree["__properties_version1.0"]
    assert isinstance(table, bytes)
    late = bytes.fromhex("4000390006000000") + b"\xff" * 8
    tree["__properties_version1.0"] = table + late
    assert read_document("m.msg", ole2(tree)).documents[0].text == "Subject: Hi"
