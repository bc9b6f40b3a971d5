"""Fakes for tests of whatever uses HARLM: a model that follows a script, the same over real HTTP, a provider that fails in
every way that providers do (``harlm.testing.faults``), and a REPL without a process. They pass the contract suites that
the real ones pass.
"""

from harlm.testing.faulty import FaultyServer, Limits
from harlm.testing.models import ScriptedModel
from harlm.testing.sandbox import FakeSandbox
from harlm.testing.server import Request, ScriptedServer
from harlm.testing.sinks import EventLog

__all__ = ["EventLog", "FakeSandbox", "FaultyServer", "Limits", "Request", "ScriptedModel", "ScriptedServer"]
