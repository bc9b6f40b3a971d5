from __future__ import annotations

import json

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
