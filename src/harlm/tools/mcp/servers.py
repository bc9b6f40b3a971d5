"""What the user says of an MCP server: how it is reached, and what it may be used for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePath
from urllib.parse import SplitResult, urlsplit

from harlm.errors import ConfigError
from harlm.tools.functions import Gate, checked_gate, checked_timeout
from harlm.tools.names import python_name

_KEYS = ("url", "headers", "command", "env", "cwd", "name", "allow", "pure", "gate", "timeout")
_LAUNCHERS = frozenset("python python3 pypy3 node npx bunx bun deno uvx uv pipx ruby sh bash".split())
"""Programs whose first argument names what they run."""

_PLAIN_SEGMENT = re.compile(r"[A-Za-z._-]{0,20}|v?\d{1,3}")
_SECRET_OPTION = re.compile(r"-.*(?:key|token|secret|pass|auth)", re.IGNORECASE)
_SHORTEST_SECRET = 6  # characters of an option's value; a shorter one is a word such as "none"
_HARMLESS = frozenset("-m -y -u -I -E -s -S -P".split())  # options that a label shows
_SCRIPTS = (".py", ".js", ".mjs", ".ts", ".sh")
_LONGEST_LABEL = 100
_MOST_SERVERS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class McpServer:
    """An MCP server: a program that is started, or an address.

    Attributes:
        name: stands before the names of its tools where another tool has the same; a name of Python.
        label: how messages call it; holds no secret.
        command: the program and its arguments; empty for an address.
        url: the address of a streamable HTTP endpoint; empty for a program.
        env: variables of the program, besides a few harmless ones of this process.
        headers: of each request to the address.
        cwd: the folder of the program; ``None`` for the current one.
        allow: the names of the tools that cells get, as the server calls them; ``None`` for all.
        pure: those that change nothing, so that they may be called early.
        gate: asked before each call.
        timeout_s: seconds that opening may take, and each call.
    """

    name: str
    label: str
    command: tuple[str, ...] = field(default=(), repr=False)
    url: str = field(default="", repr=False)
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cwd: str | None = None
    allow: tuple[str, ...] | None = None
    pure: tuple[str, ...] = ()
    gate: Gate | None = field(default=None, repr=False)
    timeout_s: float = 60.0

    @property
    def is_here(self) -> bool:
        """Whether it runs on this machine."""
        host = urlsplit(self.url).hostname or ""
        return bool(self.command) or host in ("localhost", "::1") or host.startswith("127.")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that must not be stored or shown."""
        found = [*self.env.values(), *self.headers.values(), *_secret_words(self.command)]
        found += [value.partition(" ")[2] for value in self.headers.values()]  # behind "Bearer"
        if self.url:
            parts = urlsplit(self.url)
            found += [parts.password or "", *(each.partition("=")[2] for each in parts.query.split("&"))]
            found += [each for each in parts.path.split("/") if not _PLAIN_SEGMENT.fullmatch(each)]
        return tuple(each for each in found if each)


def servers_of(given: Iterable[object]) -> tuple[McpServer, ...]:
    """The servers of ``HARLM(mcp=…)``.

    Args:
        given: for each server an address, a command, or a mapping with ``url`` or ``command`` and more.

    Raises:
        ConfigError: one of them is something else.
    """
    if isinstance(given, str | bytes | Mapping) or not hasattr(given, "__iter__"):
        raise ConfigError(
            f"mcp is of type {type(given).__name__}; pass a list of addresses and commands of MCP servers"
        )
    servers = tuple(map(_server, given))
    if len(servers) > _MOST_SERVERS:
        raise ConfigError(f"mcp names {len(servers)} servers; at most {_MOST_SERVERS} can be used at once")
    return servers


def _server(given: object) -> McpServer:
    if isinstance(given, McpServer):
        return given
    if isinstance(given, str):
        return _from({"url" if _is_address(given) else "command": given})
    if isinstance(given, Mapping):
        return _from(given)
    raise ConfigError(
        f"an MCP server is given by a {type(given).__name__}; pass its address, its command, or a dict with one of them"
    )


def _from(given: Mapping[object, object]) -> McpServer:
    if unknown := [key for key in given if key not in _KEYS]:
        raise ConfigError(f"an MCP server has no {unknown[0]!r}; there are {', '.join(_KEYS)}")
    if ("url" in given) == ("command" in given):
        raise ConfigError("an MCP server needs either 'url' or 'command'")
    if "url" in given:
        command: tuple[str, ...] = ()
        url, label, likely = _address(given["url"])
    else:
        url, (command, label, likely) = "", _command(given["command"])
    for key, other in (("env", "command"), ("cwd", "command"), ("headers", "url")):
        if key in given and other not in given:
            raise ConfigError(f"the MCP server {label} has {key!r}, which belongs to a server with {other!r}")
    what = f"the MCP server {label}"
    cwd, name = given.get("cwd"), given.get("name")
    return McpServer(
        name=python_name(str(name)) if name else likely,
        label=label,
        command=command,
        url=url,
        env=_texts(given.get("env", {}), f"env of {what}"),
        headers=_texts(given.get("headers", {}), f"headers of {what}"),
        cwd=None if cwd is None else str(cwd),
        allow=None if given.get("allow") is None else _names(given["allow"], f"allow of {what}"),
        pure=_names(given.get("pure", ()), f"pure of {what}"),
        gate=checked_gate(given.get("gate"), what),
        timeout_s=checked_timeout(given.get("timeout", 60.0), what),
    )


def _is_address(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


def _address(given: object) -> tuple[str, str, str]:
    """An address, how messages call it, and a name made of it."""
    url = str(given)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or not _is_address(url) or any(each.isspace() for each in url):
        shown = url.rpartition("@")[2].partition("?")[0][:_LONGEST_LABEL]
        raise ConfigError(
            f"{shown!r} is not the address of an MCP server: it must begin with http:// or https://"
        )
    return url, _label_of(parts), python_name(host)


def _label_of(parts: SplitResult) -> str:
    """An address without its user, password, query and fragment, nor the parts of its path that look like keys."""
    path = "/".join(each if _PLAIN_SEGMENT.fullmatch(each) else "…" for each in parts.path.split("/"))
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], path=path, query="", fragment="")
    return bare.geturl()[:_LONGEST_LABEL]


def _secret_words(command: Sequence[str]) -> list[str]:
    """The values of options whose names say that they are secret: ``--api-key VALUE``, ``--token=VALUE``."""
    found = [each.partition("=")[2] for each in command if _SECRET_OPTION.match(each)]
    found += [after for each, after in pairwise(command) if _SECRET_OPTION.match(each) and "=" not in each]
    return [each for each in found if len(each) >= _SHORTEST_SECRET]


def _command(given: object) -> tuple[tuple[str, ...], str, str]:
    """A command, how messages call it, and a name made of it."""
    if isinstance(given, str):
        try:
            words = shlex.split(given)
        except ValueError as error:
            raise ConfigError(
                f"the command of an MCP server cannot be split ({error}); pass a list"
            ) from error
    elif isinstance(given, Sequence) and not isinstance(given, bytes):
        words = [str(each) for each in given]
    else:
        words = []
    if not words or not words[0] or any("\0" in each for each in words):
        raise ConfigError("the command of an MCP server is empty or no list of words")
    shown = [PurePath(words[0]).name or words[0]]
    for word in words[1:] if shown[0] in _LAUNCHERS or shown[0].startswith("python3.") else ():
        if word in _HARMLESS:
            shown.append(word)
            continue
        if not word.startswith("-"):
            shown.append(word if word.startswith("@") else PurePath(word).name or word)
        break  # what follows may be secret
    last = shown[-1] if shown[-1] not in _HARMLESS else shown[0]
    bare = next((last.removesuffix(each) for each in _SCRIPTS if last.endswith(each)), last)
    return tuple(words), " ".join(shown)[:_LONGEST_LABEL], python_name(bare.rpartition("/")[2])


def _texts(given: object, what: str) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise ConfigError(f"{what} is of type {type(given).__name__}; pass a dict of texts")
    for key, value in given.items():
        if not isinstance(key, str) or not isinstance(value, str) or "\0" in key + value or not key:
            raise ConfigError(f"{what}: {key!r} must be a text with a text as value")
    return dict(given)


def _names(given: object, what: str) -> tuple[str, ...]:
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise ConfigError(f"{what} is of type {type(given).__name__}; pass a list of names of tools")
    names = tuple(given)
    if not all(isinstance(each, str) for each in names):
        raise ConfigError(f"{what} holds something else than names of tools")
    return names
