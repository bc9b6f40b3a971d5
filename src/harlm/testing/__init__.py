"""Fakes for tests of whatever uses HARLM: a model that follows a script, the same over real HTTP, a provider
that fails in every way that providers do (``harlm.testing.faults``), the server beneath both, and a REPL
without a process. They pass the contract suites that the real ones pass.
"""

from harlm.testing.batches import BatchDesk
from harlm.testing.chat_server import ChatServer
from harlm.testing.dialects import ModelReply, Request, Tokens
from harlm.testing.faulty import FaultyServer
from harlm.testing.limits import Limits
from harlm.testing.models import ScriptedModel
from harlm.testing.sandbox import FakeSandbox
from harlm.testing.scripted import ScriptedServer
from harlm.testing.sinks import EventLog

__all__ = [
    "BatchDesk",
    "ChatServer",
    "EventLog",
    "FakeSandbox",
    "FaultyServer",
    "Limits",
    "ModelReply",
    "Request",
    "ScriptedModel",
    "ScriptedServer",
    "Tokens",
]
