"""Starts a scout next to a cell: a fork of this process that works through the rest of the cell ahead of it,
and asks the host early for the calls that the cell will make. If this process cannot fork, the scout is
another process with copies of the variables. Decides when a scout may help, and isolates it; what a scout
does is in ``harlm.guest.scout``.

Protects the cell from its scout: the scout is a process of its own, changes no file, has none of the cell's
descriptors, and starts neither threads nor processes.
"""

from __future__ import annotations

import ast
import builtins
import gc
import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from ..scout.pending import Pending
from ..scout.scout import HostReply, MoreCode, OpenTail, Scout
from ..scout.syntax import DEFINITIONS, callers_among
from ..scout.world import Lost
from ..vocabulary import GIVEN, MODEL_CALLS
from . import snapshot
from .channel import CallRefused, Channel, Frame, FrameTooLarge, HostGone
from .functions import HostFunctions
from .output import Captured, CellStreams
from .snapshot import Rest
from .tools import functions_of, pure_among

_MARK = "\0ahead"
_RETRACTED = 1024  # calls that one frame takes back
_CPU_S = 20.0  # processor time of a scout, in seconds
_SHARING = ("mmap", "multiprocessing.shared_memory")  # with these modules, processes can share memory
_LOOPS = (
    ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda, ast.AsyncFor,
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FORBIDDEN = (
    "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.utime", "os.chmod",
    "os.chown", "os.kill", "os.killpg", "os.system", "os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn",
    "subprocess.Popen", "socket.connect", "socket.bind", "socket.sendto", "shutil.", "_thread.start_new_thread",
    "signal.pthread_kill",
)  # fmt: skip


class ScoutLauncher:
    """Starts the scout of one cell.

    Args:
        channel: the REPL's connection to the host.
        descriptors: the scout's connection to the host, its output, and the rules that it is put under, if the
            tier has rules; empty if this process cannot fork.
        become: cuts a fork of this process off from the cell, given these descriptors.
        is_eager: whether the scout may look past a possible end of a loop without limit.
    """

    def __init__(
        self, channel: Channel, descriptors: list[int], become: Callable[..., None], *, is_eager: bool
    ) -> None:
        self._is_eager = is_eager
        self._channel = channel
        self._descriptors = descriptors
        self._become = become
        self._pid = 0

    def mark_start(
        self, tree: ast.Module, file: str, sources: Mapping[str, str], names: dict[str, Any]
    ) -> None:
        """Insert a call into ``tree`` that starts the scout: before the first statement that can call a
        model, if more than one call is to be made. The call is a statement of the cell, so that the cell
        stays one piece of code.

        Args:
            tree: the syntax of the cell, which is changed.
            file: the file name that the cell's code has.
            sources: the text of this cell and the earlier ones, by file name.
            names: the variables of the REPL.
        """
        single = MODEL_CALLS.union(str(shape["name"]) for shape in pure_among(names))
        at = _first_that_calls(tree.body, set(callers_among(names)), single)
        if at is None:
            return
        rest = Rest(names, sources, file, sources[file], at)

        def start() -> None:
            delattr(builtins, _MARK)
            if not self._fork(rest) and (data := snapshot.pack(rest)) is not None:
                with suppress(FrameTooLarge):
                    self._channel.send({"op": "copies", "data": data})

        setattr(builtins, _MARK, start)
        first = tree.body[at]
        mark = ast.Expr(ast.Call(ast.Name(_MARK, ast.Load()), [], []))
        for node in ast.walk(mark):
            ast.copy_location(node, first)
        tree.body.insert(at, mark)

    def start_early(self, file: str, sources: Mapping[str, str], names: dict[str, Any]) -> None:
        """Start a scout for a cell that is still being written; the host sends it the statements as they are
        written.
        """
        self._fork(Rest(names, sources, file, None, 0))

    def _fork(self, rest: Rest) -> bool:
        """Fork a scout; returns whether there is one now."""
        if threading.active_count() > 1 or not sys.modules.keys().isdisjoint(_SHARING):
            return False  # threads do not run in the fork, and it would change shared memory
        if not self._descriptors:
            return False
        drawn = random.getstate()  # Python seeds the generator again in a fork
        gc.disable()
        try:
            pid = self._channel.fork()
        except OSError:
            return False
        finally:
            gc.enable()
        if pid:
            self._pid = pid
            return True
        try:
            random.setstate(drawn)
            self._become(*self._descriptors)
            self._channel.send({"op": "ready"})
            scout(self._channel, rest, is_eager=self._is_eager)
        finally:  # also if the scout failed: this process must never return into the cell
            os._exit(0)

    def close(self) -> None:
        """Release what the launcher holds, after the cell has ended. The host ends the scout."""
        with suppress(AttributeError):
            delattr(builtins, _MARK)
        for each in self._descriptors:
            os.close(each)
        self._descriptors = []
        if self._pid:
            with suppress(OSError):
                os.waitpid(self._pid, os.WNOHANG)


def scout(channel: Channel, rest: Rest, *, is_eager: bool) -> None:
    """Be a scout, in a process that does nothing else from here on.

    Args:
        channel: the scout's own connection to the host.
        rest: the statements to work through, and the variables.
        is_eager: whether to look past a possible end of a loop without limit.
    """
    signal.setitimer(signal.ITIMER_VIRTUAL, _CPU_S)
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    gc.freeze()  # collections then skip the objects of the cell
    gc.set_threshold(100_000, 20, 100)
    nowhere = Captured(0, 0)
    nowhere.silence()
    CellStreams(nowhere).put()
    sys.addaudithook(_forbid)
    functions = [name for name in GIVEN if name in MODEL_CALLS and name in rest.names]
    pure = pure_among(rest.names)
    tree = rest.tree()
    scout = Scout(
        rest.names,
        rest.cells if tree is None else {**rest.cells, rest.file: tree},
        rest.file,
        _Line(channel),
        lambda post: {**_tools(post, functions), **functions_of(pure, post)},
        CallRefused,
        is_eager=is_eager,
    )
    with suppress(HostGone):
        if tree is None:
            scout.follow()
        else:
            scout.run(tree.body[rest.at :])


def _tools(post: Callable[[str, Frame], Pending], functions: list[str]) -> Mapping[str, Callable[..., Any]]:
    return HostFunctions(post, lambda name, calls: [post(name, arguments) for arguments in calls]).named(
        functions
    )


class _Line:
    """A scout's connection to the host (a ``harlm.guest.scout.scout.Line``) over the frames of a channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def post(self, function: str, arguments: Frame, needs: list[int], *, is_certain: bool) -> int:
        """See ``harlm.guest.scout.scout.Line``."""
        return self._channel.post(function, arguments, needs, is_certain=is_certain)

    def retract(self, numbers: list[int]) -> None:
        """See ``harlm.guest.scout.scout.Line``."""
        for at in range(0, len(numbers), _RETRACTED):
            self._channel.send({"op": "retract", "ids": numbers[at : at + _RETRACTED]})

    def receive(self, *, wait: bool) -> HostReply | MoreCode | OpenTail | None:
        """See ``harlm.guest.scout.scout.Line``."""
        frame = self._channel.anything(wait=wait)
        if frame is None:
            return None
        if frame["op"] == "more":
            return MoreCode(frame["code"], frame["all"])
        if frame["op"] == "tail":
            return OpenTail(frame["text"])
        return HostReply(frame["id"], frame.get("value"), frame.get("message"))


def _forbid(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: stops what other processes could see, and leaves it to the cell.

    Raises:
        Lost: the event would change something outside this process.
    """
    if event == "open":
        flags = arguments[2]
        if isinstance(flags, int) and flags & _WRITING:
            raise Lost(event)
    elif event.startswith(_FORBIDDEN):
        raise Lost(event)


def _first_that_calls(
    body: list[ast.stmt], callers: set[str], single: frozenset[str] = MODEL_CALLS
) -> int | None:
    """The index of the first statement that can call a model; ``None`` if at most one call is made.

    Args:
        body: the cell.
        callers: the names that lead to calls; those that the cell defines are added.
        single: those of them that make one call.
    """
    first: int | None = None
    calls = 0
    for at, node in enumerate(body):
        if isinstance(node, DEFINITIONS):
            names = _names(node)
            if names & callers and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                callers.add(node.name)
                callers |= {
                    each.name
                    for each in node.body
                    if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and _names(each) & callers
                }
            continue
        if found := _names(node) & callers:
            first = at if first is None else first
            is_many = bool(found - single) or _has_loop(node) or len(found) > 1 or _count(node, callers) > 1
            calls += 2 if is_many else 1
    return first if calls > 1 else None


def _names(node: ast.AST) -> set[str]:
    """All names and attributes in a node."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        each = waiting.pop()
        kind = type(each)
        if kind is ast.Name:
            found.add(each.id)  # type: ignore[attr-defined] # a name
        elif kind is ast.Constant:
            continue
        else:
            if kind is ast.Attribute:
                found.add(each.attr)  # type: ignore[attr-defined] # an attribute
            waiting += ast.iter_child_nodes(each)
    return found


def _has_loop(node: ast.AST) -> bool:
    return any(isinstance(each, _LOOPS) for each in ast.walk(node))


def _count(node: ast.AST, names: set[str]) -> int:
    return sum(isinstance(each, ast.Name) and each.id in names for each in ast.walk(node))
