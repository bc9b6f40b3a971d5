from __future__ import annotations

import time

import pytest

from harlm.context.readers import html, read_document
from harlm.errors import ContextError
from harlm.types import Document


def read(name: str, data: bytes) -> Document:
    (document,) = read_document(name, data).documents
    return document


def test_html_shows_what_a_reader_sees_with_the_lines_of_the_file() -> None:
    source = (
        "<html><head><title>T</title><style>x{}</style></head>\n<body>\n<h2>Head</h2>\n<p>One &amp;\n two.</p>"
        "<ul><li>item</ul>\n<script>no()</script><pre>a\n  b</pre></body>"
    )
    document = read("page.html", source.encode())
    assert document.text == "T\n## Head\nOne & two.\n- item\na\n  b"
    assert document.place(document.text.index("One")).line == 4
    assert document.place(document.text.index("  b")).line == 7


def test_html_in_its_declared_encoding() -> None:
    assert read("p.html", '<meta charset="iso-8859-1"><p>grün'.encode("iso-8859-1")).text == "grün"


def test_html_with_an_unknown_section_is_read() -> None:
    assert read("p.html", b"<p>one</p><![foo[x]]><![if !mso]><p>two</p><![endif]>").text == "one\ntwo"


@pytest.mark.parametrize("charset", ["undefined", "hex", "nonsense", "utf-16", "idna"])
def test_html_that_declares_an_encoding_it_cannot_have_is_read(charset: str) -> None:
    assert read("p.html", f'<meta charset="{charset}"><p>grün'.encode()).text == "grün"


def test_a_page_without_visible_text_is_an_error() -> None:
    with pytest.raises(ContextError, match="contains no visible text"):
        read_document("p.html", b"<script>no()</script><p> </p>")


def test_hidden_parts_do_not_hide_the_text_after_them() -> None:
    assert (
        read("p.html", b"<p>one</p><svg><text>no</text></svg><p>two</p></script><p>three</p>").text
        == "one\ntwo\nthree"
    )


@pytest.mark.parametrize(
    "source",
    [
        "<a " * 200_000, "<!--" * 200_000, "<div>" * 200_000, '<a href="' + "x <p>" * 100_000, "<b><i><p>" * 60_000,
        "<table><tr><td>" * 60_000, "&" * 600_000, "<![CDATA[" * 60_000, "<!DOCTYPE " * 60_000, "</" * 300_000,
        "<script><!--" * 50_000, "<a " + " ".join(f"a{n}=1" for n in range(60_000)) + ">", "<svg><title>" * 50_000,
    ],
    ids=lambda source: source[:12],
)  # fmt: skip
def test_no_page_takes_longer_than_its_size(source: str) -> None:
    began = time.process_time()
    html.parse(f"<p>before</p>{source}")
    assert time.process_time() - began < 10


def test_text_after_a_tag_that_spans_lines_has_its_own_line() -> None:
    document = read("p.html", b"<p\nclass=x\n>one</p>\n<!-- a\nb --><p>two</p><p title='\n\n'>three</p>")
    assert [document.place(document.text.index(word)).line for word in ("one", "two", "three")] == [3, 5, 7]


def test_every_line_of_a_long_block_has_its_own_place() -> None:
    lines = [f"option{number} = {number}" for number in range(9)]
    document = read(
        "p.html",
        ("<h1>C</h1>\n<pre>\n" + "\n".join(lines) + "\n</pre>\n<p>\nSome words\nthat go on\n</p>").encode(),
    )
    for number in range(9):
        assert document.place(document.text.index(f"option{number}")).line == 3 + number
    assert document.place(document.text.index("that go on")).line == 15
    assert document.text.endswith("Some words that go on")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<table><tr><th>Plan</th><th>Price</th></tr><tr><td>Big</td><td>42</td></tr></table>", "Plan\tPrice\nBig\t42"),
        ("<table><tr><td>a<td><p>b</p><p>c</p><td></td><td>d</tr><tr><td></td><td>x</table><p>after", "a\tb c\t\td\n\tx\nafter"),
        ("<table><tr><th colspan=2>A<th>B<tr><td>1<td>2<td>3</table>", "A\t\tB\n1\t2\t3"),
        ("<table><tr><td>l<table><tr><td>1<td>2<tr><td>3</table>r<td>s</table>", "l\n1\t2\n3\nr\ts"),
        ("<table><caption>C</caption><thead><tr><th>H<tbody><tr><td>1</table>", "C\nH\n1"),
        ("<table><tr><td>one<br>two<td>3</table>", "one two\t3"),
        ("<table><tr><td></td></tr><tr><td>x</td></tr></table>", "x"),
        ("<ol><li>Open<li>Drain<li>Close</ol>", "1. Open\n2. Drain\n3. Close"),
        ("<ol start=3><li>a<li value=7>b<li>c<ol type=a><li>x<li>y</ol><li>d</ol>", "3. a\n7. b\n8. c\na. x\nb. y\n9. d"),
        ("<ol type=I><li>a<li>b<li>c<li>d</ol>", "I. a\nII. b\nIII. c\nIV. d"),
        ("<ol reversed start=2><li>a<li>b</ol>", "2. a\n1. b"),
        ("<ol reversed><li>a<li>b</ol>", "- a\n- b"),
        ("<ol start=x><li value=y>a</ol></ol></ul><li>b", "1. a\n- b"),
        ("<ul><li><p>a</p><p>b</p><li></ul>c", "- a\nb\n- c"),
        ('<img src=x alt="Floor plan of\n hall B">', "Floor plan of hall B"),
        ('a<img alt="b">c<img alt="">d<img>e', "a b cde"),
        ('<p>Read the <a href="https://e.org/r">refund rules</a>.', "Read the refund rules (https://e.org/r)."),
        ('<a href="https://e.org/">https://e.org</a> <a href="http://E.org/x">e.org/x</a>', "https://e.org e.org/x"),
        ('<a href="mailto:a@b.c">Ada</a> <a href="mailto:a@b.c">a@b.c</a>', "Ada (a@b.c) a@b.c"),
        ('<a href="/rel">rel</a> <a href="#x">x</a> <a href="javascript:f()">f</a> <a name=q>q</a>', "rel x f q"),
        ('<a href="https://e.org/"><img alt="logo" src=x></a><a href="https://e.org/"></a>', "logo (https://e.org/)"),
        ('<a href="https://e.org/1">one<a href="https://e.org/2">two</a>', "one (https://e.org/1)two (https://e.org/2)"),
        ("<fieldset><legend>L</legend>x</fieldset><center>c</center>d<dl><dt>T<dd>D</dl>", "L\nx\nc\nd\nT\nD"),
        ("<select><option>a<option>b</select><button>A</button><button>B</button>", "a\nb A B"),
        ("東京<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>", "東京漢(かん)"),
        ("<math><mi>x</mi><mo>=</mo><mn>5</mn><annotation>x=5</annotation></math>", "x=5"),
        ("a<br>b<br/>c<hr>d", "a\nb\nc\nd"),
        ("Versicherungs&shy;schutz", "Versicherungs\xadschutz"),
        ("<pre>\n\n  <b>def</b> f():\n    <i>return</i> 1\n\n\n</pre>after", "  def f():\n    return 1\nafter"),
        ("<textarea>a\n  b</textarea> c", "a\n  b c"),
        ("<dialog>d</dialog><details><summary>s</summary>t</details>", "d\ns\nt"),
    ],
)  # fmt: skip
def test_a_page_is_laid_out_as_text(source: str, text: str) -> None:
    assert read("p.html", source.encode()).text == text


@pytest.mark.parametrize(
    "hidden",
    [
        "<div hidden>no <div>no</div> no</div>", '<div style="display:none">no</div>', "<p hidden>no<div>yes </div>",
        '<span style="color: red; DISPLAY : None">no<span>no</span></span>', '<p style="visibility:hidden">no</p>',
        "<ul><li hidden>no<li>yes</ul>", "<ul><li hidden>no</ul>", "<table><tr hidden><td>no<tr><td>yes</table>",
        "<table><tr><td hidden>no<td>yes</table>", "<table><tr><td hidden>no</table>", "<p hidden>no",
        "<ul><li hidden>no<ul><li>no</ul>no<li>yes</ul>", "<dl><dt hidden>no<dd>yes</dl>", "<div hidden/>no", "<div><p hidden>no</div>yes",
        '<section hidden=""><p>no<p>no<br>no<img alt=no></section>', "<div hidden><script>x</script>no</div>",
    ],
)  # fmt: skip
def test_text_that_a_browser_hides_is_left_out_and_told(hidden: str) -> None:
    reading = read_document("p.html", f"<h1>before</h1>{hidden}<h2>after</h2><p>".encode())
    words = set(reading.documents[0].text.replace("#", "").replace("-", "").split())
    assert "after" in words or hidden == "<div hidden/>no"
    assert "no" not in words
    assert ("yes" in words) == ("yes" in hidden)
    assert [skipped.reason for skipped in reading.skipped] == ["text that the page hides is left out"]


@pytest.mark.parametrize(
    "shown",
    [
        '<p style="display:none-x">yes',
        '<p class="hidden">yes',
        "<p hidden=until-found>yes",
        "<br hidden>yes",
        "<p aria-hidden=true>yes",
    ],
)
def test_text_that_a_browser_shows_is_read(shown: str) -> None:
    reading = read_document("p.html", shown.encode())
    assert reading.documents[0].text == "yes"
    assert not reading.skipped


@pytest.mark.parametrize(
    ("head", "codec", "text"),
    [
        ('<meta charset="gb2312">', "gbk", "朱镕基"), ("<meta charset=iso-8859-1>", "cp1252", "“quoted” €"),
        ('<meta charset="iso-8859-1">', "utf-8", "Köln und Düsseldorf"), ("<meta charset=utf-8>", "cp1252", "très déçu"),
        ('<meta http-equiv="content-type" content="text/html; charset=koi8-r">', "koi8-r", "Привет"),
        ('<?xml version="1.0" encoding="iso-8859-2"?>', "iso8859-2", "Łódź"), ("<meta charset = 'x-sjis'>", "cp932", "価格①"),
        ("<!-- <meta charset=koi8-r> --><meta charset=windows-1250>", "cp1250", "Łódź"), ("", "cp1252", "été à la plage"),
        ("<meta charset=iso-8859-8-i>", "iso8859-8", "שלום"), ("<meta charset=utf-16>", "utf-8", "Größe"),
        ("<meta charset=windows-1251>", "utf-16", "Größe"), ("<meta charset=euc-kr>", "cp949", "똠방각하"),
    ],
)  # fmt: skip
def test_a_label_means_what_browsers_take_it_for(head: str, codec: str, text: str) -> None:
    assert read("p.html", f"{head}<p>{text}</p>".encode(codec)).text == text


@pytest.mark.parametrize(
    "source",
    ["<ol><li>" * 60_000, "<a href=https://e.org/>x" * 60_000, "<td colspan=9999>x" * 60_000, "<p hidden>" * 60_000, "<pre>\n <b>" * 60_000,
     "<img alt='" + "a " * 200_000 + "'>", "<td>" * 200_000, "<div hidden>" * 60_000 + "</div>" * 60_000, "&shy;\n" * 100_000, "<pre>" + " <b>" * 90_000],
    ids=lambda source: source[:12],
)  # fmt: skip
def test_no_layout_takes_longer_than_its_size(source: str) -> None:
    began = time.process_time()
    document = html.parse(f"<p>before</p>{source}<p>after</p>").text.document("p", "html")
    assert time.process_time() - began < 5
    assert len(document.text) < 4 * len(source)
