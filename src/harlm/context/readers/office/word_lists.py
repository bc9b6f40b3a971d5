"""Styles and automatic numbers of a Word file: which paragraph is a heading, and the number that Word shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from harlm.context.readers.office.list_numbers import shown_number
from harlm.context.readers.office.package import W

_LEVELS = 9
_LONGEST_TEXT = 100  # characters around the numbers of a level
_DEEPEST_STYLE = 20  # styles that a style is based on, one after another
_LARGEST = 32_767  # Word's largest number of a list
_BODY_LEVEL = 9  # the outline level of text that is no heading
_BULLET = "•"
_OWN_BULLETS = frozenset("-–—*+>→")


@dataclass(frozen=True, slots=True)
class _Style:
    """What matters of a paragraph style."""

    id: str
    name: str
    base: str
    outline: int | None
    list_id: str
    list_level: int | None


@dataclass(frozen=True, slots=True)
class _Level:
    """How one level of a list is numbered."""

    start: int = 1
    form: str = "decimal"
    text: str = ""
    restart: int | None = None
    is_decimal: bool = False
    style: str = ""


@dataclass(slots=True)
class _List:
    """A list as it is used in the text; several share the counts of one definition."""

    definition: str
    levels: dict[int, _Level]
    restarts: dict[int, int] = field(default_factory=dict)


class WordLists:
    """Knows the styles and lists of one file, and counts its numbered paragraphs.

    Args:
        styles: the root of the part of styles, if there is one.
        numbering: the root of the part of lists, if there is one.
    """

    def __init__(self, styles: Element | None, numbering: Element | None) -> None:
        self._styles = {style.id: style for style in _styles(styles)}
        self._default = _default_style(styles)
        self._lists = dict(self._read_lists(numbering))
        self._counts: dict[str, dict[int, int]] = {}

    def heading(self, properties: Element | None) -> int:
        """The level of a heading, 1 to 9; 0 if the paragraph with these properties is none."""
        outline = None if properties is None else _value(properties, "outlineLvl")
        if outline is not None and outline.isdecimal() and len(outline) == 1:
            return (int(outline) + 1) % (_BODY_LEVEL + 1)
        style_id = "" if properties is None else _value(properties, "pStyle") or ""
        for style in self._chain(style_id):
            if (level := _heading_level(style.name)) is not None:
                return level
            if style.outline is not None:
                return (style.outline + 1) % (_BODY_LEVEL + 1)
        return 0 if style_id in self._styles else _heading_level(style_id) or 0

    def number(self, properties: Element | None) -> str:
        """The number or bullet of the next paragraph, which has these properties; empty if it has none."""
        found = self._place(properties)
        if found is None:
            return ""
        used, level = found
        counts = self._counts.setdefault(used.definition, {})
        own = used.levels.get(level, _Level())
        if level in used.restarts:
            counts[level] = used.restarts.pop(level) - 1
        counts[level] = min(counts.get(level, own.start - 1) + 1, _LARGEST)
        for deeper in range(level + 1, _LEVELS):
            restart = used.levels.get(deeper, _Level()).restart
            if restart is None or level < restart:
                counts.pop(deeper, None)
        if own.form == "bullet":
            return own.text if own.text in _OWN_BULLETS else _BULLET
        return _numbered(used, level, counts)

    def _place(self, properties: Element | None) -> tuple[_List, int] | None:
        """The list and level of a paragraph: its own, or those of its style."""
        style_id = "" if properties is None else _value(properties, "pStyle") or ""
        numbered = None if properties is None else properties.find(f"{W}numPr")
        list_id = "" if numbered is None else _value(numbered, "numId") or ""
        level = None if numbered is None else _small(_value(numbered, "ilvl"))
        if not list_id:
            for style in self._chain(style_id):
                level = style.list_level if level is None else level
                if style.list_id:
                    list_id = style.list_id
                    used = self._lists.get(list_id)
                    if level is None and used is not None:
                        level = next((at for at, each in used.levels.items() if each.style == style.id), None)
                    break
        used = self._lists.get(list_id)
        return None if used is None else (used, min(level or 0, _LEVELS - 1))

    def _chain(self, style_id: str) -> Iterator[_Style]:
        """A style and those that it is based on."""
        style = self._styles.get(style_id or self._default)
        for _ in range(_DEEPEST_STYLE):
            if style is None:
                return
            yield style
            style = self._styles.get(style.base)

    def _read_lists(self, numbering: Element | None) -> Iterator[tuple[str, _List]]:
        if numbering is None:
            return
        definitions = {
            each.attrib.get(f"{W}abstractNumId", ""): each for each in numbering.iterfind(f"{W}abstractNum")
        }
        uses = {each.attrib.get(f"{W}numId", ""): each for each in numbering.iterfind(f"{W}num")}
        levels: dict[str, dict[int, _Level]] = {}
        for list_id, use in uses.items():
            definition = self._definition(_value(use, "abstractNumId") or "", definitions, uses)
            if definition not in levels:
                found = definitions.get(definition)
                levels[definition] = {} if found is None else dict(_levels(found.iterfind(f"{W}lvl")))
            made = _List(definition, levels[definition])
            for override in use.iterfind(f"{W}lvlOverride"):
                level = _small(override.attrib.get(f"{W}ilvl")) or 0
                start = _small(_value(override, "startOverride"))
                made.levels = {**made.levels, **dict(_levels(override.iterfind(f"{W}lvl")))}
                if start is not None:
                    made.restarts[level] = start
            if list_id != "0":  # which stands for no list
                yield list_id, made

    def _definition(self, own: str, definitions: Mapping[str, Element], uses: Mapping[str, Element]) -> str:
        """The definition of a list, which may name the style of lists that has it."""
        found = definitions.get(own)
        linked = None if found is None else _value(found, "numStyleLink")
        style = self._styles.get(linked or "")
        use = None if style is None else uses.get(style.list_id)
        return own if use is None else _value(use, "abstractNumId") or own


def _numbered(used: _List, level: int, counts: Mapping[int, int]) -> str:
    """The text of a level with the counts of all levels in it."""
    own = used.levels.get(level, _Level(text=f"%{level + 1}."))
    pieces: list[str] = []
    at = 0
    while at < len(own.text):
        letter = own.text[at]
        following = own.text[at + 1 : at + 2]
        if letter == "%" and following in tuple("123456789"):
            other = int(following) - 1
            there = used.levels.get(other, _Level())
            form = "decimal" if own.is_decimal else there.form
            pieces.append(shown_number(counts.get(other, there.start), form))
            at += 2
        else:
            pieces.append(letter)
            at += 1
    return "".join(pieces).strip()


def _styles(root: Element | None) -> Iterator[_Style]:
    for style in () if root is None else root.iterfind(f"{W}style"):
        properties = style.find(f"{W}pPr")
        numbered = None if properties is None else properties.find(f"{W}numPr")
        yield _Style(
            id=style.attrib.get(f"{W}styleId", ""),
            name=_value(style, "name") or "",
            base=_value(style, "basedOn") or "",
            outline=None if properties is None else _small(_value(properties, "outlineLvl")),
            list_id="" if numbered is None else _value(numbered, "numId") or "",
            list_level=None if numbered is None else _small(_value(numbered, "ilvl")),
        )


def _default_style(root: Element | None) -> str:
    """The style of paragraphs that name none."""
    for style in () if root is None else root.iterfind(f"{W}style"):
        if (
            style.attrib.get(f"{W}default") in ("1", "true", "on")
            and style.attrib.get(f"{W}type") == "paragraph"
        ):
            return style.attrib.get(f"{W}styleId", "")
    return ""


def _levels(stored: Iterable[Element]) -> Iterator[tuple[int, _Level]]:
    for each in stored:
        at = _small(each.attrib.get(f"{W}ilvl")) or 0
        if at < _LEVELS:
            yield (
                at,
                _Level(
                    start=_small(_value(each, "start"), otherwise=1) or 0,
                    form=_value(each, "numFmt") or "decimal",
                    text=(_value(each, "lvlText") or "")[:_LONGEST_TEXT],
                    restart=_small(_value(each, "lvlRestart")),
                    is_decimal=each.find(f"{W}isLgl") is not None,
                    style=_value(each, "pStyle") or "",
                ),
            )


def _heading_level(name: str) -> int | None:
    """3 for ``heading 3`` or ``Heading3``; ``None`` for names of other styles."""
    folded = name.casefold()
    number = folded.removeprefix("heading").strip()
    return int(number) if folded.startswith("heading") and number in tuple("123456789") else None


def _value(parent: Element, tag: str) -> str | None:
    found = parent.find(f"{W}{tag}")
    return None if found is None else found.attrib.get(f"{W}val")


def _small(stored: str | None, *, otherwise: int | None = None) -> int | None:
    """A small number, at most that of Word's lists."""
    if stored is None or not stored.isdecimal() or len(stored) > 5:
        return otherwise
    return min(int(stored), _LARGEST)
