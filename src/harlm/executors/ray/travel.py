"""What a batch takes to the nodes of a cluster: settings without keys, keys apart from them, and the documents.

Objects of the caller's process cannot go there.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from harlm.config import Config, overridden
from harlm.errors import ConfigError, ContextError
from harlm.events import AnyEvent
from harlm.executors.runs import RunOutcome
from harlm.executors.setup import RunSetup
from harlm.home import home_of
from harlm.models.names import PROVIDERS
from harlm.running import ClientParts
from harlm.tracing.request import Sources, encoded_context
from harlm.types import Context, Price

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Baggage(msgspec.Struct, frozen=True, kw_only=True):
    """What each node is given besides the documents and the keys.

    Attributes:
        config: of each run, without a key or a store, and with a home that does not depend on the working folder.
        prices: of the client, by full model name.
        note: the first note of each run.
        origin: where the documents come from.
        documents: a digest of them.
        folder: the working folder of the client, in which paths of the settings are read.
        machine: of the client.
        at_once: runs under way at once on a node.
        accept_changes: as in ``RunSetup``.
        has_store: whether there is a store of memory and of paid calls that other machines reach.
    """

    config: Config
    prices: Mapping[str, Price] | None = None
    note: str | None = None
    origin: Sources = Sources()
    documents: str = ""
    folder: str = ""
    machine: str = ""
    at_once: int = 1
    accept_changes: bool = False
    has_store: bool = False


class NodeKeys:
    """The keys of models, which are sent to nodes apart from all else, and neither shown nor stored there.

    Args:
        api_key: of the settings.
        variables: the variables of providers that are set.
        store: the address of the shared store, which may hold a password.
    """

    def __init__(self, api_key: str | None, variables: Mapping[str, str], store: str | None = None) -> None:
        self.api_key, self.variables, self.store = api_key, dict(variables), store

    def __repr__(self) -> str:
        return "NodeKeys(hidden)"


class NodeFrame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a node tells of one run.

    Attributes:
        ticket: the number under which the run was asked for.
        events: of the run, in order.
        outcome: how it ended, once it has.
    """

    ticket: int
    events: tuple[AnyEvent, ...] = ()
    outcome: RunOutcome | None = None


def machine_here() -> str:
    """A name of this machine that no other one has."""
    boot = ""
    with suppress(OSError):
        boot = _BOOT.read_text(encoding="ascii").strip()
    return f"{socket.gethostname()} {boot}".strip()


def packed(setup: RunSetup) -> tuple[Baggage, NodeKeys]:
    """What goes to the nodes, with the keys apart.

    Raises:
        ConfigError: the client brings objects of this process.
    """
    parts, config = setup.parts, setup.config
    _refuse_objects(parts)
    names = [name for provider in PROVIDERS.values() for name in provider.key_variables]
    keys = NodeKeys(
        config.models.api_key,
        {name: os.environ[name] for name in names if os.environ.get(name)},
        config.memory.store,
    )
    bare = overridden(config, {"tracing.home": str(home_of(config).absolute()), "tracing.notebook": False})
    return (
        Baggage(
            config=with_keys(bare, NodeKeys(None, {})),
            prices=parts.prices,
            note=parts.note,
            origin=setup.origin,
            documents=setup.documents,
            folder=str(Path.cwd()),
            machine=machine_here(),
            at_once=setup.at_once,
            accept_changes=setup.accept_changes,
            has_store=keys.store is not None,
        ),
        keys,
    )


def with_keys(config: Config, keys: NodeKeys) -> Config:
    """Settings with these keys, and no others."""
    models = msgspec.structs.replace(config.models, api_key=keys.api_key)
    memory = msgspec.structs.replace(config.memory, store=keys.store)
    return msgspec.structs.replace(config, models=models, memory=memory)


def _refuse_objects(parts: ClientParts) -> None:
    what = {
        "a model that is an object or a function": parts.root is not None
        or parts.sub is not None
        or parts.models is not None,
        "tools": bool(parts.tools),
        "approve": parts.approve is not None,
    }
    for name, is_given in what.items():
        if is_given:
            raise ConfigError(
                f"{name} cannot be sent to the nodes of a cluster, since it lives in this process; name models such as "
                "openai/gpt-5 and leave tools and approve out, or use executor='local'"
            )


def packed_context(context: Context) -> bytes:
    """The documents, as they are placed in the cluster. Takes long for large ones, so call it in a thread.

    Raises:
        ContextError: a text cannot be encoded.
    """
    try:
        return encoded_context(context)
    except ValueError as error:
        raise ContextError(f"the documents cannot be sent to a cluster: {error}") from error


def encoded_frames(frames: list[NodeFrame]) -> bytes:
    """What a node tells, as bytes."""
    return msgspec.json.encode(frames)


_frames = msgspec.json.Decoder(list[NodeFrame])


def decoded_frames(data: bytes) -> list[NodeFrame]:
    """What a node has told.

    Raises:
        msgspec.MsgspecError: it is damaged.
    """
    return _frames.decode(data)
