"""Chooses the executor of a batch: the one place that knows them all."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Literal, get_args

from harlm.budget import Caps
from harlm.budget.purse import Purse
from harlm.errors import ConfigError
from harlm.executors.local import open_local
from harlm.executors.runs import Executor
from harlm.executors.setup import RunSetup
from harlm.types import Amounts

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
    name: ExecutorName, setup: RunSetup, *, address: str | None, purse: Purse, caps: Caps, earlier: Amounts
) -> AbstractAsyncContextManager[Executor]:
    """The executor that a user has chosen; closing it ends its runs.

    Args:
        name: which.
        setup: what the runs have in common.
        address: of the cluster; ``None`` for the executor's own choice.
        purse: pays for all runs if they are carried out in this process.
        caps, earlier: of the same purse, for executors that keep books of their own: its limits, and what it has paid.

    Raises:
        HarlmError: on entering, why it cannot be used.
    """
    if name == "ray":
        from harlm.executors.ray.executor import open_ray

        return open_ray(setup, address=address, caps=caps, earlier=earlier)
    return open_local(setup, purse=purse)
