"""Solving a task: one recursive function, the REPL loop, and the functions of the host that a cell can call.

Depends on the protocols in ``harlm.protocols``, never on a model, a sandbox or a store itself.
"""

from harlm.engine.node import Node
from harlm.engine.run import Models, Run, new_run_id
from harlm.engine.solve import solve

__all__ = ["Models", "Node", "Run", "new_run_id", "solve"]
