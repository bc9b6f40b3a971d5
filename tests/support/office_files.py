"""Word, PowerPoint and Excel files of a few parts, made from scratch for tests: XML strings in a zip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harlm.context.readers import read_document
from harlm.types import Document, ReadResult
from tests.support import making

TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
SPACES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
    "s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "cx": "http://schemas.microsoft.com/office/drawing/2014/chartex",
    "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
    "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
    "p188": "http://schemas.microsoft.com/office/powerpoint/2018/8/main",
    "p14": "http://schemas.microsoft.com/office/powerpoint/2010/main",
    "tc": "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments",
}
_STRICT = {
    name: space.replace("schemas.openxmlformats.org", "purl.oclc.org/ooxml").replace("/2006/", "/")
    for name, space in SPACES.items()
    if "schemas.openxmlformats.org" in space and name != "mc"
}

Parts = Mapping[str, tuple[str, str]]
"""Parts beside the main one: their type and XML by their name, relative to the main part."""


def xml(tag: str, content: str, attributes: str = "", *, is_strict: bool = False) -> str:
    """A root element with all prefixes declared."""
    spaces = {**SPACES, **(_STRICT if is_strict else {})}
    declared = " ".join(f'xmlns:{name}="{space}"' for name, space in spaces.items())
    return f"<{tag} {declared} {attributes}>{content}</{tag}>"


def links(targets: Sequence[tuple[str, str]], start: int = 1) -> str:
    """A part of relationships of these types and targets, with the ids rId1, rId2, …"""
    listed = "".join(
        f'<Relationship Id="rId{number}" Type="{kind if "/" in kind else f"{TYPE}/{kind}"}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start)
    )
    return f'<Relationships xmlns="{RELATIONS}">{listed}</Relationships>'


def packed(
    main: str, root: str, parts: Parts | None = None, more: Mapping[str, str | bytes] | None = None
) -> bytes:
    """A file with this main part, its relationships, and other members by their whole name."""
    folder, _, file = main.rpartition("/")
    parts = parts or {}
    members: dict[str, str | bytes] = {
        "_rels/.rels": links([("officeDocument", main)]),
        main: root,
        f"{folder}/_rels/{file}.rels": links([(kind, name) for name, (kind, _) in parts.items()]),
    }
    members |= {f"{folder}/{name}": content for name, (_, content) in parts.items()}
    return making.zipped(members | dict(more or {}))


def docx(
    body: str,
    parts: Parts | None = None,
    *,
    main: str = "word/document.xml",
    is_strict: bool = False,
    more: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """A Word file of this body."""
    root = xml("w:document", f"<w:body>{body}</w:body>", is_strict=is_strict)
    return packed(main, root, parts, more)


def paragraph(text: str, properties: str = "") -> str:
    """A paragraph of one run."""
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def styles(*each: str) -> tuple[str, str]:
    """The part of styles."""
    return "styles", xml("w:styles", "".join(each))


def style(own_id: str, name: str, properties: str = "", base: str = "") -> str:
    """A style of paragraphs."""
    return (
        f'<w:style w:type="paragraph" w:styleId="{own_id}"><w:name w:val="{name}"/>'
        f'<w:basedOn w:val="{base}"/><w:pPr>{properties}</w:pPr></w:style>'
    )


def level(at: int, text: str, form: str = "decimal", more: str = "") -> str:
    """A level of a list."""
    return f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>{more}<w:lvlText w:val="{text}"/></w:lvl>'


def numbering(
    levels: str, uses: str = '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
) -> tuple[str, str]:
    """The part of lists, with one definition."""
    definition = f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
    return "numbering", xml("w:numbering", definition + uses)


def item(text: str, at: int = 0, list_id: int = 1) -> str:
    """A numbered paragraph."""
    return paragraph(text, f'<w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="{list_id}"/></w:numPr>')


def pptx(
    slides: Sequence[str],
    parts: Mapping[int, Parts] | None = None,
    beside: Parts | None = None,
    more: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """A presentation. A slide is the XML of its shapes, or of its root element; ``parts`` are those of a slide."""
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="rId{n}"/>' for n in range(1, len(slides) + 1))
    members: dict[str, str | bytes] = {}
    own: dict[str, tuple[str, str]] = {}
    for number, content in enumerate(slides, start=1):
        root = content if content.startswith("<p:sld ") else slide(content)
        own[f"slides/slide{number}.xml"] = ("slide", root)
        of_slide = (parts or {}).get(number, {})
        members[f"ppt/slides/_rels/slide{number}.xml.rels"] = links(
            [(kind, name) for name, (kind, _) in of_slide.items()]
        )
        members |= {f"ppt/slides/{name}": text for name, (_, text) in of_slide.items()}
    root = xml("p:presentation", f"<p:sldIdLst>{ids}</p:sldIdLst>")
    return packed("ppt/presentation.xml", root, {**own, **(beside or {})}, members | dict(more or {}))


def slide(shapes: str, attributes: str = "") -> str:
    """The root element of a slide."""
    return xml("p:sld", f"<p:cSld><p:spTree>{shapes}</p:spTree></p:cSld>", attributes)


def shape(paragraphs: str, kind: str = "body") -> str:
    """A shape of these paragraphs."""
    place = f'<p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>'
    return f"<p:sp>{place}<p:txBody>{paragraphs}</p:txBody></p:sp>"


def line(text: str, properties: str = "") -> str:
    """A paragraph of a shape."""
    return f"<a:p>{properties}<a:r><a:t>{text}</a:t></a:r></a:p>"


def xlsx(
    rows: str,
    *,
    formats: Sequence[str | int] = (),
    book: str = "",
    after: str = "",
    strings: str = "",
    state: str = "visible",
    parts: Parts | None = None,
    is_strict: bool = False,
    more: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """A workbook of one sheet, Data.

    Args:
        rows: the XML of its rows, with the prefix ``s:``.
        formats: the format code or number of each style, from style 1.
        book: the attributes of ``workbookPr``.
        after: what follows the rows in the sheet.
        strings: the XML of shared strings.
        state: whether the sheet is visible.
        parts: the parts that the sheet refers to.
        is_strict: whether all is in the Strict namespaces.
        more: other members by their whole name.
    """
    codes = [code for code in formats if isinstance(code, str)]
    defined = "".join(f'<s:numFmt numFmtId="{164 + n}" formatCode="{code}"/>' for n, code in enumerate(codes))
    used = [code if isinstance(code, int) else 164 + codes.index(code) for code in formats]
    applied = "".join(f'<s:xf numFmtId="{number}"/>' for number in (0, *used))
    sheet = xml("s:worksheet", f"<s:sheetData>{rows}</s:sheetData>{after}", is_strict=is_strict)
    workbook = xml(
        "s:workbook",
        f'<s:workbookPr {book}/><s:sheets><s:sheet name="Data" sheetId="1" state="{state}" r:id="rId1"/></s:sheets>',
        is_strict=is_strict,
    )
    own: Parts = {
        "worksheets/sheet1.xml": ("worksheet", sheet),
        "styles.xml": (
            "styles",
            xml(
                "s:styleSheet",
                f"<s:numFmts>{defined}</s:numFmts><s:cellXfs>{applied}</s:cellXfs>",
                is_strict=is_strict,
            ),
        ),
        "sharedStrings.xml": ("sharedStrings", xml("s:sst", strings, is_strict=is_strict)),
    }
    members: dict[str, str | bytes] = {
        "xl/worksheets/_rels/sheet1.xml.rels": links(
            [(kind, f"../{name}") for name, (kind, _) in (parts or {}).items()]
        ),
        **{f"xl/{name}": text for name, (_, text) in (parts or {}).items()},
    }
    return packed("xl/workbook.xml", workbook, own, members | dict(more or {}))


def row(*cells: str, number: int = 1) -> str:
    """A row of cells of this XML: ``<s:v>1</s:v>``, or with the attributes of the cell before a bar."""
    made = []
    for column, content in enumerate(cells):
        attributes, _, value = content.rpartition("|")
        if content:
            made.append(f'<s:c r="{chr(65 + column)}{number}" {attributes}>{value}</s:c>')
    return f'<s:row r="{number}">{"".join(made)}</s:row>'


def value(stored: object, style_number: int = 0) -> str:
    """A cell with a number."""
    return f't="n" s="{style_number}"|<s:v>{stored}</s:v>'


def words(text: str) -> str:
    """A cell with a text of its own."""
    return f't="inlineStr"|<s:is><s:t>{text}</s:t></s:is>' if text else ""


def read(name: str, data: bytes) -> ReadResult:
    """What the reader of the name's suffix makes of the file."""
    return read_document(name, data)


def text_of(name: str, data: bytes) -> str:
    """The text of the one document in a file."""
    return document_of(name, data).text


def document_of(name: str, data: bytes) -> Document:
    """The one document in a file."""
    (document,) = read_document(name, data).documents
    return document


def label(document: Document, text: str) -> str:
    """The place of a text in a document."""
    return document.place(document.text.index(text)).label
