"""The way to a Ray cluster: it connects, starts actors on nodes, and says whether the head and the nodes are there.

Ray is imported here only, and quietly: no statistics of use, no dashboard, nothing on stdout.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from harlm.errors import ConfigError, ExecutorFailure

_CONNECT_S = 5.0  # for the head to say that it is one
_INIT_S = 90.0  # for this process to join the cluster
_QUIT_S = 20.0
_CALL_S = 10.0  # for a question to the head
_STORE = 128 << 20  # bytes of the object store of a cluster that is started here
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(
    (0, 0, 0, 4, 0, 0, 0, 0, 0)
)  # of HTTP/2, which heads speak
_SETTINGS = 4  # the kind of the first frame of a server


class RayCluster:
    """A cluster to which this process is connected.

    Args:
        ray: the module.
        head: the address of its head, ``host:port``, as it is reached from here.
    """

    def __init__(self, ray: Any, head: str) -> None:
        self._ray, self.head = ray, head

    @property
    def here(self) -> str:
        """The id of the node of this process."""
        return str(self._ray.get_runtime_context().get_node_id())

    async def nodes(self) -> list[str]:
        """The ids of the nodes that are alive.

        Raises:
            ExecutorFailure: the head does not say.
        """
        try:
            async with asyncio.timeout(_CALL_S):
                told = await asyncio.to_thread(self._ray.nodes)
        except (TimeoutError, self._ray.exceptions.RayError) as error:
            raise ExecutorFailure(f"the head of the cluster at {self.head} does not answer") from error
        return [str(each["NodeID"]) for each in told if each["Alive"]]

    def put(self, data: bytes) -> Any:
        """Place data in the cluster. Waits, so call it in a thread.

        Raises:
            ExecutorFailure: there is no room.
        """
        try:
            return self._ray.put(data)
        except self._ray.exceptions.RayError as error:
            raise ExecutorFailure(f"{len(data):,} bytes cannot be placed in the cluster: {error}") from error

    def actor(self, kind: type[object], node: str, *arguments: object) -> Any:
        """Start an actor on a node, and nowhere else.

        Args:
            kind: its class.
            node: the id of the node.
            arguments: of the class.
        """
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        placed = NodeAffinitySchedulingStrategy(node, soft=False)
        options = {"num_cpus": 0, "max_restarts": 0, "max_task_retries": 0, "max_concurrency": 10_000}
        return self._ray.remote(kind).options(scheduling_strategy=placed, **options).remote(*arguments)

    async def reply(self, reference: Any, seconds: float | None = None) -> Any:
        """What a method of an actor returns.

        Args:
            reference: of the call.
            seconds: to wait for it; ``None`` for ever.

        Raises:
            ExecutorFailure: the actor is gone, does not answer in time, or cannot be started.
        """
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.wrap_future(reference.future())
        except TimeoutError:
            raise ExecutorFailure(f"no answer within {seconds:g} s") from None
        except self._ray.exceptions.RayError as error:
            raise ExecutorFailure(_first_line(error)) from error

    def kill(self, actor: Any) -> None:
        """End an actor, if it still lives."""
        with suppress(Exception):  # it is gone, or nothing is left that could end it
            self._ray.kill(actor, no_restart=True)

    async def has_head(self) -> bool:
        """Whether the head is there."""
        return await _speaks(self.head, _CONNECT_S)


@asynccontextmanager
async def open_cluster(address: str | None) -> AsyncIterator[RayCluster]:
    """A connection to a cluster, closed at the end. A process that is connected already uses that one.

    Args:
        address: ``host:port`` of its head; ``auto`` for the one that runs on this machine; ``None`` starts one here.

    Raises:
        ConfigError: Ray is not installed, the address is none, or the cluster has other versions.
        ExecutorFailure: no cluster is there.
    """
    ray = _ray()
    if ray.is_initialized():
        yield RayCluster(ray, str(ray.get_runtime_context().gcs_address))
        return
    head = None if address is None else await _found(address)
    await _connect(ray, head)
    try:
        yield RayCluster(ray, head or str(ray.get_runtime_context().gcs_address))
    finally:
        with suppress(TimeoutError):
            await _aside(ray.shutdown, _QUIT_S)


def _ray() -> Any:
    """The module.

    Raises:
        ConfigError: it is not installed.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise ConfigError(
            f"the executor ray needs Ray, which cannot be imported here ({error}): pip install 'harlm[ray]'"
        ) from error
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    return ray


async def _found(address: str) -> str:
    """``host:port`` of a head that answers.

    Raises:
        ConfigError: it is no such address.
        ExecutorFailure: no cluster is there.
    """
    head = _running_here() if address == "auto" else address
    host, colon, port = head.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65_536 or "/" in host:
        raise ConfigError(
            f"{address!r} is not the address of a Ray cluster; write host:port of its head, such as 10.0.0.1:6379, or auto"
        )
    if not await _speaks(head, _CONNECT_S):
        raise ExecutorFailure(
            f"no Ray cluster answers at {head}; start one there with `ray start --head --port {port}`, or leave --address out"
        )
    return head


def _running_here() -> str:
    """The head of the cluster that runs on this machine.

    Raises:
        ExecutorFailure: none does.
    """
    named = os.environ.get("RAY_ADDRESS", "")
    if not named or named == "auto":
        from ray._private import services

        named = services.canonicalize_bootstrap_address("auto") or ""
    if not named:
        raise ExecutorFailure(
            "no Ray cluster runs on this machine; start one with `ray start --head`, or leave --address out"
        )
    return named


async def _speaks(head: str, seconds: float) -> bool:
    """Whether something answers at an address as a head does: Ray itself would wait for minutes."""
    host, _, port = head.rpartition(":")
    writer = None
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            writer.write(_GREETING)
            return (await reader.readexactly(9))[3] == _SETTINGS
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    finally:
        if writer is not None:
            writer.close()


async def _connect(ray: Any, head: str | None) -> None:
    """Join a cluster, or start one here.

    Raises:
        ConfigError: it has other versions.
        ExecutorFailure: it cannot be joined.
    """
    how: dict[str, object] = {"log_to_driver": False, "configure_logging": False, "logging_level": "critical"}
    if head is None:
        how |= {"address": "local", "include_dashboard": False, "object_store_memory": _STORE}
    else:
        how["address"] = head
    where = "on this machine" if head is None else f"at {head}"
    try:
        await _aside(partial(ray.init, **how), _INIT_S)
    except TimeoutError:
        raise ExecutorFailure(
            f"the Ray cluster {where} did not let this process in within {_INIT_S:g} s"
        ) from None
    except (Exception, SystemExit) as error:
        if "ersion mismatch" in str(error):
            said = " ".join(str(error).split())
            raise ConfigError(f"the cluster {where} has other versions of Ray or Python: {said}") from error
        raise ExecutorFailure(f"the Ray cluster {where} cannot be used: {_first_line(error)}") from error


async def _aside(work: Callable[[], object], seconds: float) -> None:
    """Do work in a thread for which the end of the process does not wait: Ray may block for minutes.

    Raises:
        TimeoutError: it takes longer.
    """
    loop, done = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

    def tell(error: BaseException | None) -> None:
        if done.done():
            return  # it took too long
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def carry_out() -> None:
        error: BaseException | None = None
        try:
            work()
        except BaseException as raised:  # noqa: BLE001 - Ray also raises SystemExit; it is raised where it is awaited
            error = raised
        with suppress(RuntimeError):  # the loop has closed
            loop.call_soon_threadsafe(tell, error)

    threading.Thread(target=carry_out, daemon=True, name="harlm-ray").start()
    async with asyncio.timeout(seconds):
        await done


def _first_line(error: BaseException) -> str:
    """What an error says, without the traceback that Ray puts into it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:400]
