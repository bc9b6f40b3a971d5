"""What the runs of a batch have in common, wherever they are carried out."""

from __future__ import annotations

from dataclasses import dataclass, field

from harlm.config import Config
from harlm.interruption import Interruption
from harlm.running import ClientParts
from harlm.tracing.request import Sources
from harlm.types import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSetup:
    """What all runs of an executor have in common.

    Attributes:
        parts: of the client.
        config: of each run.
        context: the documents of each run.
        documents: a digest of them.
        origin: where they come from.
        at_once: runs under way at once, in this process or on each node of a cluster.
        interruption: stops them.
        accept_changes: whether documents may have changed since a run that is taken up again has read them.
    """

    parts: ClientParts
    config: Config
    context: Context
    documents: str = ""
    origin: Sources = field(default_factory=Sources)
    at_once: int = 1
    interruption: Interruption = field(default_factory=Interruption)
    accept_changes: bool = False
