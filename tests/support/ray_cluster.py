"""A real Ray cluster on this machine, and the processes in it."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.busy import eventually
from tests.support.processes import descendants

HAS_RAY = importlib.util.find_spec("ray") is not None
_STORE = 80 << 20  # bytes of each object store: about the least that Ray takes
_SIZE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": _STORE}


@contextlib.contextmanager
def cluster_of(nodes: int = 2) -> Iterator[Any]:
    """A cluster of some nodes; its processes are ended at the end. Skips the test where Ray cannot start one."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    try:
        cluster: Any = Cluster(initialize_head=True, head_node_args=_SIZE | {"include_dashboard": False})
        for _ in range(nodes - 1):
            add_node(cluster)
    except Exception as error:  # noqa: BLE001 - whatever hinders Ray here
        pytest.skip(f"Ray cannot start a cluster here: {error}")
    try:
        yield cluster
    finally:
        cluster.shutdown()


def add_node(cluster: Any) -> Any:
    """One node more."""
    return cluster.add_node(**_SIZE)


def address_of(cluster: Any) -> str:
    """The address of the head, by way of this machine's loopback."""
    return f"127.0.0.1:{str(cluster.address).rpartition(':')[2]}"


def logs_of(cluster: Any) -> bytes:
    """All that the processes of a cluster have logged."""
    files = Path(cluster.head_node.get_logs_dir_path()).rglob("*")
    return b"".join(each.name.encode() + each.read_bytes() for each in files if each.is_file())


def kill_node(node: Any) -> None:
    """End the raylet of a node and its workers, as the loss of a machine does."""
    (raylet,) = node.all_processes["raylet"]
    pid = raylet.process.pid
    below = descendants(pid)
    for each in (pid, *below):
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    assert eventually(lambda: all(not Path(f"/proc/{each}").exists() or _is_dead(each) for each in below), 10)


def kill_head(cluster: Any) -> None:
    """End the process of the head that knows the cluster."""
    (server,) = cluster.head_node.all_processes["gcs_server"]
    os.kill(server.process.pid, signal.SIGKILL)


def _is_dead(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True
