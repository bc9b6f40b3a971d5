"""What adapters share: errors that name the next step, and facts that JSON can hold."""

from __future__ import annotations

import json

import pytest

from harlm.compat.foreign import cited, facts_of, not_installed, refuse_options
from harlm.errors import ConfigError
from harlm.types import Answer, Citation


def test_a_missing_package_is_named_as_pip_takes_it() -> None:
    assert str(not_installed("dspy", "dspy>=3.4")).endswith("pip install 'dspy>=3.4'")


def test_options_of_one_call_are_refused_by_name_unless_they_say_nothing() -> None:
    refuse_options("ChatHarlm", {"temperature": None})
    with pytest.raises(ConfigError, match="ChatHarlm has no temperature, tools for one call"):
        refuse_options("ChatHarlm", {"tools": [], "temperature": 1, "seed": None})


def test_facts_and_citations_are_plain_data() -> None:
    citation = Citation(source="a.txt", start=0, end=2, line=1, page=None, place="docs/a.txt:1", quote="by")
    assert json.loads(json.dumps(cited(citation)))["place"] == "docs/a.txt:1"
    facts = json.loads(json.dumps(facts_of(Answer(text="x", run_id="01M"))))
    assert (facts["run"], facts["status"], facts["cost_usd"]) == ("01M", "ok", 0)
