from __future__ import annotations

import json
import time

import pytest

from harlm.context.readers import read_document
from harlm.errors import ContextError
from harlm.types import Document


def read(name: str, data: bytes) -> Document:
    (document,) = read_document(name, data).documents
    return document


def label(document: Document, text: str) -> str:
    return document.place(document.text.index(text)).label


def test_a_notebook_has_cells_with_their_output() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Intro\n", "text"]},
        {
            "cell_type": "code",
            "source": "1 + 1",
            "outputs": [{"data": {"text/plain": ["2"]}}, {"text": "printed"}],
        },
    ]
    document = read("n.ipynb", json.dumps({"cells": cells}).encode())
    assert document.text == "# Intro\ntext\n\n1 + 1\n# output:\n2\n# output:\nprinted"
    assert label(document, "printed") == "cell 2"


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"cells": 3}', b'{"cells": []}'])
def test_a_broken_notebook_says_so(data: bytes) -> None:
    with pytest.raises(ContextError):
        read_document("n.ipynb", data)


def test_lone_surrogates_in_a_notebook_become_one_character_each() -> None:
    document = read("n.ipynb", b'{"cells": [{"source": "a\\ud800b"}]}')
    assert document.text == "a\ufffdb"


def test_a_long_output_is_cut() -> None:
    cells = [{"source": "f()", "outputs": [{"text": "x" * 30_000}]}]
    document = read("n.ipynb", json.dumps({"cells": cells}).encode())
    assert document.text == "f()\n# output:\n" + "x" * 20_000


def test_images_among_the_outputs_are_left_out() -> None:
    cells = [
        {
            "source": "plot()",
            "outputs": [{"data": {"image/png": "iVBOR"}}, {"data": {"text/plain": "<Figure>"}}],
        }
    ]
    document = read("n.ipynb", json.dumps({"cells": cells}).encode())
    assert document.text == "plot()\n# output:\n<Figure>"


def shown(*outputs: object) -> str:
    cell = {"cell_type": "code", "source": "f()", "outputs": list(outputs)}
    text = read("n.ipynb", json.dumps({"cells": [cell]}).encode()).text
    return text.removeprefix("f()").removeprefix("\n# output:\n")


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ({"output_type": "stream", "text": ["\x1b[32mloss\x1b[0m 0.25\n"]}, "loss 0.25"),
        ({"output_type": "stream", "text": "\x1b]8;;https://e.org\x1b\\link\x1b]8;;\x07 \x1b(Bx\x1b[2K\x1b[1;31;40my"}, "link xy"),
        ({"ename": "E", "evalue": "no", "traceback": ["\x1b[0;31mE\x1b[0m: no"]}, "E: no"),
        ({"ename": "ZeroDivisionError", "evalue": "by zero", "traceback": ["line 1", "line 2"]}, "line 1\nline 2\nZeroDivisionError: by zero"),
        ({"output_type": "error", "ename": "KeyboardInterrupt", "evalue": "", "traceback": []}, "KeyboardInterrupt: "),
        ({"output_type": "pyerr", "ename": "E", "evalue": "old", "traceback": ["t"]}, "t\nE: old"),
        ({"data": {"text/html": ["<table><tr><td>a<td>1", "</table>"]}}, "a\t1"),
        ({"data": {"text/html": "<b>x</b>", "text/plain": "x plain"}}, "x plain"),
        ({"data": {"text/html": "<b>x</b>", "text/plain": ""}}, "x"),
        ({"data": {"text/markdown": "# Head"}}, "# Head"),
        ({"data": {"text/latex": "$x$", "image/png": "iV"}}, "$x$"),
        ({"data": {"application/json": {"a": 1}}}, '{"a": 1}'),
        ({"output_type": "pyout", "text": ["4"], "html": ["<b>4</b>"]}, "4"),
        ({"output_type": "display_data", "html": ["<i>only</i>"], "png": "iV"}, "only"),
        ({}, ""), ("x", ""), ({"data": None}, ""), ({"text": None}, ""),
    ],
)  # fmt: skip
def test_every_output_with_text_is_read(output: object, text: str) -> None:
    assert shown(output) == text.strip("\n")


def test_old_notebooks_have_worksheets() -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Tin"]},
        {
            "cell_type": "code",
            "input": ["print(232)"],
            "outputs": [{"output_type": "stream", "text": ["232\n"]}],
        },
    ]
    document = read(
        "o.ipynb",
        json.dumps(
            {"nbformat": 3, "worksheets": [{"cells": cells}, {}, {"cells": [{"source": "last"}]}]}
        ).encode(),
    )
    assert document.text == "## Tin\n\nprint(232)\n# output:\n232\n\nlast"
    assert [label(document, word) for word in ("Tin", "232", "last")] == ["cell 1", "cell 2", "cell 3"]


def test_cells_without_source_or_of_another_kind_are_passed_by() -> None:
    assert (
        read(
            "n.ipynb", b'{"cells": [{}, 3, {"source": null}, {"source": "x", "outputs": null}]}'
        ).text.strip()
        == "x"
    )


def test_what_is_left_out_of_outputs_is_told() -> None:
    outputs = [{"data": {"image/png": "iVBOR"}}, {"data": {"image/png": "iVBOR"}}, {"text": "x" * 30_000}]
    reading = read_document(
        "n.ipynb", json.dumps({"cells": [{"source": "f()", "outputs": outputs}]}).encode()
    )
    assert [skipped.reason for skipped in reading.skipped] == [
        "outputs without text, such as pictures, are left out",
        "only the first 20,000 characters of a longer output are read",
    ]


@pytest.mark.parametrize("piece", ["\x1b", "\x1b[", "\x1b]", "\x1b[0;", "\x1b]8;;x"])
def test_no_escape_takes_longer_than_its_size(piece: str) -> None:
    began = time.process_time()
    shown({"text": piece * 100_000})
    assert time.process_time() - began < 3
