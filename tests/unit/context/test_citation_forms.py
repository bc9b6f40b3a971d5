"""Citations as models write them: what each one means, or that it means nothing."""

from __future__ import annotations

import pytest

from harlm.context import cite
from harlm.types import Context, Document, Marks


def workbook(*rows: tuple[str, int, str]) -> Document:
    starts: list[int] = []
    text = ""
    for _, _, line in rows:
        starts.append(len(text))
        text += f"{line}\n"
    return Document(
        name="book.xlsx",
        text=text,
        kind="xlsx",
        marks=Marks(
            unit="row",
            starts=starts,
            numbers=[number for _, number, _ in rows],
            labels=[f"{sheet} row {number}" for sheet, number, _ in rows],
        ),
    )


BOOK = workbook(
    ("Sales", 1, "item\teur"),
    ("Sales", 2, "beans\t500"),
    ("Sales", 3, "Total\t500"),
    ("Costs", 1, "item\teur"),
    ("Costs", 2, "water\t500"),
    ("Costs", 3, "Total\t500"),
    ("My Sheet", 1, "x\t1"),
    ("Q1 2024", 5, "late\t9"),
    ("2024", 3, "year\t1"),
    ("Row 5", 2, "odd\t3"),
)
PY = Document(
    name="src/a.py",
    text="import os\nlimit = 7\ndef f(*args):\n    return 'don\u2019t' + args[0]\nx = 2*3\n__all__ = []\n",
    kind="code",
)
MD = Document(
    name="notes.md",
    text="# Notes\n\nThe **landlord\u2019s** consent isn\u2019t `needed` \u2014 see _below_.\nSecond \u201cquoted\u201d line\u2026 and more text here.\nThe fee, due on Monday, is 40 EUR for all.\nPart-\ntime staff and accommo-\ndation here.\n",
    kind="markdown",
)
PDF = Document(
    name="r.pdf",
    text="First page of it.\n\nRetention is 90 days.\n\nThird page: o\ufb03ce",
    kind="pdf",
    marks=Marks(unit="page", starts=[0, 19, 42]),
)
PP = Document(
    name="deck.pptx",
    text="Slide one\n\nnote one\n\nSlide two\n\nnote two",
    kind="pptx",
    marks=Marks(
        unit="slide",
        starts=[0, 11, 21, 32],
        numbers=[1, 1, 2, 2],
        labels=["slide 1", "slide 1 notes", "slide 2", "slide 2 notes"],
    ),
)
ZH = Document(
    name="报告.md", text="第一行。\n公司成立于1998年，总部在北京。\n第三行：「引用」。\n", kind="markdown"
)
CSV = Document(
    name="d.csv",
    text='a,b\n"1\n2",x\n3,4',
    kind="csv",
    marks=Marks(unit="row", starts=[0, 4, 12], own_lines=True),
)
DOC = Document(
    name="c.docx",
    text="One para.\n\nTwo para.\n\nThree para.",
    kind="docx",
    marks=Marks(unit="paragraph", starts=[0, 11, 22]),
)
NB = Document(
    name="n.ipynb", text="a\n\nb = 1\n\nc", kind="notebook", marks=Marks(unit="cell", starts=[0, 3, 10])
)
BOB = Document(name="Bob's notes (v2).txt", text="It's here.")
CONTEXT = Context(documents=(BOOK, PY, MD, PDF, PP, ZH, CSV, DOC, NB, BOB))


@pytest.mark.parametrize(
    ("answer", "places"),
    [
        ('[book.xlsx:Costs row 3 "Total\t500"]', "book.xlsx:Costs row 3"),
        ("[book.xlsx:Costs row 3]", "book.xlsx:Costs row 3"),
        ("[book.xlsx, Costs row 3]", "book.xlsx:Costs row 3"),
        ("[book.xlsx Costs row 3]", "book.xlsx:Costs row 3"),
        ("[book.xlsx:Costs, row 3]", "book.xlsx:Costs row 3"),
        ("[book.xlsx:costs row 3]", "book.xlsx:Costs row 3"),
        ("[book.xlsx:Costs!A3]", "book.xlsx:Costs row 3"),
        ('[book.xlsx:Costs!A3:B3 "Total"]', "book.xlsx:Costs row 3"),
        ("[book.xlsx:'Costs'!B3]", "book.xlsx:Costs row 3"),
        ("[book.xlsx:'My Sheet'!B1]", "book.xlsx:My Sheet row 1"),
        ("[book.xlsx:My Sheet row 1]", "book.xlsx:My Sheet row 1"),
        ("[book.xlsx:Q1 2024 row 5]", "book.xlsx:Q1 2024 row 5"),
        ("[book.xlsx:2024 row 3]", "book.xlsx:2024 row 3"),
        ("[book.xlsx:Row 5 row 2]", "book.xlsx:Row 5 row 2"),
        ('[book.xlsx:Costs rows 2-3 "Total"]', "book.xlsx:Costs row 3"),
        ("[book.xlsx:Costs rows 2-3]", "book.xlsx:Costs row 2"),
        ("[book.xlsx:Costs:3]", "book.xlsx:Costs row 3"),
        ("[book.xlsx:sheet Costs, row 3]", "book.xlsx:Costs row 3"),
        ("[book.xlsx#Costs row 3]", "book.xlsx:Costs row 3"),
        ("[book.xlsx (Costs row 3)]", "book.xlsx:Costs row 3"),
        ('[book.xlsx:Costz row 3 "water\t500"]', "book.xlsx:Costs row 2"),
        ("[book.xlsx:row 5]", "book.xlsx:Q1 2024 row 5"),
        ('[book.xlsx:row 2 "water\t500"]', "book.xlsx:Costs row 2"),
        ('[book.xlsx "water 500"]', "book.xlsx:Costs row 2"),
        ('[src/a.py#L2-L3 "limit = 7"]', "src/a.py:2"),
        ("[src/a.py#L2]", "src/a.py:2"),
        ("[src/a.py#L2-L3]", "src/a.py:2"),
        ('[src/a.py:L2-L3 "limit = 7"]', "src/a.py:2"),
        ("[src/a.py:L2]", "src/a.py:2"),
        ('[a.py:2-3 "limit = 7"]', "src/a.py:2"),
        ("[a.py:2–3]", "src/a.py:2"),
        ("[a.py:2:1]", "src/a.py:2"),
        ('[a.py:2:1 "limit"]', "src/a.py:2"),
        ("[a.py, lines 2-3]", "src/a.py:2"),
        ("[a.py, lines 2 to 3]", "src/a.py:2"),
        ("[a.py lines 2 and 3]", "src/a.py:2"),
        ("[a.py (line 2)]", "src/a.py:2"),
        ("[a.py, l. 2]", "src/a.py:2"),
        ("[a.py ln 2]", "src/a.py:2"),
        ("[a.py, Zeile 2]", "src/a.py:2"),
        ("[a.py, ligne 2]", "src/a.py:2"),
        ("[a.py, lignes 2 à 3]", "src/a.py:2"),
        ("[a.py @ line 2]", "src/a.py:2"),
        ('[a.py:2: "limit"]', "src/a.py:2"),
        ('[a.py:2, "limit"]', "src/a.py:2"),
        ('[a.py:2 - "limit"]', "src/a.py:2"),
        ('[`a.py:2` "limit"]', "src/a.py:2"),
        ('[**a.py:2** "limit"]', "src/a.py:2"),
        ("[see a.py:2]", "src/a.py:2"),
        ('[Source: a.py:2 "limit"]', "src/a.py:2"),
        ("[a.py:2 'limit = 7']", "src/a.py:2"),
        ("[a.py:2 `limit = 7`]", "src/a.py:2"),
        ('[a.py:2 "`limit = 7`"]', "src/a.py:2"),
        ("[a.py:2 “limit = 7”]", "src/a.py:2"),
        ("[a.py:2 „limit = 7“]", "src/a.py:2"),
        ("[a.py:2 «limit = 7»]", "src/a.py:2"),
        ('[a.py:2 “limit = 7"]', "src/a.py:2"),
        ("［a.py：2 「limit = 7」］", "src/a.py:2"),
        ('【a.py:2 "limit = 7"】', "src/a.py:2"),
        ("【a.py：2】", "src/a.py:2"),
        ("［报告.md：2「公司成立于1998年，总部在北京」］", "报告.md:2"),
        ("［报告.md：第2行「公司成立于1998年,总部在北京」］", "报告.md:2"),
        ("[报告.md，第2行]", "报告.md:2"),
        ("[报告.md（第2行）]", "报告.md:2"),
        ('[报告.md:3 "第三行:“引用”"]', "报告.md:3"),
        ("［报告.md：3「第三行：『引用』」］", "报告.md:3"),
        ('[a.py:6 "all"]', "src/a.py:6"),
        ('[a.py:4 "return \\"don\'t\\" + args[0]"]', "src/a.py:4"),
        ("[a.py:4 “return 'don't' + args[0]”]", "src/a.py:4"),
        ("[notes.md:3 \"The landlord's consent isn't needed - see below.\"]", "notes.md:3"),
        ("[notes.md:3 \"The landlord's consent isn't needed -- see below.\"]", "notes.md:3"),
        ("[notes.md:3 \"**landlord's consent** isn't\"]", "notes.md:3"),
        ("[notes.md:4 \"Second 'quoted' line... and more\"]", "notes.md:4"),
        ('[notes.md:4 "Second "quoted" line… and more"]', "notes.md:4"),
        ('[notes.md:5 "The fee ... is 40 EUR"]', "notes.md:5"),
        ('[notes.md:5 "The fee [...] is 40 EUR for all"]', "notes.md:5"),
        ('[notes.md:5 "The fee […] 40 EUR"]', "notes.md:5"),
        ('[notes.md:5 "...due on Monday..."]', "notes.md:5"),
        ('[notes.md:6 "Part-time staff and accommodation here"]', "notes.md:6"),
        ('[notes.md:6 "Part- time staff"]', "notes.md:6"),
        ('[r.pdf:p2 "90 days"]', "r.pdf:p2"),
        ("[r.pdf, p. 2]", "r.pdf:p2"),
        ("[r.pdf, page 2]", "r.pdf:p2"),
        ("[r.pdf, pp. 2-3]", "r.pdf:p2"),
        ('[r.pdf pp. 2–3 "Retention is 90 days"]', "r.pdf:p2"),
        ("[r.pdf, Seite 2]", "r.pdf:p2"),
        ("[r.pdf, S. 2]", "r.pdf:p2"),
        ("[r.pdf#page=2]", "r.pdf:p2"),
        ("[r.pdf:2]", "r.pdf:p2"),
        ("[r.pdf p2]", "r.pdf:p2"),
        ('[r.pdf:p3 "office"]', "r.pdf:p3"),
        ("[deck.pptx:slide 2]", "deck.pptx:slide 2"),
        ("[deck.pptx, Folie 2]", "deck.pptx:slide 2"),
        ("[deck.pptx:slide 2 notes]", "deck.pptx:slide 2 notes"),
        ('[deck.pptx, slide 2 notes "note two"]', "deck.pptx:slide 2 notes"),
        ("[deck.pptx, slide 2, notes]", "deck.pptx:slide 2 notes"),
        ("[d.csv:row 2]", "d.csv:row 2"),
        ("[d.csv:line 4]", "d.csv:row 3"),
        ('[d.csv, rows 2-3 "3,4"]', "d.csv:row 3"),
        ("[c.docx:paragraph 2]", "c.docx:paragraph 2"),
        ("[c.docx, para. 2]", "c.docx:paragraph 2"),
        ("[c.docx ¶ 2]", "c.docx:paragraph 2"),
        ('[c.docx § 2 "Two para"]', "c.docx:paragraph 2"),
        ("[c.docx, Absatz 2]", "c.docx:paragraph 2"),
        ("[n.ipynb:cell 2]", "n.ipynb:cell 2"),
        ('[n.ipynb, cells 2-3 "b = 1"]', "n.ipynb:cell 2"),
        ("[n.ipynb Zelle 2]", "n.ipynb:cell 2"),
        ('[Bob\'s notes (v2).txt:1 "It’s here."]', "Bob's notes (v2).txt:1"),
        ("[Bob's notes (v2).txt:1 'It's here.']", "Bob's notes (v2).txt:1"),
        ("[a.py:2; notes.md:5]", "src/a.py:2,notes.md:5"),
        ("[a.py:2, notes.md:5]", "src/a.py:2,notes.md:5"),
        ("[a.py:2 and r.pdf p. 2]", "src/a.py:2,r.pdf:p2"),
        ('[a.py:10 (main) "limit = 7"]', "src/a.py:2"),
        ("[src\\a.py:2]", "src/a.py:2"),
        ("“limit = 7” [a.py:2]", "src/a.py:2"),
        ("„limit = 7“ [a.py:2]", "src/a.py:2"),
    ],
)
def test_a_citation_means_a_place(answer: str, places: str) -> None:
    cited = cite(f"So {answer}", CONTEXT)
    assert ",".join(each.place for each in cited.citations) == places
    assert cited.dropped == 0
    for each in cited.citations:
        assert CONTEXT.by_name[each.source].text[each.start : each.end] == each.quote


@pytest.mark.parametrize(
    "answer",
    [
        "[book.xlsx:Costz row 3]",
        '[book.xlsx:Costz row 3 "Total\t500"]',
        "[book.xlsx:Costs row 9]",
        "[book.xlsx:row 3]",
        '[book.xlsx:row 3 "Total\t500"]',
        '[a.py:3 "def f(args)"]',
        '[a.py:5 "x = 23"]',
        '[notes.md:3 "the **landlord\'s** consent"]',
        '[notes.md:5 "is 40 EUR ... The fee"]',
        '[notes.md:3 "The landlords consent"]',
        "[r.pdf:line 2]",
        "[deck.pptx:slide 3]",
        "[c.docx § 2]",
        "[c.docx, page 2]",
        "[nothing.md#L3]",
        "[nothing.md, line 3]",
        "[a.py:2 in main]",
        "[a.py:main]",
        "[/x/src/a.py:2]",
    ],
)
def test_a_citation_of_nothing_is_dropped(answer: str) -> None:
    cited = cite(f"So {answer}", CONTEXT)
    assert (cited.citations, cited.dropped, cited.text) == ((), 1, "So")
