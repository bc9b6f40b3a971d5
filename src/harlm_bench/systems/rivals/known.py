"""The rivals that are compared, with the versions they are pinned to. A table."""

from __future__ import annotations

from collections.abc import Mapping

from harlm_bench.systems.rivals import Rival
from harlm_bench.systems.rivals.environments import Needs

_RLMS = Needs(name="rlms", requirements=("rlms==0.1.3",))
_SPEC_PTC = Needs(name="spec-ptc", requirements=("rlms==0.1.3", "spec-ptc==0.1.1"), least=(3, 12))
_DSPY = Needs(name="dspy", requirements=("dspy==3.4.1",))
_DROSTE = Needs(name="droste", requirements=("droste==0.26.0",))
_MINRLM = Needs(name="minrlm", requirements=("minrlm==0.1.5",))
_RECURSIVE_LLM = Needs(name="recursive-llm", requirements=("recursive-llm==0.5.0",), most=(3, 12))


def rivals() -> Mapping[str, Rival]:
    """All of them, by the name that a user gives. Nothing is installed before a question is asked."""
    return {
        "rlms": Rival("rlms 0.1.3, depth 1", _RLMS, "rlms", {"depth": 1}),
        "rlms-depth-3": Rival("rlms 0.1.3, depth 3", _RLMS, "rlms", {"depth": 3}),
        "spec-ptc": Rival("rlms 0.1.3 + spec-ptc 0.1.1", _SPEC_PTC, "rlms", {"depth": 1, "ahead": True}),
        "dspy-rlm": Rival("dspy.RLM 3.4.1, LocalInterpreter", _DSPY, "dspy_rlm"),
        "droste": Rival("droste 0.26.0", _DROSTE, "droste"),
        "minrlm": Rival("minrlm 0.1.5", _MINRLM, "minrlm"),
        "recursive-llm": Rival("recursive-llm 0.5.0, depth 1", _RECURSIVE_LLM, "recursive_llm"),
    }
