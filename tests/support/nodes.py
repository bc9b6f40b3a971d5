"""Nodes on scripted models, and what tests ask of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harlm.budget import Account, Billing, Caps, PriceList
from harlm.config import EngineSettings
from harlm.context import Searcher
from harlm.engine import Models, Node, Run, solve
from harlm.engine.call import Call, make
from harlm.engine.queries import Queries
from harlm.engine.repl_api import ReplApi
from harlm.events import Role
from harlm.protocols import LanguageModel
from harlm.router import HeuristicRouter
from harlm.testing import EventLog, FakeSandbox
from harlm.types import Completion, Message, Price, Task


def node_with(
    model: LanguageModel,
    sub: LanguageModel | None = None,
    *,
    economy: LanguageModel | None = None,
    caps: Caps | None = None,
    prices: Mapping[str, Price] | None = None,
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
        billing=Billing(PriceList(own=prices) if prices else None),
    )
    models = Models(root=model, sub=sub or model, economy=economy)
    return Node(run=run, models=models, account=Account(caps)), log


async def ask_model(node: Node, messages: Sequence[Message] = (), role: Role = "root") -> Completion:
    """One call of the node's root model."""
    completion, seconds = await make(node, Call(model=node.models.root, messages=messages, role=role))
    assert seconds >= 0
    return completion


def api_of(task: Task, node: Node, searcher: Searcher) -> ReplApi:
    """What the cells of a node may ask."""
    return ReplApi(task, node, queries=Queries(task, node, solve=solve), searcher=searcher)
