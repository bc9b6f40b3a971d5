"""The calls of cells to models: plain calls and children."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from harlm import events
from harlm.budget import Caps
from harlm.context import Searcher, load
from harlm.engine import Node
from harlm.engine.queries import Queries, document_of
from harlm.errors import (
    CallLimit,
    CodeError,
    LimitExceeded,
    ModelError,
    ModelUnavailable,
    QuotaExceeded,
    SandboxFailure,
)
from harlm.guest.arguments import child_context
from harlm.journal import InMemoryCalls, Reuse
from harlm.testing import ScriptedModel
from harlm.tokens import estimate_tokens
from harlm.tools import FunctionTool, tool
from harlm.types import Answer, Context, Document, GatedCall, Latency, Message, Task
from tests.support.nodes import PRICES, answer_of, api_of, node_with, use_calls

DONE = "```repl\nFINAL('done')\n```"


class Child:
    """Stands in for the recursion: takes a task, and answers or fails as it was told.

    Attributes:
        tasks, nodes: that it was given.
    """

    def __init__(self, outcome: Answer | Exception | str = "an answer") -> None:
        self._outcome = Answer(text=outcome) if isinstance(outcome, str) else outcome
        self.tasks: list[Task] = []
        self.nodes: list[Node] = []

    async def __call__(self, task: Task, node: Node) -> Answer:
        self.tasks.append(task)
        self.nodes.append(node)
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


def queries_on(
    node: Node | None = None, child: Child | None = None, context: Context | None = None
) -> tuple[Queries, Node, Child]:
    node = node or node_with(ScriptedModel(lambda messages: messages[-1].content.upper()))[0]
    child = child or Child()
    task = Task(question="?", context=context or load(["one", "two", "three"]))
    return Queries(task, node, solve=child), node, child


# -- plain calls -------------------------------------------------------------------------------------------


async def test_a_plain_call_goes_to_the_sub_model_and_is_remembered() -> None:
    root, sub = ScriptedModel([]), ScriptedModel(["a reply"], name="scripted/sub")
    node, _ = node_with(root, sub)
    queries, _, _ = queries_on(node)
    assert await queries.answer("llm_query", {"prompt": "what is it?"}) == "a reply"
    assert root.asked == []
    (found,) = await node.run.memory.search("what is it", 3)
    assert found.text == "a reply"


async def test_equal_calls_of_one_cell_are_samples_and_those_of_the_next_are_reused() -> None:
    model = ScriptedModel([f"reply {number}" for number in range(9)])
    node, _ = node_with(model)
    node.run.reuse, node.run.identity_of = Reuse(InMemoryCalls()), lambda each: each.name
    queries, _, _ = queries_on(node)
    replies = []
    for _ in range(2):
        queries.begin_cell()
        replies.append([await queries.answer("llm_query", {"prompt": "same"}) for _ in range(3)])
    assert replies == [["reply 0", "reply 1", "reply 2"]] * 2
    assert len(model.asked) == 3


async def test_a_failed_call_is_an_exception_in_the_cell() -> None:
    queries, _, _ = queries_on(node_with(ScriptedModel([ModelUnavailable("it is away", model="m")]))[0])
    with pytest.raises(CodeError, match="llm_query failed: it is away"):
        await queries.answer("llm_query", {"prompt": "x"})


async def test_a_refused_key_ends_the_run_instead() -> None:
    queries, _, _ = queries_on(
        node_with(ScriptedModel([ModelError("no such key", model="m", status=401)]))[0]
    )
    with pytest.raises(ModelError, match="no such key"):
        await queries.answer("llm_query", {"prompt": "x"})


async def test_a_prompt_that_exceeds_the_window_is_not_sent() -> None:
    model = ScriptedModel([], window=1_000)
    queries, _, _ = queries_on(node_with(model)[0])
    with pytest.raises(CodeError, match=r"scripted/model takes at most 1,000; cut it into parts"):
        await queries.answer("llm_query", {"prompt": "word " * 5_000})
    assert model.asked == []


async def test_the_cell_is_told_why_its_call_was_not_made() -> None:
    node, _ = node_with(ScriptedModel(lambda messages: "x"), caps=Caps(tokens=100), prices=PRICES)
    context = load("a text")
    with Searcher(context) as searcher:
        api = api_of(Task(question="?", context=context), node, searcher)
        with pytest.raises(
            CodeError, match=r"llm_query was not made: 0 tokens of 100 tokens are used.*--max-tokens"
        ):
            await api.call("llm_query", {"prompt": "word " * 200})


async def test_from_70_percent_on_cells_call_the_cheaper_model() -> None:
    cheap = ScriptedModel(lambda messages: "cheap", name="scripted/cheap")
    usual = ScriptedModel(lambda messages: "usual", name="scripted/sub")
    cell = "```repl\nprint(llm_query('p'), llm_query('p', model='scripted/model'))\n```"
    root = ScriptedModel([cell, cell.replace("'p'", "'q'"), DONE])
    node, log = node_with(root, usual, economy=cheap, caps=Caps(calls=100), prices=PRICES)
    await use_calls(node, 75)
    await answer_of(node)
    assert [each.output.strip() for each in log.of(events.CellFinished)][:2] == ["cheap cheap"] * 2
    assert usual.asked == []


# -- early calls -------------------------------------------------------------------------------------------


async def test_an_early_call_has_a_purse_of_its_own_inside_the_nodes_account() -> None:
    queries, node, _ = queries_on()
    making = queries.begin("llm_query", {"prompt": "early"}, is_early=True, sample=0)
    assert await making.value == "EARLY"
    assert making.usage().calls == 1
    assert making.set_aside().calls == 1
    assert node.account.usage.calls == 1
    assert making.critical_s() is not None
    assert queries.bursts.saved == 0.0


async def test_the_budget_refuses_an_early_call_as_one_that_was_not_made() -> None:
    node, _ = node_with(ScriptedModel([]), caps=Caps(calls=0))
    queries, _, _ = queries_on(node)
    with pytest.raises(LimitExceeded):
        await queries.begin("llm_query", {"prompt": "x"}, is_early=True, sample=0).value
    with pytest.raises(CodeError, match="llm_query was not made"):
        await queries.begin("llm_query", {"prompt": "x"}, is_early=False, sample=0).value


async def test_an_early_call_that_fails_otherwise_fails_as_in_the_cell() -> None:
    queries, _, _ = queries_on(node_with(ScriptedModel([ModelUnavailable("it is away", model="m")]))[0])
    with pytest.raises(CodeError, match="it is away"):
        await queries.begin("llm_query", {"prompt": "x"}, is_early=True, sample=0).value


async def test_the_critical_path_of_an_early_child_is_its_own() -> None:
    latency = Latency(wall_s=9.0, critical_path_s=2.5, parallelism=3.0)
    queries, _, _ = queries_on(child=Child(Answer(text="x", latency=latency)))
    making = queries.begin("rlm_query", {"prompt": "go"}, is_early=True, sample=0)
    assert making.critical_s() is None
    await making.value
    assert making.critical_s() == 2.5


# -- children ----------------------------------------------------------------------------------------------


async def test_a_child_works_on_documents_of_its_parent_and_on_texts_of_the_cell() -> None:
    queries, _, child = queries_on()
    context = child_context("documents", [2, ("made", "notes"), ("more", None)])
    await queries.answer("rlm_query", {"prompt": "go", "context": context})
    (task,) = child.tasks
    assert (task.question, task.mode, task.context.shape) == ("go", "full", "documents")
    assert [each.text for each in task.context.documents] == ["three", "made", "more"]
    assert [each.name for each in task.context.documents][1:] == ["notes", "<item 3>"]
    assert (child.nodes[0].name, child.nodes[0].depth) == ("0.0", 1)


async def test_many_documents_go_to_a_child_by_their_numbers() -> None:
    many = Context(documents=tuple(Document(name=str(number), text="x") for number in range(20_000)))
    queries, _, child = queries_on(context=many)
    for numbers in (range(20_000), range(0, 20_000, 2), [19_999, 0, 5, 5]):
        await queries.answer("rlm_query", {"prompt": "go", "context": child_context("documents", numbers)})
        assert [int(each.name) for each in child.tasks[-1].context.documents] == list(numbers)


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"shape": "documents", "texts": [{"documents": "0-9999999999"}]}, "there is no document 9999999999"),
        ({"shape": "documents", "texts": [{"documents": "2-1"}]}, "there is no document 2"),
        ({"shape": "documents", "texts": [{"documents": "-1"}]}, "'-1' is not a number of a document"),
        ({"shape": "documents", "texts": [{"documents": "0-1,"}]}, "'' is not a number of a document"),
        (
            {"shape": "documents", "texts": [{"documents": "0-2," * 400_000 + "0"}]},
            "at most 1,000,000 are taken",
        ),
        ({"shape": "documents", "texts": [{"documents": "0-2," * 30_000 + "0"}] * 20}, "at most 1,000,000"),
        ({"shape": "documents", "texts": []}, "an empty list as context"),
        ({"shape": "list", "texts": ["x"]}, "Invalid enum value"),
        ({"shape": "documents", "texts": ["x"] * 80_002}, "length <= 80001"),
    ],
)
async def test_a_context_that_cannot_be_is_refused(context: dict[str, object], said: str) -> None:
    queries, _, child = queries_on()
    with pytest.raises(CodeError, match=said):
        await queries.answer("rlm_query", {"prompt": "go", "context": context})
    assert child.tasks == []


async def test_one_text_stays_one_text() -> None:
    queries, _, child = queries_on()
    await queries.answer(
        "rlm_query", {"prompt": "go", "context": child_context("text", [("all of it", None)])}
    )
    assert (child.tasks[0].context.shape, child.tasks[0].context.documents[0].text) == ("text", "all of it")


async def test_a_long_prompt_without_a_context_becomes_the_context() -> None:
    queries, _, child = queries_on()
    prompt = "Sum up:\n" + "data " * 10_000
    await queries.answer("rlm_query", {"prompt": prompt})
    (task,) = child.tasks
    assert task.context.documents[0].text == prompt
    assert task.question.endswith("(All of this request is in `context`.)")
    assert estimate_tokens(task.question) < 3_000


async def test_equal_children_of_one_cell_are_kept_apart() -> None:
    queries, _, child = queries_on()
    for _ in range(3):
        await queries.answer("rlm_query", {"prompt": "go"})
    assert [each.branch for each in child.nodes] == ["", "/1", "/2"]


async def test_a_long_answer_is_returned_by_its_beginning_and_a_handle() -> None:
    answer = "word " * 9_000 + "END"
    queries, node, _ = queries_on(child=Child(answer))
    returned = await queries.answer("rlm_query", {"prompt": "say it all"})
    assert isinstance(returned, str)
    assert returned.startswith("word word")
    assert estimate_tokens(returned) < node.run.memory_settings.return_tokens + 100
    handle = returned.rpartition('memory.expand("')[2].partition('"')[0]
    assert (await node.run.memory.expand(handle)).text == answer


async def test_a_child_that_found_nothing_says_so() -> None:
    queries, _, _ = queries_on(child=Child(Answer(text="no date", status="not_found")))
    assert await queries.answer("rlm_query", {"prompt": "when?"}) == "NOT FOUND: no date"


async def test_the_partial_answer_of_a_child_is_returned() -> None:
    breach = CallLimit("3 calls of 3 calls are used", limit="calls", used=3, allowed=3)
    queries, _, _ = queries_on(child=Child(breach.anew(Answer(text="half of it"))))
    expected = "PARTIAL (3 calls of 3 calls are used): half of it"
    assert await queries.answer("rlm_query", {"prompt": "go"}) == expected


async def test_a_child_that_did_not_finish_says_so() -> None:
    queries, _, _ = queries_on(child=Child(Answer(text="half of it", status="partial")))
    assert await queries.answer("rlm_query", {"prompt": "when?"}) == "PARTIAL: half of it"


async def test_what_a_child_had_found_before_a_failure_is_returned() -> None:
    failure = ModelUnavailable("it is away", model="m")
    failure.partial = Answer(text="half of it", status="partial")
    queries, _, _ = queries_on(child=Child(failure))
    assert await queries.answer("rlm_query", {"prompt": "go"}) == "PARTIAL (it is away): half of it"


async def test_an_empty_account_ends_the_run_whatever_the_child_had_found() -> None:
    failure = QuotaExceeded("the account is empty", model="m")
    failure.partial = Answer(text="half of it", status="partial")
    queries, _, _ = queries_on(child=Child(failure))
    with pytest.raises(QuotaExceeded):
        await queries.answer("rlm_query", {"prompt": "go"})


@pytest.mark.parametrize(
    "reply", ['<tool_call>\n{"name": "x", "arguments": {}}\n</tool_call>', "<think>only thoughts</think>"]
)
async def test_a_reply_without_words_is_an_exception_and_no_text(reply: str) -> None:
    node, _ = node_with(ScriptedModel([reply]))
    queries, _, _ = queries_on(node)
    with pytest.raises(CodeError, match="llm_query failed: scripted/model"):
        await queries.answer("llm_query", {"prompt": "go"})
    assert await node.run.memory.search("thoughts tool", 5) == []


async def test_thoughts_never_reach_a_cell() -> None:
    node, _ = node_with(ScriptedModel(["<think>1234? No.</think>\n4711"]))
    queries, _, _ = queries_on(node)
    assert await queries.answer("llm_query", {"prompt": "go"}) == "4711"


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (ModelUnavailable("it is away", model="m"), "rlm_query failed: it is away"),
        (SandboxFailure("it broke"), "rlm_query failed: it broke"),
        (CallLimit("spent", limit="calls", used=1, allowed=1), "rlm_query was not made: spent"),
    ],
)
async def test_a_child_that_fails_is_an_exception_in_the_cell(failure: Exception, message: str) -> None:
    queries, _, _ = queries_on(child=Child(failure))
    with pytest.raises(CodeError, match=message):
        await queries.answer("rlm_query", {"prompt": "go"})


async def test_below_the_deepest_level_a_child_is_a_plain_call() -> None:
    model = ScriptedModel(lambda messages: "plain")
    node, _ = node_with(model, max_depth=0)
    queries, _, child = queries_on(node)
    arguments = {"prompt": "go", "context": child_context("documents", [0])}
    assert await queries.answer("rlm_query", arguments) == "plain"
    assert child.tasks == []
    prompt = model.asked[0][0].content
    assert "one" in prompt
    assert "go" in prompt


async def test_a_child_that_meets_its_limit_hands_its_partial_answer_to_its_parent() -> None:
    def words(messages: Sequence[Message]) -> str:
        text = messages[-1].content
        if "<learned>" in text:
            return "half of it"
        if len(messages) == 1:
            return "a reply"
        if "<question>\nWhat?" in messages[1].content:
            return (
                "```repl\nfor each in rlm_query_batched(['sum up', 'sum up']):\n    print(each)\n```"
                if len(messages) == 2
                else DONE
            )
        return "```repl\nwhile True:\n    llm_query('a part')\n```"

    node, log = node_with(ScriptedModel(words), caps=Caps(calls=40), prices=PRICES)
    answer = await answer_of(node)
    assert answer.text == "done", "the parent's own budget is not spent"
    output = next(each.output for each in log.of(events.CellFinished) if each.node == "0")
    assert output.count("PARTIAL (") == 2
    assert output.count("half of it") == 2
    assert answer.usage.calls <= 40


@pytest.mark.parametrize("number", [-1, 3, 10**9])
def test_a_document_that_does_not_exist_is_an_exception_in_the_cell(number: int) -> None:
    with pytest.raises(CodeError, match=f"there is no document {number} in this context"):
        document_of(load(["one", "two", "three"]), number)


# -- tools ---------------------------------------------------------------------------------------------------


async def double(x: int) -> int:
    return 2 * x


async def test_a_pure_tool_is_called_and_paid_like_a_call_of_a_model() -> None:
    node, _ = node_with(ScriptedModel([]), tools=[tool(pure=True, cost_usd=0.01)(double)])
    queries, _, _ = queries_on(node)
    making = queries.begin("pure_tool", {"name": "double", "arguments": {"x": 4}}, is_early=True, sample=0)
    assert await making.value == 8
    assert making.usage().cost_micros == 10_000
    assert node.account.usage.cost_micros == 10_000


async def test_the_gate_of_a_tool_is_asked_once_for_a_call_early_or_not() -> None:
    gated: list[bool] = []

    def gate(call: GatedCall) -> bool:
        gated.append(call.is_early)
        return True

    node, _ = node_with(ScriptedModel([]), tools=[tool(pure=True, gate=gate)(double)])
    queries, _, _ = queries_on(node)
    arguments = {"name": "double", "arguments": {"x": 4}}
    assert queries.may_foresee("pure_tool", arguments)
    assert await queries.begin("pure_tool", arguments, is_early=True, sample=0).value == 8
    assert await queries.begin("pure_tool", arguments, is_early=False, sample=0).value == 8
    assert await queries.begin_apart("pure_tool", arguments, is_early=False, sample=0).value == 8
    assert gated == [True, False, False]


async def test_an_early_call_of_a_tool_that_the_budget_refuses_counts_as_not_made() -> None:
    node, _ = node_with(
        ScriptedModel([]), tools=[tool(pure=True, cost_usd=1)(double)], caps=Caps(micros=1_000)
    )
    queries, _, _ = queries_on(node)
    making = queries.begin("pure_tool", {"name": "double", "arguments": {"x": 4}}, is_early=True, sample=0)
    with pytest.raises(LimitExceeded):
        await making.value
    assert node.account.refused is None


@pytest.mark.parametrize(
    ("tools", "depth", "may"),
    [
        ([], 0, True),
        ([tool(pure=True)(double)], 0, True),
        ([tool(double)], 0, False),
        ([tool(double)], 1, True),  # as deep as it may be, where it is a plain call
    ],
)
def test_a_child_that_may_change_something_is_not_begun_early(
    tools: list[FunctionTool], depth: int, may: bool
) -> None:
    node, _ = node_with(ScriptedModel([]), tools=tools, max_depth=1)
    queries, _, _ = queries_on(replace(node, depth=depth))
    assert queries.may_foresee("rlm_query", {"prompt": "x"}) is may
    assert queries.may_change_something("rlm_query") is not may
    assert queries.may_foresee("llm_query", {"prompt": "x"})
