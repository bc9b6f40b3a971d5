"""DAG SCHEDULER: finds which model calls of a cell need the results of which, and makes calls early."""

from harlm.scheduler.analysis import analyse, can_call
from harlm.scheduler.plan import CallSite, Loop, Plan

__all__ = ["CallSite", "Loop", "Plan", "analyse", "can_call"]
