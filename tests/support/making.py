"""Files of formats that have no plain text, made from scratch for tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
_S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """A zip with these members; the same bytes at any time of day."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def pdf(pages: Sequence[str]) -> bytes:
    """A PDF with one line of text on each page; an empty string makes an empty page."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>")
    font = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    for number, text in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources {font} /Contents {4 + 2 * number} 0 R >>"
        )
        content = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET" if text else ""
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    return pdf_of(objects)


def pdf_of(objects: Sequence[str]) -> bytes:
    """A PDF of these objects, numbered from one; the first is the catalog."""
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start = len(out)
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    return out + f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


def pdf_page(
    pieces: Sequence[tuple[float, float, str]],
    *,
    annotations: Sequence[str] = (),
    catalog: str = "",
    more: Sequence[str] = (),
) -> bytes:
    """A PDF of one page with pieces of text at their places.

    Args:
        pieces: from the left, from the bottom, and the text.
        annotations: dictionaries of annotations; fields of a form are among them.
        catalog: what the catalog has besides the pages.
        more: objects that the others refer to, from number 5.
    """
    content = "BT /F1 12 Tf " + " ".join(f"1 0 0 1 {x} {y} Tm ({text}) Tj" for x, y, text in pieces) + " ET"
    font = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >> >> >>"
    return pdf_of(
        [
            f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources {font} /Contents 4 0 R "
            f"/Annots [{' '.join(annotations)}] >>",
            f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
            *more,
        ]
    )


def docx(paragraphs: Sequence[str], table: Sequence[Sequence[str]] = ()) -> bytes:
    """A Word file; a paragraph that begins with ``# `` becomes a heading."""

    def paragraph(text: str) -> str:
        style = '<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>' if text.startswith("# ") else ""
        return f"<w:p>{style}<w:r><w:t>{text.removeprefix('# ')}</w:t></w:r></w:p>"

    rows = "".join(
        "<w:tr>" + "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) + "</w:tr>" for row in table
    )
    body = "".join(map(paragraph, paragraphs)) + (f"<w:tbl>{rows}</w:tbl>" if rows else "")
    return zipped({"word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>"})


def pptx(slides: Sequence[str], notes: Mapping[int, str] | None = None) -> bytes:
    """A presentation of one text a slide, with notes by slide number."""
    members: dict[str, str | bytes] = {}
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="rId{n}"/>' for n in range(1, len(slides) + 1))
    links = "".join(
        f'<Relationship Id="rId{n}" Target="slides/slide{n}.xml" Type="{_TYPE}/slide"/>'
        for n in range(1, len(slides) + 1)
    )
    members["ppt/presentation.xml"] = (
        f"<p:presentation {_P} {_R}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>"
    )
    members["ppt/_rels/presentation.xml.rels"] = f"<Relationships {_RELS}>{links}</Relationships>"
    for number, text in enumerate(slides, start=1):
        members[f"ppt/slides/slide{number}.xml"] = (
            f"<p:sld {_P} {_A}><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:sld>"
        )
        if notes and number in notes:
            link = f'<Relationship Id="rId1" Target="../notesSlides/notesSlide{number}.xml" Type="{_TYPE}/notesSlide"/>'
            members[f"ppt/slides/_rels/slide{number}.xml.rels"] = (
                f"<Relationships {_RELS}>{link}</Relationships>"
            )
            members[f"ppt/notesSlides/notesSlide{number}.xml"] = (
                f"<p:notes {_P} {_A}><a:p><a:r><a:t>{notes[number]}</a:t></a:r></a:p></p:notes>"
            )
    return zipped(members)


def xlsx(sheets: Mapping[str, Sequence[Sequence[str | float]]], *, dates: bool = False) -> bytes:
    """A workbook. Strings are shared, numbers stored; with ``dates`` numbers are shown as days."""
    strings: list[str] = []
    members: dict[str, str | bytes] = {}
    for number, rows in enumerate(sheets.values(), start=1):
        lines = []
        for line, row in enumerate(rows, start=1):
            cells = []
            for column, value in enumerate(row):
                reference = f"{chr(65 + column)}{line}"
                if isinstance(value, str):
                    strings.append(value)
                    cells.append(f'<c r="{reference}" t="s"><v>{len(strings) - 1}</v></c>')
                else:
                    cells.append(f'<c r="{reference}" s="{int(dates)}"><v>{value}</v></c>')
            lines.append(f'<row r="{line}">{"".join(cells)}</row>')
        members[f"xl/worksheets/sheet{number}.xml"] = (
            f"<worksheet {_S}><sheetData>{''.join(lines)}</sheetData></worksheet>"
        )
    names = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(sheets, start=1)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Target="worksheets/sheet{n}.xml" Type="{_TYPE}/worksheet"/>'
        for n in range(1, len(sheets) + 1)
    )
    members["xl/workbook.xml"] = f"<workbook {_S} {_R}><sheets>{names}</sheets></workbook>"
    members["xl/_rels/workbook.xml.rels"] = f"<Relationships {_RELS}>{links}</Relationships>"
    members["xl/sharedStrings.xml"] = (
        f"<sst {_S}>{''.join(f'<si><t>{text}</t></si>' for text in strings)}</sst>"
    )
    members["xl/styles.xml"] = (
        f'<styleSheet {_S}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'
    )
    return zipped(members)
