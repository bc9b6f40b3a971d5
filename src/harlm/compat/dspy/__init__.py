"""HARLM for DSPy: ``dspy.configure(lm=HarlmLM(HARLM(...)))``."""

from harlm.compat.dspy.lm import HarlmLM

__all__ = ["HarlmLM"]
