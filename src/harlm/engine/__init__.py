"""Solving a task: one recursive function, the REPL loop, and what a cell may ask of its host. Depends on sockets, never on an
implementation of one.
"""

from harlm.engine.node import Node
from harlm.engine.run import Models, Run, new_run_id
from harlm.engine.solve import solve

__all__ = ["Models", "Node", "Run", "new_run_id", "solve"]
