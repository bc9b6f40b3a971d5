"""ADAPTIVE ROUTER, first form: rules. They stay as the baseline that a learned router has to beat."""

from harlm.router.heuristic import HeuristicRouter

__all__ = ["HeuristicRouter"]
