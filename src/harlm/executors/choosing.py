"""Chooses the executor of a batch: the one place that knows them all."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Literal, get_args

from harlm.budget import Caps
from harlm.budget.purse import Purse
from harlm.config import Config
from harlm.errors import ConfigError
from harlm.executors.local import open_local
from harlm.executors.runs import Executor
from harlm.interruption import Interruption
from harlm.running import ClientParts
from harlm.tracing.request import Sources
from harlm.types import Amounts, Context

ExecutorName = Literal["local", "ray"]
"""Where the runs of a batch are carried out: in this process, or on the nodes of a Ray cluster."""

EXECUTORS: tuple[str, ...] = get_args(ExecutorName)


def check_executor(name: str, address: str | None, at_once: int = 1) -> None:
    """Check what a user has chosen.

    Raises:
        ConfigError: there is no such executor, it has no address, or no run may be under way.
    """
    if at_once < 1:
        raise ConfigError(f"at_once is {at_once}; give at least 1")
    if name not in EXECUTORS:
        raise ConfigError(f"there is no executor {name!r}; choose one of {', '.join(EXECUTORS)}")
    if name == "local" and address is not None:
        raise ConfigError(
            f"the address {address!r} is of a cluster, and runs are carried out in this process; choose the executor ray too "
            "(--executor ray, executor='ray')"
        )


def open_executor(
    name: ExecutorName,
    parts: ClientParts,
    config: Config,
    context: Context,
    origin: Sources,
    *,
    address: str | None,
    documents: str,
    at_once: int,
    purse: Purse,
    caps: Caps,
    earlier: Amounts,
    interruption: Interruption,
    accept_changes: bool,
) -> AbstractAsyncContextManager[Executor]:
    """The executor that a user has chosen; closing it ends its runs.

    Args:
        name: which.
        parts, config, context, origin, at_once, interruption, accept_changes: as for ``open_local``.
        address: of the cluster; ``None`` for the executor's own choice.
        documents: a digest of the context.
        purse: pays for all runs if they are carried out in this process.
        caps, earlier: of the same purse, for executors that keep books of their own: its limits, and what it has paid.

    Raises:
        HarlmError: on entering, why it cannot be used.
    """
    if name == "ray":
        from harlm.executors.ray.executor import open_ray

        return open_ray(
            parts, config, context, origin, address=address, documents=documents, at_once=at_once, caps=caps,
            earlier=earlier, interruption=interruption, accept_changes=accept_changes,
        )  # fmt: skip
    return open_local(
        parts, config, context, origin, at_once=at_once, purse=purse, interruption=interruption,
        accept_changes=accept_changes,
    )  # fmt: skip
