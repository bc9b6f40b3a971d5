"""A hook of mkdocs: the pages of the repository's root become pages of the site, and links between them and ``docs/`` lead there.

A link to another file of the repository, such as a test, becomes its text: the site has no such page.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

MERMAID = ROOT / "build/mermaid.min.js"
"""What draws diagrams; `make docs` puts it there."""

PAGES = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
}
"""The pages of the root, and what they are called in the site."""

_LINK = re.compile(r"(?P<mark>!?)\[(?P<text>[^\[\]]*)\]\((?P<target>[^()\s#]*)(?P<anchor>#[^()\s]*)?\)")


def on_config(config: Any) -> Any:
    """Have diagrams drawn if mermaid is here: without it in the site, the theme would load it from another host."""
    if MERMAID.is_file():
        from pymdownx.superfences import fence_code_format

        drawn = {"name": "mermaid", "class": "mermaid", "format": fence_code_format}
        config.mdx_configs["pymdownx.superfences"] = {"custom_fences": [drawn]}
        config.extra_javascript.append("assets/mermaid.min.js")
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages of the root, and mermaid."""
    from mkdocs.structure.files import File

    if MERMAID.is_file():
        files.append(File.generated(config, "assets/mermaid.min.js", abs_src_path=str(MERMAID)))

    for name, place in PAGES.items():
        files.append(File.generated(config, place, content=(ROOT / name).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Lead each link to a page of the site."""
    return led(markdown, page.file.src_uri)


def led(text: str, place: str) -> str:
    """A page of the site with links that lead to pages of the site.

    Args:
        text: as it stands in the repository; code blocks are left as they are.
        place: of the page in the site: ``design/sandbox.md``.
    """
    here = next((root for root, site in PAGES.items() if site == place), f"docs/{place}")
    parts = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(
        part if part.startswith("```") else _LINK.sub(lambda link: _led(link, here, place), part)
        for part in parts
    )


def _led(link: re.Match[str], here: str, place: str) -> str:
    target = link["target"]
    if not target or "://" in target or target.startswith("mailto:"):
        return link[0]
    meant = posixpath.normpath(posixpath.join(posixpath.dirname(here), target))
    if meant in PAGES:
        found = PAGES[meant]
    elif meant.startswith("docs/") and (ROOT / meant).is_file():
        found = meant.removeprefix("docs/")
    else:
        return link["text"]
    return f"{link['mark']}[{link['text']}]({posixpath.relpath(found, posixpath.dirname(place) or '.')}{link['anchor'] or ''})"
