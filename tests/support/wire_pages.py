"""Makes ``docs/how-to/endpoints.md`` from the corpus of the wire: ``python -m tests.support.wire_pages``."""

from __future__ import annotations

from tests.support.pages import ROOT
from tests.support.wire_corpus import About, cases, endpoints

PAGE = ROOT / "docs/how-to/endpoints.md"

_PROTOCOLS = {
    "openai": "OpenAI's chat completions",
    "anthropic": "Anthropic's Messages",
    "gemini": "Gemini's generateContent",
}
_HEAD = """# Endpoints

What is known of each endpoint, and how it was tested. An endpoint that is not listed works if it speaks one of the three
protocols; `harlm doctor --model NAME` asks it one short question and reports what it takes.

*Wire corpus* means that replies in its form, written for this project, are read by HARLM's adapters over HTTP in every run of
the tests ([tests/wire](../../tests/wire/README.md)). *Real server* means that the tests start that server and ask it. No test
asks a provider over the internet.

| endpoint | protocol | model name | tested with |
|---|---|---|---|
"""
_FIELDS = (
    ("Special", "special"),
    ("Streaming", "streaming"),
    ("Usage", "usage"),
    ("Thinking", "thinking"),
    ("Limits and waits", "limits"),
    ("A prompt that is too long", "overflow"),
    ("Also", "quirks"),
)


def page() -> str:
    """The whole page."""
    counts: dict[str, int] = {}
    for case in cases():
        counts[case.endpoint] = counts.get(case.endpoint, 0) + 1
    rows = [_row(about) for about in endpoints().values()]
    sections = [_section(about, counts[endpoint]) for endpoint, about in endpoints().items()]
    return _HEAD + "\n".join(rows) + "\n\n" + "\n".join(sections)


def _row(about: About) -> str:
    return f"| {about.name} | {_PROTOCOLS[about.protocol]} | `{about.address}` | {about.tested} |"


def _section(about: About, count: int) -> str:
    lines = [f"- **{title}:** {getattr(about, name)}" for title, name in _FIELDS]
    links = ", ".join(f"<{address}>" for address in about.documented)
    return "\n".join(
        [f"## {about.name}", "", *lines, f"- **Cases:** {count}. **Shapes:** {links}", ""],
    )


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
