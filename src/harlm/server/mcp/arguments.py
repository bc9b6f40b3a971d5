"""What each tool takes. An argument that a tool does not have is refused, not ignored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from harlm.errors import ConfigError

MOST_PASSAGES = 50
"""Of a search."""

_LONGEST_SHOWN = 300  # characters of what is wrong

_Question = Annotated[str, Meta(description="The question, in full sentences.", min_length=1)]
_Corpus = Annotated[
    str, Meta(description="The name of a corpus of this server; may be left out if there is only one.")
]
_Path = Annotated[
    str,
    Meta(
        description="A file or folder in the roots of this server, to ask about instead of a corpus. Write a long text to a file and "
        "name it here."
    ),
]


class AskArguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The arguments of ``harlm_ask``."""

    question: _Question
    corpus: _Corpus = ""
    path: _Path = ""
    text: Annotated[
        str, Meta(description="The text to ask about, instead of a corpus or a path; up to 16 MB.")
    ] = ""
    mode: Annotated[
        Literal["auto", "direct", "plan", "repl", "full"],
        Meta(description="How to answer: leave it at auto, which chooses by question and size."),
    ] = "auto"
    max_cost: Annotated[
        float | None,
        Meta(
            description="Most dollars for this question. It lowers the limit of the server, never raises it."
        ),
    ] = None
    schema: Annotated[
        dict[str, object] | None,
        Meta(description="A JSON Schema; `data` of the answer is then a value of it."),
    ] = None


class SearchArguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The arguments of ``harlm_search``."""

    query: Annotated[str, Meta(description="A question, or some words.", min_length=1)]
    corpus: _Corpus = ""
    k: Annotated[int, Meta(description="How many passages.", ge=1, le=MOST_PASSAGES)] = 10


class ReadArguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The arguments of ``harlm_read``."""

    document: Annotated[
        str, Meta(description="The name of a document, as harlm_search shows it.", min_length=1)
    ]
    corpus: _Corpus = ""
    start_line: Annotated[int, Meta(description="The first line, counted from 1.", ge=1)] = 1
    end_line: Annotated[
        int | None, Meta(description="The last line; as many as fit into one result if it is left out.")
    ] = None


class EstimateArguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The arguments of ``harlm_estimate``."""

    question: _Question
    corpus: _Corpus = ""
    path: _Path = ""


class TraceArguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The arguments of ``harlm_get_trace``."""

    run: Annotated[
        str,
        Meta(description="The id of a run, as harlm_ask gives it, or `last`.", min_length=1, max_length=64),
    ]


_Arguments = TypeVar("_Arguments", bound=msgspec.Struct)


def arguments_of(kind: type[_Arguments], given: Mapping[str, object], tool: str) -> _Arguments:
    """The arguments of a call.

    Some models write numbers and objects as texts, and ``null`` for what they leave out: both are understood.

    Args:
        kind: the arguments of the tool.
        given: by the client.
        tool: the name of the tool, for messages.

    Raises:
        ConfigError: one is missing, unknown or of the wrong type.
    """
    present = {name: value for name, value in given.items() if value is not None}
    if isinstance(written := present.get("schema"), str):
        present["schema"] = _parsed(written)
    try:
        return msgspec.convert(present, kind, strict=False)
    except msgspec.ValidationError as error:
        names = ", ".join(kind.__struct_fields__)
        raise ConfigError(f"{tool}: {str(error)[:_LONGEST_SHOWN]}; its arguments are {names}") from error


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
