"""What a completion returns."""

from __future__ import annotations

import json

from harlm.compat.rlms.results import RLMChatCompletion
from harlm.compat.rlms.usage import usage_summary
from harlm.types import Answer, Usage


def test_a_result_can_be_written_as_the_reference_writes_it() -> None:
    result = RLMChatCompletion(
        "m", "a prompt", "an answer", usage_summary(Usage()), 0.5, answer=Answer(text="an answer")
    )
    assert json.loads(json.dumps(result.to_dict())) == {
        "root_model": "m",
        "prompt": "a prompt",
        "response": "an answer",
        "execution_time": 0.5,
        "usage_summary": {"model_usage_summaries": {}, "total_cost": 0.0},
    }
