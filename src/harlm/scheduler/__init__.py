"""DAG SCHEDULER: which calls of a cell wait for which."""

from harlm.scheduler.analysis import analyse, can_call
from harlm.scheduler.plan import CallSite, Loop, Plan

__all__ = ["CallSite", "Loop", "Plan", "analyse", "can_call"]
