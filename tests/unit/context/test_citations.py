from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest

from harlm.context import cite, cite_value, load
from harlm.context.readers import read_document
from harlm.types import Context
from tests.support import making

CONTEXT = load(
    {
        "docs/tls.md": "# TLS\n\nTLS 1.1 is disabled on all edge servers.\nTLS 1.3 is preferred.",
        "a.py": 'x = d["key"]\nclass Fraction(Rational):\n    pass\n',
        "<stdin>": "The vault code is 4711.",
        "app/[slug]/page.tsx": "export default function Page() {}",
        "My File (v2).txt": "A name with blanks and brackets.",
    }
)


def cited(text: str, context: Context = CONTEXT) -> tuple[str, list[str], int]:
    checked = cite(text, context)
    return checked.text, [f"{each.place} {each.quote}" for each in checked.citations], checked.dropped


@pytest.mark.parametrize(
    ("text", "shown", "quotes"),
    [
        (
            'It is off [docs/tls.md:3 "TLS 1.1 is disabled"].',
            "It is off [docs/tls.md:3].",
            ["docs/tls.md:3 TLS 1.1 is disabled"],
        ),
        ('[docs/tls.md "TLS 1.3 is preferred."]', "[docs/tls.md:4]", ["docs/tls.md:4 TLS 1.3 is preferred."]),
        ("See [docs/tls.md:4].", "See [docs/tls.md:4].", ["docs/tls.md:4 TLS 1.3 is preferred."]),
        (
            "“TLS 1.3 is preferred.” [docs/tls.md]",
            "“TLS 1.3 is preferred.” [docs/tls.md:4]",
            ["docs/tls.md:4 TLS 1.3 is preferred."],
        ),
        ('[tls.md:9 "TLS 1.1 is disabled"]', "[docs/tls.md:3]", ["docs/tls.md:3 TLS 1.1 is disabled"]),
        (r'[a.py:1 "x = d[\"key\"]"]', "[a.py:1]", ['a.py:1 x = d["key"]']),
        ('[<stdin> "4711"]', "[<stdin>:1]", ["<stdin>:1 4711"]),
        ('[My File (v2).txt:1 "A name"]', "[My File (v2).txt:1]", ["My File (v2).txt:1 A name"]),
        ('[a.py, line 2 "class Fraction"]', "[a.py:2]", ["a.py:2 class Fraction"]),
        ('[elsewhere.py:3 "class Fraction(Rational):"]', "[a.py:2]", ["a.py:2 class Fraction(Rational):"]),
        ('[docs/tls.md:3 "TLS 1.1  is\ndisabled"]', "[docs/tls.md:3]", ["docs/tls.md:3 TLS 1.1 is disabled"]),
    ],
)
def test_verified_citations_are_kept(text: str, shown: str, quotes: list[str]) -> None:
    assert cited(text) == (shown, quotes, 0)


@pytest.mark.parametrize(
    "text",
    [
        'It is on [docs/tls.md:3 "TLS 1.1 is enabled"]',
        "It is on [nothing.md:3]",
        'It is on [x "a quote that stands nowhere in this context"]',
        "It is on [docs/tls.md:99]",
        'It is on [<other>:1 "4711"]',
    ],
)
def test_citations_that_cannot_be_verified_are_removed_and_counted(text: str) -> None:
    assert cited(text) == ("It is on", [], 1)


@pytest.mark.parametrize(
    "text",
    [
        "list[int] and x[1] and [1] and [see below] and [a link](http://x)",
        "No brackets.",
        "[]",
        "[ ]",
        "a [b] c",
        '[1, "a"]',
        '["a", "b"]',
    ],
)
def test_brackets_that_are_not_citations_are_left_alone(text: str) -> None:
    assert cited(text) == (text, [], 0)


def test_one_place_is_one_citation() -> None:
    text = 'Once [docs/tls.md "TLS 1.3"], twice [docs/tls.md "TLS 1.3"].'
    assert cited(text) == ("Once [docs/tls.md:4], twice [docs/tls.md:4].", ["docs/tls.md:4 TLS 1.3"], 0)


def test_the_occurrence_nearest_to_the_place_is_meant() -> None:
    context = load({"a.txt": "\n".join(f"line {n} same" for n in range(1, 10))})
    assert cite('[a.txt:7 "same"]', context).citations[0].line == 7


def test_pages_and_rows_are_places(tmp_path: object) -> None:
    pdf = read_document("report.pdf", making.pdf(["First page.", "Retention is 90 days."])).documents[0]
    csv = read_document("data.csv", b"a,b\n1,2\n3,4\n").documents[0]
    context = Context(documents=(pdf, csv))
    checked = cite('[report.pdf:p2 "90 days"] and [data.csv:row 3]', context)
    assert checked.text == "[report.pdf:p2] and [data.csv:row 3]"
    assert [(each.page, each.line) for each in checked.citations] == [(2, None), (None, 3)]
    assert checked.citations[1].quote == "3,4"


@pytest.mark.parametrize(
    ("text", "shown", "quotes", "dropped"),
    [
        ('The policy says "TLS 1.0 is fine" [docs/tls.md:3].', 'The policy says "TLS 1.0 is fine".', [], 1),
        (
            '[app/[slug]/page.tsx:1 "export default"]',
            "[app/[slug]/page.tsx:1]",
            ["app/[slug]/page.tsx:1 export default"],
            0,
        ),
        ('[app/[slug]/page.tsx "totally made up text of a model"]', "", [], 1),
    ],
)
def test_quotes_that_do_not_occur_are_dropped(text: str, shown: str, quotes: list[str], dropped: int) -> None:
    assert cited(text) == (shown, quotes, dropped)


def test_values_are_checked_text_by_text() -> None:
    value, found = cite_value({"a": ['x [tls.md "TLS 1.3 is preferred."]', 7], "b": None}, CONTEXT)
    assert value == {"a": ["x [docs/tls.md:4]", 7], "b": None}
    assert [each.place for each in found.citations] == ["docs/tls.md:4"]


def test_a_citation_has_the_column_of_its_quote() -> None:
    context = load({"a.log": "first\n" + "x" * 5_000 + " the code is 4711 " + "y" * 5_000})
    found = cite('[a.log:2 "the code is 4711"]', context).citations[0]
    assert (found.line, found.column, found.path) == (2, 5_002, None)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["d"], ["d/sub/y.txt", "d/x.txt"]),
        (["./d/"], ["d/sub/y.txt", "d/x.txt"]),
        (["d/x.txt"], ["d/x.txt"]),
        (["."], ["d/sub/y.txt", "d/x.txt", "e/x.txt"]),
        (["d", "e"], ["d/sub/y.txt", "d/x.txt", "e/x.txt"]),
        (["HERE/d"], ["HERE/d/sub/y.txt", "HERE/d/x.txt"]),
        (["HERE/d/x.txt"], ["HERE/d/x.txt"]),
        (["HERE/d", "HERE/e"], ["HERE/d/sub/y.txt", "HERE/d/x.txt", "HERE/e/x.txt"]),
        (["HERE/d", "e"], ["HERE/d/sub/y.txt", "HERE/d/x.txt", "e/x.txt"]),
        (["d/../e"], ["d/../e/x.txt"]),
    ],
)
def test_the_path_of_a_citation_opens_from_where_the_user_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[str], shown: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("d/x.txt", "d/sub/y.txt", "e/x.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"This is {name}.", encoding="utf-8")
    context = load([Path(each.replace("HERE", str(tmp_path))) for each in given])
    expected = [each.replace("HERE", str(tmp_path)) for each in shown]
    for document, path in zip(context.documents, expected, strict=True):
        for name in (document.name, path):
            found = cite(f"[{name}:1]", context).citations[0]
            assert found.place == f"{path}:1"
            assert found.source == document.name
            assert Path(path).read_text(encoding="utf-8") == found.quote
            assert found.path is not None
            assert Path(found.path).read_text(encoding="utf-8") == found.quote
            assert Path(found.path).is_absolute()


def test_a_member_of_an_archive_is_below_its_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("m/x.txt", "inside")
    found = cite('[x.txt "inside"]', load(tmp_path / "a.zip")).citations[0]
    assert (found.place, found.path) == (f"{tmp_path}/a.zip/m/x.txt:1", f"{tmp_path}/a.zip")


def test_a_quote_typeset_in_another_way_is_found_in_another_document() -> None:
    context = load({"a.txt": "nothing", "b.txt": "The landlord’s consent isn’t needed at all."})
    cited_as = cite("[c.txt:1 \"The landlord's consent isn't needed\"]", context).citations[0]
    assert (cited_as.place, cited_as.quote) == ("b.txt:1", "The landlord’s consent isn’t needed")


def test_many_quotes_of_one_document_take_bounded_time() -> None:
    context = load({"a.txt": "It’s a long text of many words. " * 40_000, "b.txt": "short"})
    text = " ".join(f'[a.txt:1 "It\'s another text, {number}"]' for number in range(500))
    began = time.process_time()
    assert cited(text, context) == ("", [], 500)
    assert time.process_time() - began < 30


def test_many_made_up_quotes_are_dropped_in_time() -> None:
    context = load({f"doc{n}.txt": f"Document {n} says little." for n in range(5_000)})
    text = " ".join(f'[doc{n}.txt:1 "a quote that no text contains, {n}"]' for n in range(300))
    assert cited(text, context) == ("", [], 300)
