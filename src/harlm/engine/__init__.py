"""Solving a task: one recursive function, the REPL loop, and what a cell may ask of its host. Knows sockets; refuses
to know any implementation of them.
"""

from harlm.engine.reading import growth_of
from harlm.engine.run import Run
from harlm.engine.shared import Models, Shared, new_run_id
from harlm.engine.solve import solve

__all__ = ["Models", "Run", "Shared", "growth_of", "new_run_id", "solve"]
