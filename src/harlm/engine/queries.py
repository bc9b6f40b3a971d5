"""The calls of cells to models: plain calls of a sub-model, and children with a REPL of their own.

Every argument was chosen by a model, so it is checked here. Every failure becomes an exception in the cell,
never an answer.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from harlm.budget.pressure import ECONOMY
from harlm.engine.call import Call, make
from harlm.engine.grants import Grants
from harlm.engine.handing_on import HandingOn
from harlm.engine.leaf_api import LeafApi
from harlm.engine.node import Node
from harlm.engine.prompts import excerpt, plain_call_prompt, rest_of
from harlm.engine.timing import Bursts
from harlm.engine.toolbox import ToolCalls
from harlm.engine.typed_calls import schema_in, typed_value
from harlm.errors import CodeError, LimitExceeded, ModelError, SandboxFailure, SchemaMismatch
from harlm.guest.arguments import DOCUMENTS, MODEL, PROMPT, SCHEMA, TEXTS, numbers_of, within
from harlm.guest.vocabulary import PURE_TOOL
from harlm.memory.extract import beginning
from harlm.protocols import LanguageModel
from harlm.scheduler.broker import Making
from harlm.threads import StopFlag
from harlm.tokens import estimate_tokens
from harlm.types import Answer, Context, Document, Message, Task, Usage

Solve = Callable[[Task, Node], Awaitable[Answer]]

_QUESTION_TOKENS = 2_000  # of a child's prompt; a longer one holds data, and is cut in the question
_REMEMBERED = 600  # characters of a child's question that are kept with its answer
_MANY = 1_000  # documents of a child that are looked up at once; more are in a thread
_PER_TOKEN = 64  # characters; a prompt with more of them for each token of a window never fits

_MARKS: Mapping[str, str] = {"not_found": "NOT FOUND: ", "partial": "PARTIAL: "}
"""How the text of a child's answer begins for its parent, by status."""

_Prompt = Annotated[str, Meta(max_length=PROMPT.most)]
_Model = Annotated[str, Meta(max_length=MODEL.most)]
_Schema = Annotated[str, Meta(max_length=SCHEMA.most)]
_encode = msgspec.msgpack.Encoder(order="deterministic").encode


class LlmQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The arguments of ``llm_query``."""

    prompt: _Prompt
    model: _Model | None = None
    schema: _Schema | None = None


class _OwnDocuments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Documents of the parent's context, by their numbers (``harlm.guest.arguments.numbers_in_words``)."""

    documents: str


class _ChildContext(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A child's context, in the form of ``harlm.guest.arguments.child_context``."""

    shape: Literal["text", "documents"]
    texts: Annotated[list[str | _OwnDocuments], Meta(max_length=2 * TEXTS.most + 1)]
    names: Annotated[list[str | None], Meta(max_length=TEXTS.most)] = []  # msgspec copies it


class RlmQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The arguments of ``rlm_query``."""

    prompt: _Prompt
    context: _ChildContext | None = None
    model: _Model | None = None
    schema: _Schema | None = None


@dataclass(slots=True)
class _OwnTime:
    """The critical path of one call that a broker makes. For a child it is shorter than the call if its own
    calls overlapped.

    Attributes:
        critical_s: seconds; ``None`` until the call has ended.
    """

    critical_s: float | None = None

    def enter(self) -> None:
        """The call has begun."""

    def leave(self, critical_s: float) -> None:
        """The call has ended."""
        self.critical_s = critical_s


class Queries:
    """Makes the calls of one node's cells.

    Args:
        task: of the node.
        node: pays for the calls.
        solve: the one recursion, for children.

    Attributes:
        bursts: measures what unlimited concurrency would have saved.
        leaf: answers the small questions of combinators.
        tools: makes the calls to the user's tools.
    """

    def __init__(self, task: Task, node: Node, *, solve: Solve) -> None:
        self._context = task.context
        self._node = node
        self._solve = solve
        self._grants = Grants(node)
        self._handing_on = HandingOn(node, task.context)
        self._asked: Counter[bytes] = Counter()
        self.bursts = Bursts()
        self.leaf = LeafApi(node, self.bursts)
        self.tools = ToolCalls(node)

    def begin_cell(self) -> None:
        """Count identical calls from zero: another cell begins, and may reuse the replies of earlier ones."""
        self._asked.clear()
        self.leaf.begin_cell()

    def may_change_something(self, function: str) -> bool:
        """Whether a call may change something outside the run: a child may, if there are tools that are not pure."""
        return function == "rlm_query" and self.tools.have_effects and self._node.depth < self._node.deepest

    def may_foresee(self, function: str, arguments: Mapping[str, object]) -> bool:
        """Whether a call may be made before the cell makes it."""
        if function == PURE_TOOL:
            return self.tools.may_foresee(arguments)
        return not self.may_change_something(function)

    def begin(self, function: str, arguments: Mapping[str, object], is_early: bool, sample: int) -> Making:
        """Begin a call for a broker; see ``harlm.scheduler.broker.Make``."""
        own = _OwnTime()
        if not is_early:
            return Making(
                self.answer(function, arguments, own=own, sample=sample),
                Usage,
                critical_s=lambda: own.critical_s,
            )
        node = self._node.with_purse(is_early=True)
        account = node.account
        value = self._early(function, arguments, node, own, sample)
        return Making(value, lambda: account.usage, lambda: account.set_aside, lambda: own.critical_s)

    def begin_apart(
        self, function: str, arguments: Mapping[str, object], is_early: bool, sample: int
    ) -> Making:
        """As ``begin``, for a cell that may not count: the usage of each call is known."""
        if is_early:
            return self.begin(function, arguments, is_early, sample)
        own, node = _OwnTime(), self._node.with_purse()
        account = node.account
        value = self._apart(function, arguments, node, own, sample)
        return Making(value, lambda: account.usage, lambda: account.set_aside, lambda: own.critical_s)

    async def _apart(
        self, function: str, arguments: Mapping[str, object], node: Node, own: _OwnTime, sample: int
    ) -> object:
        """Make a call that a purse pays for. A refusal ends the node all the same."""
        try:
            return await self.answer(function, arguments, node, own, sample)
        finally:
            if node.account.refused is not None:
                self._node.account.refused = node.account.refused

    async def _early(
        self, function: str, arguments: Mapping[str, object], node: Node, own: _OwnTime, sample: int
    ) -> object:
        """Make a call that the cell has not asked for yet.

        Raises:
            LimitExceeded: the budget refused it, so it counts as not made.
            CodeError: it failed otherwise.
        """
        try:
            return await self.answer(function, arguments, node, own, sample, is_early=True)
        except CodeError as error:
            if isinstance(error.__cause__, LimitExceeded):
                raise error.__cause__ from None
            raise

    async def answer(
        self,
        function: str,
        arguments: Mapping[str, object],
        node: Node | None = None,
        own: _OwnTime | None = None,
        sample: int | None = None,
        *,
        is_early: bool = False,
    ) -> object:
        """The value of ``llm_query``, ``rlm_query`` or a pure tool: text, or a value of the schema that the cell passed.

        Args:
            function: the host function.
            arguments: as the cell gave them, not checked yet.
            node: pays for the call; this node by default.
            own: measures the call alone; by default it is measured as part of its cell.
            sample: how many equal calls of the cell come before it; counted here by default.
            is_early: whether no cell has made the call yet.

        Raises:
            CodeError: the call failed; raised in the cell with this message.
            ModelError: a key was refused, or the account is empty. This ends the run, since no code can change it.
        """
        payer, times = node or self._node, own or self.bursts
        if function == PURE_TOOL:
            return await self.tools.call(function, arguments, payer, is_early=is_early)
        if sample is None:
            sample = self._sample(function, arguments)
        try:
            if function == "llm_query":
                asked = msgspec.convert(arguments, LlmQuery)
                return await self._plain_call(asked, asked.prompt, payer, times, sample)
            return await self._child(msgspec.convert(arguments, RlmQuery), payer, times, sample)
        except msgspec.ValidationError as error:
            raise CodeError(f"{function}: {error}") from error

    async def _child(self, asked: RlmQuery, payer: Node, times: _OwnTime | Bursts, sample: int) -> object:
        schema = schema_in("rlm_query", asked.schema)
        context = await self._child_context(asked)
        if self._node.depth >= self._node.deepest:
            prompt = asked.prompt if asked.context is None else await self._as_prompt(asked.prompt, context)
            return await self._plain_call(asked, prompt, payer, times, sample)
        self._handing_on.check(context)
        question = asked.prompt
        if asked.context is None and estimate_tokens(question) > _QUESTION_TOKENS:
            question = excerpt(question, 4 * _QUESTION_TOKENS) + "\n(All of this request is in `context`.)"
        caps = await self._grants.caps(context, asked.prompt)
        root = None if asked.model is None else self._model(asked.model)
        child = payer.child(root=root, caps=caps, sample=sample, lineage=self._lineage(asked, sample))
        times.enter()
        critical = 0.0
        try:
            async with child.repl_slot():
                task = Task(question=question, context=context, mode="full", schema=schema)
                answer = await self._solve(task, child)
            critical = answer.latency.critical_path_s
        except SchemaMismatch as error:
            raise CodeError(
                f"rlm_query: the child's answer does not follow the schema: {error.faults}"
            ) from error
        except (LimitExceeded, ModelError, SandboxFailure) as error:
            if error.partial is None or schema is not None or _ends_the_run(error):
                raise _in_the_cell("rlm_query", error) from error
            return self._returned(f"PARTIAL ({error}): {error.partial.text}", asked.prompt)
        finally:
            times.leave(critical)
        returned = self._returned(f"{_MARKS.get(answer.status, '')}{answer.text}", asked.prompt)
        return returned if schema is None else answer.data

    def _lineage(self, asked: RlmQuery, sample: int) -> str:
        """The lineage of a child, which matters only where tools change something."""
        if not self.tools.have_effects:
            return ""
        return hashlib.blake2b(_encode((self._node.lineage, asked, sample)), digest_size=16).hexdigest()

    async def _as_prompt(self, question: str, context: Context) -> str:
        if len(context.documents) <= _MANY:
            return plain_call_prompt(question, context)
        return await self._node.run.threads.do(lambda _: plain_call_prompt(question, context))

    def _returned(self, text: str, question: str) -> str:
        """The text that the cell gets: the child's answer, or its beginning and the handle of the whole."""
        node, run = self._node, self._node.run
        handle = run.memory.put(
            text, kind="answer", node=node.name, depth=node.depth, question=excerpt(question, _REMEMBERED)
        )
        most = run.memory_settings.return_tokens
        tokens = estimate_tokens(text)
        if tokens <= most:
            return text
        shown = beginning(text, most, estimate_tokens)
        return rest_of(shown, handle, estimate_tokens(shown), tokens)

    def _sample(self, function: str, arguments: Mapping[str, object]) -> int:
        """How often the cell has made this call before."""
        key = hashlib.blake2b(_encode((function, arguments)), digest_size=16).digest()
        self._asked[key] += 1
        return self._asked[key] - 1

    async def _plain_call(
        self, asked: LlmQuery | RlmQuery, prompt: str, payer: Node, times: _OwnTime | Bursts, sample: int
    ) -> object:
        """One call of a model, or two if the first reply does not follow the schema that the cell passed."""
        model = self._model(asked.model)
        schema = schema_in("llm_query", asked.schema)

        async def ask(messages: Sequence[Message], form: Mapping[str, object] | None = None) -> str:
            self._check_room(model, messages)
            times.enter()
            seconds = 0.0
            try:
                call = Call(model=model, messages=messages, role="sub", sample=sample, schema=form)
                completion, seconds = await make(payer, call)
            except (ModelError, LimitExceeded) as error:
                raise _in_the_cell("llm_query", error) from error
            finally:
                times.leave(seconds)
            return completion.text

        if schema is None:
            return await ask([Message(role="user", content=prompt)])
        return await typed_value("llm_query", prompt, schema, ask)

    def _check_room(self, model: LanguageModel, messages: Sequence[Message]) -> None:
        tokens = self._tokens(model, messages)
        if tokens > model.window:
            raise CodeError(
                f"this prompt has about {tokens:,} tokens, and {model.name} takes at most {model.window:,}; cut it into parts"
            )

    def _tokens(self, model: LanguageModel, messages: Sequence[Message]) -> int:
        """The expected tokens of a prompt; its characters if they fit the window even at one token each, or could
        never fit.
        """
        characters = sum(len(each.content) for each in messages)
        if characters <= model.window or characters > _PER_TOKEN * model.window:
            return characters
        counting = self._node.run.billing.counting_of(model.name)
        return counting.expected(counting.measure(messages))

    def _model(self, name: str | None) -> LanguageModel:
        """The model for a call: the one that the cell named, or the cheapest of the run once most of the
        budget is spent.
        """
        models = self._node.models
        named = {} if name is None else models.by_name()
        if name is not None and name not in named:
            raise CodeError(f"there is no model {name!r} in this run; use one of {', '.join(sorted(named))}")
        if self._node.account.pressure >= ECONOMY:
            return models.economy or models.sub
        return models.sub if name is None else named[name]

    async def _child_context(self, asked: RlmQuery) -> Context:
        given = asked.context
        if given is None:
            return Context.of_text(asked.prompt, name="<prompt>")
        if not given.texts:
            raise CodeError("rlm_query was given an empty list as context; give it at least one text")
        try:
            documents = await self._child_documents(given)
        except ValueError as error:
            raise CodeError(f"rlm_query: {error}") from error
        if given.shape == "text":
            return Context(documents=documents[:1], shape="text")
        return Context(documents=documents, shape="documents")

    async def _child_documents(self, given: _ChildContext) -> tuple[Document, ...]:
        """The documents of a child, found in a thread if they are many.

        Raises:
            ValueError: there is no such document, or there are too many.
        """
        size = len(given.texts) + sum(
            len(each.documents) for each in given.texts if isinstance(each, _OwnDocuments)
        )
        if size <= _MANY and len(self._context.documents) <= _MANY:
            return _documents(given, self._context, StopFlag())
        return await self._node.run.threads.do(lambda stop: _documents(given, self._context, stop))


def _documents(given: _ChildContext, context: Context, stop: StopFlag) -> tuple[Document, ...]:
    """The documents of a child, those of its parent's ``context`` and new ones.

    Raises:
        ValueError: there is no such document, or there are too many.
    """
    found: list[Document] = []
    names = iter(given.names)
    for each in given.texts:
        stop.check()
        if isinstance(each, str):
            name = next(names, None)
            found.append(Document(name=name or f"<item {len(found) + 1}>", text=each))
        else:
            numbers = numbers_of(each.documents, len(context.documents))
            within(len(found) + len(numbers), DOCUMENTS.what, DOCUMENTS)
            found += map(context.documents.__getitem__, numbers)
    return tuple(found)


def document_of(context: Context, number: int) -> Document:
    """A document by the number, from 0, that a cell gave.

    Raises:
        CodeError: there is no such document.
    """
    if not 0 <= number < len(context.documents):
        raise CodeError(f"there is no document {number} in this context")
    return context.documents[number]


def _in_the_cell(function: str, error: ModelError | SandboxFailure | LimitExceeded) -> Exception:
    """The exception that the cell sees; a refused key stays a ``ModelError``, which ends the run."""
    if isinstance(error, LimitExceeded):
        return CodeError(f"{function} was not made: {error}. Finish with what you have")
    if _ends_the_run(error):
        return error
    return CodeError(f"{function} failed: {error}")


def _ends_the_run(error: Exception) -> bool:
    """Whether no code can change the failure: a key was refused, or the account is empty."""
    return isinstance(error, ModelError) and error.is_about_access
