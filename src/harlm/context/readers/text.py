"""Plain text, Markdown and source code: the text of the file; places are lines."""

from __future__ import annotations

from harlm.context.decode import decode_with_notes
from harlm.errors import ContextError
from harlm.types import Document, ReadResult, Skipped

_MARKDOWN = frozenset({".md", ".markdown", ".mdx", ".rst", ".adoc", ".org"})
_JSON = frozenset({".json", ".jsonl", ".ndjson", ".geojson"})
_CODE = frozenset(
    """.py .pyi .pyx .pxd .js .mjs .cjs .jsx .ts .tsx .c .h .cc .cpp .cxx .hpp .hh .cs .java .kt .kts .scala .go .rs
    .rb .php .pl .pm .lua .r .jl .swift .m .mm .dart .ex .exs .erl .hrl .hs .ml .mli .fs .clj .cljs .el .lisp .scm .sh
    .bash .zsh .fish .ps1 .bat .cmd .sql .proto .thrift .graphql .tf .hcl .nix .cmake .mk .asm .s .v .sv .vhd .zig .nim
    .vue .svelte .css .scss .less""".split()
)
SUFFIXES = frozenset({".log", ".text"}) | _MARKDOWN | _JSON | _CODE
"""The suffixes of what is always read as text."""

_CODE_NAMES = frozenset({"makefile", "dockerfile", "cmakelists.txt", "rakefile", "gemfile", "justfile"})


def read(name: str, data: bytes) -> ReadResult:
    """One document of the whole text."""
    found = decode_with_notes(data)
    if found is None:
        raise ContextError("is binary, not text; convert it to text first")
    if not found.text.strip():
        raise ContextError("contains only blanks; give a file with some text")
    notes = tuple(Skipped(name=name, reason=note) for note in found.notes)
    return ReadResult((Document(name=name, text=found.text, kind=kind_of(name)),), notes)


def kind_of(name: str) -> str:
    """The kind of a file, judged by its name: ``code``, ``markdown``, ``json``, ``log`` or ``text``."""
    file = name[name.rfind("/") + 1 :].lower()
    dot = file.rfind(".")
    suffix = file[dot:] if dot > 0 else ""
    if suffix in _CODE or file in _CODE_NAMES:
        return "code"
    if suffix in _MARKDOWN:
        return "markdown"
    if suffix in _JSON:
        return "json"
    return "log" if suffix == ".log" else "text"
