"""What every REPL promises, run over each sandbox that this machine can build and over the fake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from harlm.config import SandboxSettings
from harlm.errors import CodeError
from harlm.guest.vocabulary import PURE_TOOL, TOOL
from harlm.protocols import Foreseen, Repl, ReplSetup, Sandbox
from harlm.sandbox.tiers import sandbox_on
from harlm.testing import FakeSandbox
from harlm.types import Context, Document, Final, ToolShape
from tests.support.sandboxes import TIERS, skip_unless_built

TOOLS = (
    ToolShape(
        name="find",
        parameters=("city", "limit"),
        signature="find(city)",
        summary="",
        help="find(city)\n\nFinds.",
        is_pure=True,
    ),
    ToolShape(name="note", parameters=("text",), signature="note(text)", summary=""),
    ToolShape(name="fails", parameters=(), signature="fails()", summary=""),
)
FUNCTIONS = ("llm_query", "llm_query_batched", "rlm_query", "rlm_query_batched", "budget")


class Host:
    """Answers calls, and remembers them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, object]]] = []
        self.in_flight = self.most_in_flight = 0
        self.together: asyncio.Barrier | None = None  # calls are answered when as many are in flight

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        self.asked.append((function, arguments))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        if self.together is None:
            await asyncio.sleep(0.01)
        else:
            async with asyncio.timeout(10):
                await self.together.wait()
        self.in_flight -= 1
        if arguments.get("prompt") == "fail":
            raise CodeError("the provider is away; try later")
        if function in (TOOL, PURE_TOOL):
            if arguments["name"] == "fails":
                raise CodeError("the tool failed; ask it for less")
            return {"got": arguments["arguments"]}
        return {"turns_left": 3} if function == "budget" else f"reply to {arguments['prompt']}"


@pytest.fixture(params=[*TIERS, "monty", "fake"])
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    if request.param == "fake":
        yield FakeSandbox()
        return
    await skip_unless_built(request.param)
    made = sandbox_on(request.param, SandboxSettings())
    yield made
    await made.close()


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
async def repl(sandbox: Sandbox, host: Host) -> AsyncIterator[Repl]:
    documents = (Document(name="a.txt", text="alpha\nbeta"), Document(name="b.txt", text="gamma"))
    opened = await sandbox.open(ReplSetup(context=Context(documents=documents), functions=FUNCTIONS), host)
    yield opened
    await opened.close()


@pytest.fixture
async def repl_with_tools(sandbox: Sandbox, host: Host) -> AsyncIterator[Repl]:
    setup = ReplSetup(context=Context.of_text("x"), functions=(*FUNCTIONS, TOOL, PURE_TOOL), tools=TOOLS)
    opened = await sandbox.open(setup, host)
    yield opened
    await opened.close()


async def test_cells_call_the_tools_of_the_user_by_name(repl_with_tools: Repl, host: Host) -> None:
    seen = await repl_with_tools.run("print(find('Rome', limit=3)['got'], note(text=[1, (2, None)]))")
    assert seen.output == "{'city': 'Rome', 'limit': 3} {'got': {'text': [1, [2, None]]}}\n"
    assert seen.names == ()
    assert host.asked == [
        (PURE_TOOL, {"name": "find", "arguments": {"city": "Rome", "limit": 3}}),
        (TOOL, {"name": "note", "arguments": {"text": [1, [2, None]]}}),
    ]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("fails()", "the tool failed; ask it for less"),
        ("find(1, 2, 3)", "find() takes 2 positional arguments, not 3"),
        ("find('a', city='b')", "find() got multiple values for argument 'city'"),
    ],
)
async def test_a_tool_that_fails_raises_in_the_cell(repl_with_tools: Repl, cell: str, words: str) -> None:
    seen = await repl_with_tools.run(f"try:\n    {cell}\nexcept Exception as error:\n    print(error)")
    assert words in seen.output


async def test_a_tool_that_a_cell_has_replaced_is_back_for_the_next_one(repl_with_tools: Repl) -> None:
    await repl_with_tools.run("find = 3")
    assert (await repl_with_tools.run("print(find('x'))")).output == "{'got': {'city': 'x'}}\n"


async def test_context_is_a_real_list_of_real_str(repl: Repl) -> None:
    seen = await repl.run(
        "print(isinstance(context, list), [isinstance(t, str) for t in context], context[1], len(context))"
    )
    assert seen.output == "True [True, True] gamma 2\n"


async def test_a_single_text_is_a_real_str(sandbox: Sandbox, host: Host) -> None:
    repl = await sandbox.open(ReplSetup(context=Context.of_text("one text")), host)
    seen = await repl.run("print(isinstance(context, str), context.upper(), context[4:])")
    assert seen.output == "True ONE TEXT text\n"
    await repl.close()


async def test_variables_survive_cells_and_exceptions(repl: Repl) -> None:
    await repl.run("x = 1")
    failed = await repl.run("y = 2\nz = 1 / 0")
    assert failed.error is not None
    assert "ZeroDivisionError: division by zero" in failed.error
    assert (await repl.run("print(x + y)")).output == "3\n"


async def test_new_variables_are_named(repl: Repl) -> None:
    seen = await repl.run("count = 41\ndef helper(): pass")
    assert {name for name, _ in seen.names} == {"count", "helper"}


async def test_a_syntax_error_is_an_observation(repl: Repl) -> None:
    seen = await repl.run("def broken(:")
    assert seen.error is not None
    assert "SyntaxError" in seen.error


@pytest.mark.parametrize(
    "cell",
    [
        "FINAL('forty-two')",
        "x = 'forty-two'\nFINAL_VAR('x')",
        "SUBMIT('forty-two')",
        "answer['content'] = 'forty-two'; answer['ready'] = True",
    ],
)
async def test_all_four_ways_to_finish(repl: Repl, cell: str) -> None:
    seen = await repl.run(cell)
    assert seen.final is not None
    assert seen.final.value == "forty-two"
    assert seen.error is None


@pytest.fixture
def full_repl(sandbox: Sandbox, repl: Repl) -> Repl:
    """A REPL that is not the fake, which knows the plain forms only."""
    if sandbox.tier == "fake":
        pytest.skip("the fake runs cells that a test wrote")
    return repl


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("FINAL_VAR(result)", "V"),
        ("FINAL_VAR('`result`')", "V"),
        ("FINAL_VAR(variable_name='result')", "V"),
        ("FINAL_VAR(name='result')", "V"),
        ("FINAL_VAR(d['a'])", "W"),
        ("FINAL_VAR(result.lower())", "v"),
        ("""FINAL_VAR("d['a']")""", "W"),
        ("FINAL_VAR('len(rows)')", 3),
        ("FINAL_VAR(long)", "It is 42, as the rows say."),
        ("FINAL_VAR(spelled)", "len(rows)"),
        ("FINAL_VAR(str(42))", "42"),
        ("FINAL_VAR(rows)", [1, 2, 3]),
        ("FINAL(answer=result)", "V"),
        ("SUBMIT(answer=result)", "V"),
        ("SUBMIT(anything=rows)", [1, 2, 3]),
        ("FINAL(each * 2 for each in rows)", [2, 4, 6]),
        ("FINAL({'lazy': map(str, rows)})", {"lazy": ["1", "2", "3"]}),
        ("FINAL(ValueError('the message'))", "the message"),
        ("FINAL(P(1, 2))", {"x": 1, "y": 2}),
        ("FINAL([b'ab', 1.5, None, {3: (4,)}])", ["ab", 1.5, None, {"3": [4]}]),
        ("answer['value'] = 42; answer['ready'] = True", 42),
        ("answer = {'result': 1, 'why': 'b', 'ready': True}", {"result": 1, "why": "b"}),
        ("answer = {'content': None, 'final': 'x', 'ready': True}", "x"),
        ("answer['ready'] = True", None),
    ],
)
async def test_every_form_of_finishing_gives_what_is_meant(full_repl: Repl, cell: str, value: object) -> None:
    await full_repl.run(
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\nresult = 'V'\nd = {'a': 'W'}\nrows = [1, 2, 3]\n"
        "long = 'It is 42, as the rows say.'\nspelled = 'len(rows)'"
    )
    seen = await full_repl.run(cell)
    assert (seen.final, seen.error) == (Final(value=value), None)


async def test_an_answer_that_the_host_did_not_accept_is_not_given_again(full_repl: Repl) -> None:
    assert (await full_repl.run("answer = {'content': 1, 'ready': True}")).final == Final(value=1)
    assert (await full_repl.run("x = 1")).final is None


@pytest.mark.parametrize(
    "cell", ["FINAL_VAR('missing')", "FINAL_VAR(name='missing')", """FINAL_VAR("missing['a']")"""]
)
async def test_the_name_of_no_variable_is_a_mistake_that_is_explained(full_repl: Repl, cell: str) -> None:
    seen = await full_repl.run(cell)
    assert seen.final is None
    assert seen.error is not None
    assert "there is no variable 'missing'; SHOW_VARS() lists them" in seen.error


async def test_leaving_ends_the_cell_and_not_the_repl(full_repl: Repl) -> None:
    seen = await full_repl.run("x = 1\nexit()\nx = 2")
    assert seen.error == "SystemExit: None ended the cell; the REPL and its variables are kept"
    assert "SystemExit: 3 ended the cell" in str((await full_repl.run("quit(3)")).error)
    assert (await full_repl.run("x")).output == "1\n"


async def test_the_last_shown_value_has_a_name_until_a_cell_takes_it(full_repl: Repl) -> None:
    await full_repl.run("20 + 1")
    assert (await full_repl.run("_ * 2")).output == "42\n"
    await full_repl.run("for _ in range(3): pass")
    await full_repl.run("5")
    assert (await full_repl.run("_")).output == "2\n"


async def test_a_kept_stream_prints_into_the_cell_that_runs(full_repl: Repl) -> None:
    await full_repl.run("import sys\nout = sys.stdout")
    for number in range(3):
        assert (await full_repl.run(f"print({number}, file=out)")).output == f"{number}\n"


async def test_a_last_line_that_awaits_is_shown(full_repl: Repl) -> None:
    await full_repl.run("import asyncio\nasync def ask(prompt):\n    return llm_query(prompt)")
    seen = await full_repl.run("x = await ask('a')\nprint(x)\nawait asyncio.gather(ask('b'), ask('c'))")
    assert (seen.output, seen.error) == ("reply to a\n['reply to b', 'reply to c']\n", None)
    assert (await full_repl.run("asyncio.run(ask('d'))")).output == "reply to d\n"


async def test_finishing_ends_the_cell_even_inside_a_catch_all(repl: Repl) -> None:
    seen = await repl.run("try:\n    FINAL(1)\nexcept Exception:\n    print('caught')\nprint('after')")
    assert seen.final is not None
    assert seen.output == ""


async def test_calls_are_answered_by_the_host(repl: Repl, host: Host) -> None:
    seen = await repl.run("print(llm_query('one'))\nprint(budget()['turns_left'])")
    assert seen.output == "reply to one\n3\n"
    assert [function for function, _ in host.asked] == ["llm_query", "budget"]


async def test_a_batch_is_concurrent_and_keeps_its_order(repl: Repl, host: Host) -> None:
    host.together = asyncio.Barrier(8)
    seen = await repl.run("print(llm_query_batched([str(i) for i in range(8)])[5])")
    assert seen.output == "reply to 5\n"
    assert host.most_in_flight == 8


async def test_a_failed_call_raises_in_the_cell(repl: Repl) -> None:
    seen = await repl.run(
        "try:\n    llm_query('fail')\nexcept Exception as error:\n    print('caught:', error)"
    )
    assert "caught: the provider is away; try later" in seen.output
    uncaught = await repl.run("llm_query('fail')")
    assert uncaught.error is not None
    assert "the provider is away; try later" in uncaught.error


async def test_a_fault_of_the_host_ends_the_run(
    repl: Repl, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(function: str, arguments: Mapping[str, object]) -> object:
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr(host, "call", broken)
    with pytest.raises(ZeroDivisionError, match="a fault of ours"):
        await repl.run("try:\n    llm_query('x')\nexcept BaseException:\n    pass")


async def test_a_child_is_given_its_context(repl: Repl, host: Host) -> None:
    await repl.run("rlm_query('sum it up', ['some text', 'more'])")
    function, arguments = host.asked[0]
    assert function == "rlm_query"
    given = arguments["context"]
    assert isinstance(given, dict)
    assert given["shape"] == "documents"
    assert given["texts"] == ["some text", "more"]


async def test_functions_that_were_not_offered_do_not_exist(sandbox: Sandbox, host: Host) -> None:
    repl = await sandbox.open(ReplSetup(context=Context.of_text("x"), functions=("budget",)), host)
    seen = await repl.run("llm_query('one')")
    assert seen.error is not None
    assert "NameError" in seen.error
    await repl.close()


async def test_tables_are_asked_the_same_on_every_tier(sandbox: Sandbox, host: Host) -> None:
    documents = (Document(name="stock.csv", text="item,qty\nnut,60\nbolt,10\nscrew,70\n"),)
    repl = await sandbox.open(ReplSetup(context=Context(documents=documents)), host)
    seen = await repl.run(
        "found = ask_tables('How many rows have qty > 50? Answer with the number, and nothing else.')\n"
        "refused = ask_tables('How many rows have colour = red?')\n"
        "print(found['places'], refused['status'], refused['why'])\n"
        "FINAL(found['answer'])"
    )
    assert seen.error is None
    assert seen.output == "['stock.csv:2', 'stock.csv:4'] refused no column 'colour'; columns: item, qty\n"
    assert seen.final == Final(value="2")
    assert host.asked == []
    await repl.close()


async def test_reserved_names_come_back(repl: Repl) -> None:
    await repl.run("context = None\ndel FINAL")
    seen = await repl.run("print(len(context))\nFINAL(1)")
    assert seen.output == "2\n"
    assert seen.final is not None


async def test_closing_twice_is_safe(repl: Repl) -> None:
    await repl.close()
    await repl.close()


async def test_a_fork_goes_its_own_way(repl: Repl, host: Host) -> None:
    await repl.run("x = [1]\ndef double(): return 2 * x[0]")
    other = Host()
    branch = await repl.fork(other)
    await branch.run("x.append(2)\nprint(llm_query('from the branch'))")
    assert (await branch.run("print(x, double())")).output == "[1, 2] 2\n"
    assert (await repl.run("print(x, double())")).output == "[1] 2\n"
    assert [arguments["prompt"] for _, arguments in other.asked] == ["from the branch"]
    assert host.asked == []
    await branch.close()
    assert (await repl.run("print(len(context))")).output == "2\n"


async def test_a_fork_outlives_what_it_was_forked_from(repl: Repl, host: Host) -> None:
    await repl.run("x = 7")
    branch = await repl.fork(host)
    await repl.close()
    assert (await branch.run("print(x)")).output == "7\n"
    await branch.close()


async def test_a_twin_has_exactly_the_same_state_and_goes_its_own_way(repl: Repl, host: Host) -> None:
    await repl.run("x = [1]")
    other = Host()
    twin = await repl.twin(other)
    if twin is None:
        assert (await repl.run("print(x)")).output == "[1]\n", "one that cannot be made changes nothing"
        return
    await repl.run("x.append(2)")
    assert (await twin.run("print(x, llm_query('from the twin'))")).output == "[1] reply to from the twin\n"
    assert [arguments["prompt"] for _, arguments in other.asked] == ["from the twin"]
    await repl.close()
    assert (await twin.run("print(x, len(context))")).output == "[1] 2\n"
    await twin.close()


async def test_random_numbers_continue_in_a_twin_of_a_process(repl: Repl, host: Host) -> None:
    await repl.run("import random\nrandom.seed(5)\nrandom.random()")
    twin = None if type(repl).__name__ == "_FakeRepl" else await repl.twin(host)
    if twin is None:
        pytest.skip("no twin, or no process of its own")
    draw = "print(random.random(), random.gauss(0, 1))"
    assert (await twin.run(draw)).output == (await repl.run(draw)).output
    await twin.close()


async def test_a_repl_whose_threads_still_run_has_no_twin_and_goes_on(repl: Repl, host: Host) -> None:
    if type(repl).__name__ != "ProcessRepl":
        pytest.skip("no process of its own")
    await repl.run(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(3,), daemon=True).start()\nx = 1"
    )
    assert await repl.twin(host) is None
    assert (await repl.run("print(x)")).output == "1\n"


class Foreseeing:
    """Answers what is foreseen as the host does."""

    is_eager = False

    def __init__(self, host: Host) -> None:
        self._host = host
        self.foreseen: list[Foreseen] = []

    async def foresee(self, call: Foreseen) -> object:
        self.foreseen.append(call)
        return f"reply to {call.arguments['prompt']}"

    def retract(self, numbers: Sequence[int]) -> None:
        pass


async def test_a_cell_does_the_same_when_it_is_foreseen(repl: Repl, host: Host) -> None:
    cell = "out = []\nfor name in ['a', 'b', 'c']:\n    out.append(llm_query(name))\nprint(out)"
    alone = await repl.run(cell)
    foreseeing = Foreseeing(host)
    seen = await repl.run(cell, ahead=foreseeing)
    assert (seen.output, seen.error) == (alone.output, None)
    assert [call.arguments["prompt"] for call in foreseeing.foreseen] in (
        [],
        ["a", "b", "c"],
        ["a", "b"],
        ["a"],
    )
    assert [arguments["prompt"] for _, arguments in host.asked] == ["a", "b", "c"] * 2


async def test_a_cell_that_is_still_being_written_can_be_foreseen_where_any_can(
    repl: Repl, host: Host
) -> None:
    foreseeing = Foreseeing(host)
    scout = await repl.scout(foreseeing)
    if scout is None:
        pytest.skip("nothing is foreseen here")
    await repl.run("before = 1")
    scout.tell("names = ['a', 'b']\n", is_all=False)
    scout.tell("names = ['a', 'b']\nfor name in names: llm_query(name)\n", is_all=False)
    scout.tell("names = ['a', 'b']\nfor name in names: llm_query(name)\nllm_query('last')\n", is_all=True)
    async with asyncio.timeout(5):
        while len(foreseeing.foreseen) < 3:  # noqa: ASYNC110 - a scout says nothing
            await asyncio.sleep(0.01)
    scout.close()
    assert [call.arguments["prompt"] for call in foreseeing.foreseen] == ["a", "b", "last"]
    assert (await repl.run("print(before, 'names' in globals())")).output == "1 False\n"
    assert host.asked == []
