"""The main job on real text: the standard library of the Python that runs this."""

from __future__ import annotations

import json
import sysconfig

from tests.flows.cli import harlm


def test_the_module_that_defines_fraction_is_found_and_cited() -> None:
    ran = harlm(
        "ask", "Which module defines the class Fraction?", sysconfig.get_path("stdlib"), "--format", "json"
    )
    assert ran.code == 0, ran.err
    answer = json.loads(ran.out)
    assert answer["answer"].startswith("fractions.py")
    assert answer["citations"][0]["source"] == "fractions.py"
    assert answer["citations"][0]["quote"].startswith("class Fraction")


def test_the_demo_agrees_with_ast() -> None:
    ran = harlm("demo", timeout=110)
    assert ran.code == 0, ran.out + ran.err
    assert "8 of 8 answers agree with ast." in ran.out
    assert "DIFFERS" not in ran.out
    assert "sub-calls down to depth 2" in ran.out
