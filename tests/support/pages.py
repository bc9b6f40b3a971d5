"""The pages of this project, taken apart: code blocks, prose, headings, and how long each is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_REPORTS = ROOT / "docs" / "results" / "bench"  # made by `harlm bench`, whose own tests look at them
PAGES = sorted(
    [
        *(ROOT / f"{name}.md" for name in ("README", "ARCHITECTURE", "CONTRIBUTING", "SECURITY")),
        *(page for page in ROOT.glob("docs/**/*.md") if _REPORTS not in page.parents),
    ]
)
_BLOCK = re.compile(r"^```(?P<kind>\w*)\n(?P<body>.*?)^```$\n?", re.MULTILINE | re.DOTALL)
_WORD = re.compile(r"\S*\w\S*")
_HEADING = re.compile(r"^#{1,6} +(?P<title>.+?) *$", re.MULTILINE)
_BREAK = re.compile(r"^ *(?:#{1,6} |[-*+] |\d+\. |\||!\[|<)")


@dataclass(frozen=True)
class Block:
    """A fenced block: the word after the fence, and what stands inside."""

    kind: str
    body: str


def name(page: Path) -> str:
    """A page by its path below the root, for the names of tests."""
    return str(page.relative_to(ROOT))


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [Block(match["kind"], match["body"]) for match in _BLOCK.finditer(text)]


def without_blocks(text: str) -> str:
    """A page with a horizontal rule in place of every fenced block."""
    return _BLOCK.sub("---\n", text)


def headings(text: str) -> list[str]:
    """The titles of a page."""
    return [match["title"] for match in _HEADING.finditer(without_blocks(text))]


def section(text: str, title: str) -> str:
    """What stands below a heading, up to the next heading; empty if the page has no such heading."""
    found = re.search(rf"^#+ +{re.escape(title)} *$\n(?P<body>(?:(?!^#).*\n?)*)", text, re.MULTILINE)
    return found["body"] if found else ""


def word_count(text: str) -> int:
    """The words of a page outside its fenced blocks, those of tables and lists included."""
    return len(_WORD.findall(without_blocks(text)))


def longest_stretch(text: str) -> int:
    """The words of the longest stretch of prose that no heading, list item, table, picture or code block interrupts."""
    longest = words = 0
    for line in without_blocks(text).splitlines():
        if _BREAK.match(line) or line == "---":
            words = 0
        if not line.lstrip().startswith("|"):
            words += len(_WORD.findall(line))
        longest = max(longest, words)
    return longest
