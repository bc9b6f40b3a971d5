"""ADAPTIVE ROUTER: chooses a mode by rules, which are the baseline for a learned router."""

from harlm.router.heuristic import HeuristicRouter

__all__ = ["HeuristicRouter"]
