"""The tools and resources as the SDK of the protocol wants them: lists, schemas, calls, errors, progress, cancellation.

On the SDK's low-level server: the schemas are made of the same types that arguments are read into, so an argument that a tool does not
have is refused, and a text that is JSON stays a text.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from harlm.cleanup import finished
from harlm.errors import HarlmError
from harlm.redact import Redactor
from harlm.server.mcp import resources
from harlm.server.mcp.arguments import (
    AskArguments,
    EstimateArguments,
    ReadArguments,
    SearchArguments,
    TraceArguments,
    arguments_of,
)
from harlm.server.mcp.progress import Tell
from harlm.server.mcp.results import AskResult, EstimateResult, LinesRead, SearchResult, Tellable
from harlm.server.mcp.tools import HarlmTools
from harlm.server.mcp.traces import TraceSummary

if TYPE_CHECKING:
    from mcp.server.lowlevel.server import Server

_T = TypeVar("_T")
_LONGEST_ERROR = 2_000  # characters
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    """A tool: how it is described, and what it does.

    Attributes:
        name, title, description: for clients and their models.
        takes, gives: its arguments and its result.
        does: it.
        reaches_out: whether it asks a model, which may be elsewhere.
    """

    name: str
    title: str
    description: str
    takes: type[msgspec.Struct]
    gives: type[msgspec.Struct]
    does: Callable[[Any, Tell], Awaitable[Tellable]]
    reaches_out: bool = False


def _offers(tools: HarlmTools) -> Sequence[_Offer]:
    return (
        _Offer(
            name="harlm_ask",
            title="Ask over any amount of text",
            description=(
                "Answers a question over more text than fits into your window: a corpus of this server, a file or folder (path), or a "
                "text. Use it in place of reading many or long files yourself. The answer cites places that were checked. It may take "
                "minutes and costs money, within the limit of the server; harlm_estimate says how much."
            ),
            takes=AskArguments,
            gives=AskResult,
            does=tools.ask,
            reaches_out=True,
        ),
        _Offer(
            name="harlm_search",
            title="Search a corpus",
            description="Finds the passages of a corpus that match a query best, with their places. Free and fast: no model is asked.",
            takes=SearchArguments,
            gives=SearchResult,
            does=lambda asked, _: tools.search(asked),
        ),
        _Offer(
            name="harlm_read",
            title="Read lines of a document",
            description="Reads lines of a document of a corpus, and says how many are left.",
            takes=ReadArguments,
            gives=LinesRead,
            does=lambda asked, _: tools.read(asked),
        ),
        _Offer(
            name="harlm_estimate",
            title="Estimate the cost of a question",
            description="Says what harlm_ask would cost for a question, in each mode. Nothing is spent.",
            takes=EstimateArguments,
            gives=EstimateResult,
            does=lambda asked, _: tools.estimate(asked),
        ),
        _Offer(
            name="harlm_get_trace",
            title="Look at a run",
            description="What a run of harlm_ask did: its answer, sources, tree of calls, cost and status.",
            takes=TraceArguments,
            gives=TraceSummary,
            does=lambda asked, _: tools.trace(asked),
        ),
    )


def server_of(tools: HarlmTools, version: str, secrets: Sequence[str | None] = ()) -> Server[Any]:
    """The server, ready to be run over a transport.

    Args:
        tools: what it offers.
        version: of HARLM.
        secrets: never part of what a client is sent.
    """
    from mcp.server.lowlevel.server import Server  # an extra, and slow to import

    handlers = _Handlers(tools, Redactor(secrets))

    @asynccontextmanager
    async def life(_: object) -> AsyncIterator[dict[str, object]]:
        try:
            yield {}
        finally:
            tools.close()

    return Server(
        "harlm",
        version=version,
        title="HARLM",
        instructions=_instructions(tools),
        lifespan=life,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=handlers.list_resources,
        on_list_resource_templates=handlers.list_templates,
        on_read_resource=handlers.read_resource,
    )


class _Handlers:
    """What the SDK calls."""

    def __init__(self, tools: HarlmTools, redactor: Redactor) -> None:
        self._tools = tools
        self._offers = {each.name: each for each in _offers(tools)}
        self._redactor = redactor

    async def list_tools(self, ctx: Any, params: Any) -> Any:
        from mcp.types import ListToolsResult, Tool, ToolAnnotations

        return ListToolsResult(
            tools=[
                Tool(
                    name=each.name,
                    title=each.title,
                    description=each.description,
                    input_schema=_input_schema_of(each.takes),
                    output_schema=_schema_of(each.gives),
                    annotations=ToolAnnotations(
                        title=each.title,
                        read_only_hint=True,
                        destructive_hint=False,
                        idempotent_hint=not each.reaches_out,  # each question is paid for
                        open_world_hint=each.reaches_out,
                    ),
                )
                for each in self._offers.values()
            ]
        )

    async def call_tool(self, ctx: Any, params: Any) -> Any:
        from mcp import MCPError
        from mcp.types import INVALID_PARAMS, CallToolResult, TextContent

        offer = self._offers.get(params.name)
        if offer is None:
            known = ", ".join(self._offers)
            raise MCPError(
                code=INVALID_PARAMS, message=f"there is no tool {params.name[:100]!r}; there are {known}"
            )
        try:
            asked = arguments_of(offer.takes, params.arguments or {}, offer.name)
            result = await _to_the_end(_called(offer, asked, _teller(ctx)))
        except Exception as error:  # noqa: BLE001 - a client is told of every failure, and the server stays
            said = self._said(error, offer.name)
            return CallToolResult(content=[TextContent(type="text", text=said)], is_error=True)
        return CallToolResult(
            content=[TextContent(type="text", text=self._redactor.clean_text(result.as_text()))],
            structured_content=msgspec.json.decode(self._redactor.clean(msgspec.json.encode(result))),
        )

    async def list_resources(self, ctx: Any, params: Any) -> Any:
        from mcp.types import ListResourcesResult, Resource

        rows = resources.listed(self._tools)
        return ListResourcesResult(
            resources=[
                Resource(uri=row.uri, name=row.name, description=row.description, mime_type=_JSON)
                for row in rows
            ]
        )

    async def list_templates(self, ctx: Any, params: Any) -> Any:
        from mcp.types import ListResourceTemplatesResult, ResourceTemplate

        return ListResourceTemplatesResult(
            resource_templates=[
                ResourceTemplate(
                    uri_template=row.uri, name=row.name, description=row.description, mime_type=_JSON
                )
                for row in resources.TEMPLATES
            ]
        )

    async def read_resource(self, ctx: Any, params: Any) -> Any:
        from mcp import MCPError
        from mcp.types import INVALID_PARAMS, ReadResourceResult, TextResourceContents

        uri = str(params.uri)
        try:
            data = await _to_the_end(resources.content(self._tools, uri))
        except Exception as error:  # noqa: BLE001 - as in call_tool
            raise MCPError(code=INVALID_PARAMS, message=self._said(error, "the resource")) from None
        return ReadResourceResult(
            contents=[
                TextResourceContents(
                    uri=params.uri, text=self._redactor.clean(data).decode(), mime_type=_JSON
                )
            ]
        )

    def _said(self, error: Exception, what: str) -> str:
        """An error for the client: its words without secrets; for a fault of HARLM, its type only."""
        if isinstance(error, HarlmError):
            return self._redactor.clean_text(" ".join(str(error).split()))[:_LONGEST_ERROR]
        _log.error("%s failed: %s: %s", what, type(error).__name__, self._redactor.clean_text(str(error)))
        return f"internal error in {what}: {type(error).__name__}; the log of the server says more"


_JSON = "application/json"


async def _called(offer: _Offer, asked: msgspec.Struct, tell: Tell) -> Tellable:
    return await offer.does(asked, tell)


def _teller(ctx: Any) -> Tell:
    """Tells the client of progress; in vain, if it has left or wants none."""
    import anyio

    async def tell(seconds: float, message: str) -> None:
        try:
            await ctx.session.report_progress(round(seconds, 2), None, message)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass

    return tell


async def _to_the_end(work: Coroutine[Any, Any, _T]) -> _T:
    """The result of ``work``. When the client cancels it, it is cancelled, and waited for: a run saves what it has.

    It is a task of its own, since the SDK cancels again and again at whatever a clean-up waits for.
    """
    import anyio

    doing = asyncio.create_task(work)
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        doing.cancel()
        with anyio.CancelScope(shield=True):
            await finished(asyncio.wait([doing]))
        if not doing.cancelled():
            doing.exception()  # retrieved
        raise


def _schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema of a type, with the type itself at the root, where some clients look for its properties."""
    _, known = msgspec.json.schema_components(
        [kind], schema_hook=lambda _: {"description": "Any JSON value"}, ref_template="#/$defs/{name}"
    )
    for each in known.values():
        del each["title"]
        each["description"] = cleandoc(
            each["description"]
        )  # Python 3.13 removes the indentation, 3.12 does not
    root = known.pop(kind.__name__)
    return {**root, "$defs": known} if known else root


def _input_schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """As ``_schema_of``, without ``null``, which means that an argument is left out: not every client knows ``anyOf``."""
    schema = _schema_of(kind)
    properties = {name: _without_null(each) for name, each in schema["properties"].items()}
    return {**schema, "properties": properties}


def _without_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    options = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(options) != 1:
        return schema
    return {**{key: value for key, value in schema.items() if key not in ("anyOf", "default")}, **options[0]}


def _instructions(tools: HarlmTools) -> str:
    corpora = ", ".join(tools.corpora) or "none"
    roots = ", ".join(tools.roots.shown) or "none"
    return (
        "HARLM answers questions over more text than fits into your window, with citations. When a prompt, a log or a set of files is "
        "too large to read, call harlm_ask with the question and the name of a corpus, the path of a file or folder, or the text; write "
        f"a very large text to a file first. Corpora: {corpora}. Paths in: {roots}."
    )
