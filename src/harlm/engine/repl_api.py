"""What cells may ask of their host. Every argument was chosen by a model and is checked here; every failure becomes a
message in the cell, never an answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from harlm import events
from harlm.budget.pressure import ECONOMY
from harlm.context import Searcher, estimate_tokens
from harlm.engine import recall
from harlm.engine.finishing import Learned
from harlm.engine.left import what_is_left
from harlm.engine.prompts import excerpt, plain_call_prompt, rest_of
from harlm.engine.recall import Recall
from harlm.engine.run import Run
from harlm.engine.siblings import Siblings
from harlm.engine.timing import Bursts
from harlm.errors import CodeError, LimitExceeded, ModelError, SandboxFailure
from harlm.memory.extract import beginning
from harlm.protocols import LanguageModel
from harlm.scheduler.broker import FORESEEN, Broker, Making
from harlm.types import Answer, Context, Document, Hit, Message, Mode, Task, Usage, summed

Solve = Callable[[Task, Run], Awaitable[Answer]]

_QUESTION_TOKENS = 2_000  # a longer prompt of a child is data as well, and becomes its context
_MOST_HITS = 1_000
_REMEMBERED = 600  # characters of a child's question
_NUMBERS = re.compile(r"(?P<first>\d{1,9})(?:\s*[-–]\s*(?P<last>\d{1,9}))?\s*$")


class _LlmQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    prompt: str
    model: str | None = None


class _ChildText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text by its number in the parent's context, or the text itself."""

    document: int | None = None
    text: str | None = None
    name: str | None = None


class _ChildContext(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    shape: str
    texts: list[_ChildText]


class _RlmQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    prompt: str
    context: _ChildContext | None = None
    model: str | None = None


class _Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    query: str
    k: int
    document: int | None = None


class _Extent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    document: int
    part: str


class _Places(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    document: int
    offsets: list[int]


class _OwnTime:
    """The critical path of one call that a broker makes: a child's own, where it has children of its own side by side.

    Attributes:
        critical_s: seconds; None as long as it is not over.
    """

    critical_s: float | None = None

    def enter(self) -> None:
        """It began."""

    def leave(self, critical_s: float) -> None:
        """It ended."""
        self.critical_s = critical_s


class ReplApi:
    """Serves the cells of one node.

    Responsibilities: check what was asked, make the call or the child, keep the node's turn for ``budget()``.

    Args:
        task: of the node.
        run: at the node.
        solve: the one recursion, for children.
        searcher: over the node's context.
        learned: takes the replies of sub-calls.
        mode: of the node.

    Attributes:
        broker: of the cell that runs now, where calls may be made before it asks for them.
    """

    def __init__(
        self,
        task: Task,
        run: Run,
        *,
        solve: Solve,
        searcher: Searcher,
        learned: Learned | None = None,
        mode: Mode = "full",
    ) -> None:
        self.mode = mode
        self._context = task.context
        self._run = run
        self._solve = solve
        self._searcher = searcher
        self._learned = learned or Learned()
        self._siblings = Siblings(run)
        self._recall = Recall(run)
        self._asked: Counter[bytes] = Counter()
        self.bursts = Bursts()
        self.turns_left = run.settings.max_turns
        self.broker: Broker | None = None

    @staticmethod
    def functions(mode: Mode) -> tuple[str, ...]:
        """The host's names in a REPL of this mode."""
        if mode == "full":
            return (
                "llm_query",
                "llm_query_batched",
                "rlm_query",
                "rlm_query_batched",
                "budget",
                *recall.FUNCTIONS,
            )
        return ("budget", *recall.FUNCTIONS)

    def begin_cell(self) -> None:
        """Another cell begins to be written, or to run: what it asks for the first time need not be asked again."""
        self._asked.clear()

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        """Serve one call; see ``harlm.protocols.ReplHost``."""
        if self.broker is not None and function in FORESEEN:
            value = await self.broker.claim(function, arguments)
        else:
            value = await self._serve(function, arguments, self._run)
        if function in FORESEEN:
            self._learned.replied(str(arguments.get("prompt")), str(value))
        return value

    def begin(self, function: str, arguments: Mapping[str, object], is_early: bool) -> Making:
        """Begin a call for a broker; see ``harlm.scheduler.broker.Make``."""
        own = _OwnTime()
        if not is_early:
            value = self._serve(function, arguments, self._run, own)
            return Making(value, Usage, critical_s=lambda: own.critical_s)
        run = self._run.with_purse()
        value = self._early(function, arguments, run, own)
        account = run.account
        return Making(value, lambda: account.usage, lambda: account.set_aside, lambda: own.critical_s)

    async def _early(self, function: str, arguments: Mapping[str, object], run: Run, own: _OwnTime) -> object:
        """A call that nobody has asked for yet: when the budget refuses it, it was not made, and nobody is told."""
        try:
            return await self._serve(function, arguments, run, own)
        except CodeError as error:
            if isinstance(error.__cause__, LimitExceeded):
                raise error.__cause__ from None
            raise

    async def _serve(
        self, function: str, arguments: Mapping[str, object], run: Run, own: _OwnTime | None = None
    ) -> object:
        try:
            match function:
                case "llm_query":
                    return await self._llm_query(msgspec.convert(arguments, _LlmQuery), run, own)
                case "rlm_query":
                    return await self._rlm_query(msgspec.convert(arguments, _RlmQuery), run, own)
                case "search":
                    return await self._search(msgspec.convert(arguments, _Search), run)
                case "places":
                    return self._places(msgspec.convert(arguments, _Places))
                case "extent":
                    return self._extent(msgspec.convert(arguments, _Extent))
                case "budget":
                    return self._budget()
                case _ if function in recall.FUNCTIONS:
                    return await self._recall.serve(function, arguments)
        except msgspec.ValidationError as error:
            raise CodeError(f"{function}: {error}") from error
        raise CodeError(f"there is no function {function!r}")

    async def _llm_query(self, asked: _LlmQuery, run: Run, own: _OwnTime | None) -> str:
        return await self._plain_call(asked.prompt, asked.model, run, own)

    async def _rlm_query(self, asked: _RlmQuery, run: Run, own: _OwnTime | None) -> str:
        context = self._child_context(asked)
        if self._run.depth >= self._run.settings.max_depth:
            prompt = asked.prompt if asked.context is None else plain_call_prompt(asked.prompt, context)
            return await self._plain_call(prompt, asked.model, run, own)
        question = asked.prompt
        if asked.context is None and estimate_tokens(question) > _QUESTION_TOKENS:
            question = excerpt(question, 4 * _QUESTION_TOKENS) + "\n(All of this request is in `context`.)"
        caps = await self._siblings.caps(context)
        root = None if asked.model is None else self._model(asked.model)
        child = run.child(root=root, caps=caps, sample=self._sample(asked))
        times = own or self.bursts
        times.enter()
        critical = 0.0
        try:
            async with child.repl_slot():
                answer = await self._solve(Task(question=question, context=context, mode="full"), child)
            critical = answer.latency.critical_path_s
        except LimitExceeded as limit:
            if limit.partial is None:
                raise _in_the_cell("rlm_query", limit) from limit
            return self._returned(f"PARTIAL ({limit}): {limit.partial.text}", asked.prompt)
        except (ModelError, SandboxFailure) as error:
            raise _in_the_cell("rlm_query", error) from error
        finally:
            times.leave(critical)
        text = f"NOT FOUND: {answer.text}" if answer.status == "not_found" else answer.text
        return self._returned(text, asked.prompt)

    def _returned(self, text: str, question: str) -> str:
        """What a child's answer is handed on as: all of it, or its beginning and a handle of the whole."""
        memory, run = self._run.shared.memory, self._run
        handle = memory.put(
            text, kind="answer", node=run.node, depth=run.depth, question=excerpt(question, _REMEMBERED)
        )
        most = run.shared.remembering.return_tokens
        tokens = estimate_tokens(text)
        if tokens <= most:
            return text
        shown = beginning(text, most, estimate_tokens)
        return rest_of(shown, handle, estimate_tokens(shown), tokens)

    def _sample(self, asked: msgspec.Struct) -> int:
        """How often the cell has asked the same before."""
        key = hashlib.blake2b(msgspec.json.encode(asked), digest_size=16).digest()
        self._asked[key] += 1
        return self._asked[key] - 1

    async def _plain_call(self, prompt: str, name: str | None, run: Run, own: _OwnTime | None) -> str:
        model = self._model(name)
        messages = [Message(role="user", content=prompt)]
        tokens = self._tokens(model, prompt, messages)
        if tokens > model.window:
            raise CodeError(
                f"this prompt has about {tokens:,} tokens and {model.name} takes {model.window:,}; cut it into parts"
            )
        times = own or self.bursts
        times.enter()
        seconds = 0.0
        try:
            completion, seconds = await run.call(
                model, messages, "sub", sample=self._sample(_LlmQuery(prompt, name))
            )
        except (ModelError, LimitExceeded) as error:
            raise _in_the_cell("llm_query", error) from error
        finally:
            times.leave(seconds)
        return completion.text

    def _tokens(self, model: LanguageModel, prompt: str, messages: Sequence[Message]) -> int:
        """How long a prompt probably is; not measured where it fits even if each character were a token."""
        if len(prompt) <= model.window:
            return len(prompt)
        counting = self._run.shared.till.counting_of(model.name)
        return counting.expected(counting.measure(messages))

    async def _search(self, asked: _Search, run: Run) -> dict[str, object]:
        started = time.monotonic()
        if asked.document is not None:
            self._document(asked.document)
        k = max(0, min(asked.k, _MOST_HITS))

        def look() -> tuple[tuple[Hit, ...], dict[str, float]]:
            hits = self._searcher.search(asked.query, k, within=asked.document)
            return hits, self._searcher.weights(asked.query)

        hits, weights = await asyncio.to_thread(look)
        if run is self._run:  # the cell itself asks
            run.emit(events.Searched(query=asked.query, hits=len(hits), seconds=time.monotonic() - started))
        found: list[dict[str, object]] = []
        for hit in hits:
            document = self._context.documents[hit.document]
            place = document.place(hit.best[0])
            found.append(
                {
                    "document": hit.document,
                    "start": hit.start,
                    "end": hit.end,
                    "best": hit.best,
                    "score": hit.score,
                    "place": f"{document.name}:{place.label}",
                    "line": place.line,
                }
            )
        return {"hits": found, "weights": weights}

    def _places(self, asked: _Places) -> list[tuple[str, int | None]]:
        document = self._document(asked.document)
        places = (document.place(offset) for offset in asked.offsets)
        return [(place.label, place.line) for place in places]

    def _extent(self, asked: _Extent) -> tuple[int, int]:
        """The characters of a part that is named as a hit names it (``p12``, ``Prices row 5``), or of parts ``3-5``."""
        document = self._document(asked.document)
        marks = document.marks
        if marks is not None and asked.part in marks.labels:
            at = marks.labels.index(asked.part)
            return marks.starts[at], [*marks.starts, len(document.text)][at + 1]
        numbers = _NUMBERS.search(asked.part)
        first = document.extent(int(numbers["first"])) if numbers else None
        last = document.extent(int(numbers["last"] or numbers["first"])) if numbers else None
        if first is None or last is None:
            raise CodeError(f"{document.name} has no part {asked.part!r}")
        return first[0], last[1]

    def _budget(self) -> dict[str, object]:
        """Limits that this run has; None where it has none."""
        settings, account = self._run.settings, self._run.account
        early = () if self.broker is None else self.broker.unclaimed
        unasked = summed([making.usage() for making in early])
        usage = account.usage
        return {
            "turns_left": self.turns_left,
            "depth_left": settings.max_depth - self._run.depth,
            "concurrency": settings.concurrency,
            "calls_used": usage.calls - unasked.calls,
            "tokens_used": usage.input_tokens
            + usage.output_tokens
            - (unasked.input_tokens + unasked.output_tokens),
            **what_is_left(account, [making.set_aside() for making in early]),
        }

    def _model(self, name: str | None) -> LanguageModel:
        """The model that a cell named; once most of the budget is gone, the cheapest of the run whatever it named."""
        models = self._run.models
        named = models.by_name()
        if name is not None and name not in named:
            raise CodeError(f"there is no model {name!r} in this run; there are {', '.join(sorted(named))}")
        if self._run.account.pressure >= ECONOMY:
            return models.economy or models.sub
        return models.sub if name is None else named[name]

    def _document(self, number: int) -> Document:
        if not 0 <= number < len(self._context.documents):
            raise CodeError(f"there is no document {number} in this context")
        return self._context.documents[number]

    def _child_context(self, asked: _RlmQuery) -> Context:
        if asked.context is None:
            return Context.of_text(asked.prompt, name="<prompt>")
        documents = tuple(
            self._document(text.document)
            if text.document is not None
            else Document(name=text.name or f"<item {number}>", text=text.text or "")
            for number, text in enumerate(asked.context.texts, start=1)
        )
        if not documents:
            raise CodeError("rlm_query was given an empty list as context; give it at least one text")
        if asked.context.shape == "text":
            return Context(documents=documents[:1], shape="text")
        return Context(documents=documents, shape="documents")


def _in_the_cell(function: str, error: ModelError | SandboxFailure | LimitExceeded) -> Exception:
    """A failure as the cell is told of it; a refused key ends the run instead, since no code can do anything about it."""
    if isinstance(error, LimitExceeded):
        return CodeError(f"{function} was not made: {error}. Finish with what you have")
    if isinstance(error, ModelError) and error.is_about_access:
        return error
    return CodeError(f"{function} failed: {error}")
