from __future__ import annotations

import pytest

from harlm.context.named_documents import DocumentsByName
from harlm.types import Context, Document

CONTEXT = Context(
    documents=(
        Document(name="src/a.py", text="1"),
        Document(name="lib/a.py", text="2"),
        Document(name="x.txt", text="3", cited_as="../docs/x.txt", path="/home/me/docs/x.txt"),
        Document(name="one/y.txt", text="4", cited_as="/data/one/y.txt", path="/data/one/y.txt"),
    )
)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("src/a.py", "src/a.py"),
        ("./src/a.py", "src/a.py"),
        ("src\\a.py", "src/a.py"),
        ("a.py", None),
        ("x.txt", "x.txt"),
        ("../docs/x.txt", "x.txt"),
        ("docs/x.txt", "x.txt"),
        ("/home/me/docs/x.txt", "x.txt"),
        ("y.txt", "one/y.txt"),
        ("one/y.txt", "one/y.txt"),
        ("/data/one/y.txt", "one/y.txt"),
        ("/other/y.txt", None),
        ("ne/y.txt", None),
        ("", None),
        ("/", None),
        (".", None),
    ],
)
def test_a_document_has_its_name_its_paths_and_their_ends(name: str, found: str | None) -> None:
    document = DocumentsByName(CONTEXT).get(name)
    assert (document and document.name) == found


def test_many_names_that_end_alike_are_compared_a_bounded_number_of_times() -> None:
    context = Context(documents=tuple(Document(name=f"{number}/a.py", text="x") for number in range(20_000)))
    names = DocumentsByName(context)
    assert names.get("19999/a.py") is context.documents[-1]
    for number in range(100):
        names.get(f"/{number}/other/a.py")
    assert names.get("/7/a.py") is None
    assert names.get("7/a.py") is context.documents[7]
