"""The corpus of the wire: what is stored in ``tests/wire/``, and what an adapter makes of one case.

Each folder is one endpoint: ``about.toml`` describes it, ``cases.toml`` says for each case what is right, and
``NAME.json`` (a body) or ``NAME.sse`` (a stream) holds its bytes. ``tests/wire/README.md`` explains the fields.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from harlm.config import ModelSettings
from harlm.errors import ModelError
from harlm.models.access import Access
from harlm.models.choosing import ModelMaker
from harlm.models.wrappers import Layers
from harlm.protocols import LanguageModel
from harlm.types import Completion, Message, Sampling
from tests.support.wire_server import Answer, WireServer

CORPUS = Path(__file__).parents[1] / "wire"
KEY = "sk-corpus-0123456789abcdef"
PROMPT = (
    Message(role="system", content="Answer in one line."),
    Message(role="user", content="Where is the lamp?"),
)

Protocol = Literal["openai", "anthropic", "gemini"]
_BYTES = re.compile("⟦([0-9A-F]{2}(?: [0-9A-F]{2})*)⟧")
_END = "⟦END⟧"
KINDS = {
    ".json": "application/json",
    ".sse": "text/event-stream",
    ".txt": "text/plain",
    ".html": "text/html",
}


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An endpoint, as ``about.toml`` describes it. All but the first five are for ``docs/how-to/endpoints.md``.

    Attributes:
        name: for people.
        protocol: the adapter that speaks to it.
        suffix: the path and query of the address, without what the adapter adds.
        documented: where the shapes are described.
        special: what sets it apart.
        address: an example of a model's name.
        streaming, usage, thinking, limits, overflow, quirks: one sentence each; ``overflow`` quotes its words in
            double quotes.
        tested: ``wire corpus``, and the real server if there is one in this suite.
    """

    name: str
    protocol: Protocol
    suffix: str
    documented: list[str]
    special: str
    address: str
    streaming: str
    usage: str
    thinking: str
    limits: str
    overflow: str
    quirks: str
    tested: str


class Counts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The usage that a reply must have; a count that is not given is not looked at.

    Attributes:
        input, output, cached, cache_write, reasoning: tokens.
        cost_micros: micro-dollars that the endpoint reported.
        estimated: whether a count is an estimate.
        at_least: of input and output together, where the endpoint states only a sum.
    """

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    cost_micros: int | None = None
    estimated: bool = False
    at_least: int = 0


class Right(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of ``cases.toml``: how the bytes are sent, and what is right. See ``tests/wire/README.md``."""

    status: int = 200
    headers: dict[str, str] = {}
    ends: Literal["lf", "crlf", "cr"] = "lf"
    breaks: bool = False
    text: str | None = None
    inline: bool = False
    thoughts: str = ""
    stop: Literal["end", "length", "filter", "tool"] = "end"
    reason: str | None = None
    calls: list[str] = []
    usage: Counts | Literal["estimated"] | None = None
    refused: str | None = None
    error: str | None = None
    words: list[str] = []
    retry_after: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One case of one endpoint."""

    endpoint: str
    name: str
    about: About
    right: Right
    body: bytes
    suffix: str

    @property
    def is_stream(self) -> bool:
        """Whether the bytes are events."""
        return self.suffix == ".sse"

    def __str__(self) -> str:
        return f"{self.endpoint}-{self.name}"

    def answer(self, *, body: bytes | None = None, cuts: tuple[int, ...] = ()) -> Answer:
        """What a server sends, with other bytes or in pieces."""
        headers = {"content-type": KINDS[self.suffix]} | {
            name.lower(): each for name, each in self.right.headers.items()
        }
        return Answer(
            body=self.body if body is None else body,
            status=self.right.status,
            headers={name: value for name, value in headers.items() if value},
            cuts=cuts,
            breaks=self.right.breaks,
        )


def bytes_of(text: str, ends: str = "lf") -> bytes:
    """The bytes that a file of the corpus stands for: ``⟦EF BB BF⟧`` is those bytes, nothing after ``⟦END⟧`` is sent."""
    text = text.partition(_END)[0]
    if ends != "lf":
        text = text.replace("\n", "\r\n" if ends == "crlf" else "\r")
    parts = _BYTES.split(text)
    return b"".join(bytes.fromhex(part) if odd % 2 else part.encode() for odd, part in enumerate(parts))


@lru_cache(maxsize=1)
def endpoints() -> dict[str, About]:
    """The endpoints by their folders."""
    folders = sorted(path.parent for path in CORPUS.glob("*/about.toml"))
    return {folder.name: msgspec.convert(_toml(folder / "about.toml"), About) for folder in folders}


@lru_cache(maxsize=1)
def cases() -> tuple[Case, ...]:
    """All cases."""
    return tuple(case for endpoint, about in endpoints().items() for case in _cases(endpoint, about))


def _cases(endpoint: str, about: About) -> list[Case]:
    found = []
    for name, entry in _toml(CORPUS / endpoint / "cases.toml").items():
        right = msgspec.convert(entry, Right)
        (path,) = (each for each in (CORPUS / endpoint).glob(f"{name}.*") if each.suffix in KINDS)
        body = bytes_of(path.read_text(encoding="utf-8"), right.ends)
        found.append(Case(endpoint, name, about, right, body, path.suffix))
    return found


def _toml(path: Path) -> dict[str, object]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


# -- one call --------------------------------------------------------------------------------------------


@asynccontextmanager
async def model_of(about: About, url: str) -> AsyncIterator[LanguageModel]:
    """The model that a user gets who names this address."""
    settings = ModelSettings(api_key=KEY)
    async with AsyncExitStack() as cleanup:
        maker = ModelMaker(settings, Access(settings, {}, cleanup), Layers(), lambda name: None)
        yield await maker.make(f"{about.protocol}/lamp-1@{url}{about.suffix}")


Outcome = Completion | ModelError


async def outcome(
    about: About, answer: Answer, *, asks_stream: bool, max_tokens: int | None = None
) -> tuple[Outcome, list[str]]:
    """What one call gives, and the texts that were passed on while it ran.

    Raises:
        Exception: whatever the adapter raises besides the errors of models.
    """
    heard: list[str] = []
    sampling = Sampling(max_tokens=max_tokens, on_text=heard.append if asks_stream else None)
    async with WireServer(answer) as server, model_of(about, server.url) as model:
        try:
            return await model.complete(PROMPT, sampling), heard
        except ModelError as error:
            return error, heard
