"""Nodes on scripted models, and the calls and answers that tests ask of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harlm.budget import Account, Billing, Caps, PriceList
from harlm.config import EngineSettings
from harlm.context import Searcher, load
from harlm.engine import Models, Node, Run, solve
from harlm.engine.call import Call, make
from harlm.engine.queries import Queries
from harlm.engine.repl_api import ReplApi
from harlm.events import Role
from harlm.memory import InMemoryStore, Memory
from harlm.protocols import LanguageModel, Tool
from harlm.router import HeuristicRouter
from harlm.testing import EventLog, FakeSandbox
from harlm.types import Answer, Completion, Message, Mode, Price, Task

PRICES = {"scripted/model": Price(input=1.0, output=4.0), "scripted/sub": Price(input=0.1, output=0.4)}
"""Dollars for a million tokens of the models that tests script."""


def node_with(
    model: LanguageModel,
    sub: LanguageModel | None = None,
    *,
    economy: LanguageModel | None = None,
    caps: Caps | None = None,
    prices: Mapping[str, Price] | None = None,
    tools: Sequence[Tool] = (),
    **settings: int,
) -> tuple[Node, EventLog]:
    """The root node of a run on these models, and the log of its events."""
    log = EventLog()
    run = Run(
        id="R",
        sandbox=FakeSandbox(),
        router=HeuristicRouter(),
        sink=log,
        settings=EngineSettings(**settings),  # type: ignore[arg-type] # numbers only
        memory=Memory(InMemoryStore(), run="R"),
        billing=Billing(PriceList(own=prices) if prices else None),
        tools={each.shape.name: each for each in tools},
    )
    models = Models(root=model, sub=sub or model, economy=economy)
    return Node(run=run, models=models, account=Account(caps)), log


async def answer_of(node: Node, mode: Mode = "full", context: object = "a text") -> Answer:
    """The answer of a node to "What?"."""
    return await solve(Task(question="What?", context=load(context), mode=mode), node)


async def ask_model(node: Node, messages: Sequence[Message] = (), role: Role = "root") -> Completion:
    """One call of the node's root model."""
    completion, seconds = await make(node, Call(model=node.models.root, messages=messages, role=role))
    assert seconds >= 0
    return completion


async def use_calls(node: Node, calls: int) -> None:
    """Settle this many calls at the node's account."""
    spent = await node.account.reserve(node.account.left._replace(calls=calls, tokens=0, micros=0))
    spent.settle(spent.bound)


def api_of(task: Task, node: Node, searcher: Searcher) -> ReplApi:
    """The functions of the host for the cells of a node."""
    return ReplApi(task, node, queries=Queries(task, node, solve=solve), searcher=searcher)
