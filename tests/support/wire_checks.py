"""Compares what an adapter gave with what a case of the corpus says is right, and says every difference."""

from __future__ import annotations

from collections.abc import Iterator

from harlm.engine.replies import without_thoughts
from harlm.errors import BadCompletion, ModelError, ModelUnavailable, RateLimited
from harlm.types import Completion, Usage
from tests.support.wire_corpus import KEY, Case, Counts, Outcome, Right

_TOLERANCE_S = 0.6  # of a wait that is stated as a moment
_TRIED_AGAIN = (BadCompletion, ModelUnavailable, RateLimited)


def differences(case: Case, got: Outcome) -> list[str]:
    """What is not as it should be; empty if all is right."""
    right = case.right
    if right.refused is not None:
        return list(_of_refusal(right.refused, got))
    if isinstance(got, ModelError):
        return list(_of_error(right, got))
    if right.error is not None:
        return [f"a completion with the text {got.text!r} instead of {right.error}"]
    return list(_of_completion(right, got))


def _of_refusal(reason: str, got: Outcome) -> Iterator[str]:
    """A model that refuses gives a completion with its reason, or an error that is not tried again."""
    if isinstance(got, Completion):
        if got.stop != "filter" or reason not in (got.reason or ""):
            yield f"stop {got.stop!r} and reason {got.reason!r} instead of filter and {reason!r}"
    elif isinstance(got, _TRIED_AGAIN) or reason not in str(got):
        yield f"{_shown(got)} instead of a refusal that names {reason!r}"


def _of_error(right: Right, got: ModelError) -> Iterator[str]:
    if right.error is None:
        yield f"{_shown(got)} instead of the text {right.text!r}"
        return
    if right.error not in ("any", type(got).__name__):
        yield f"{_shown(got)} instead of {right.error}"
    yield from (f"{word!r} is not in {str(got)!r}" for word in right.words if word not in str(got))
    if KEY in str(got):
        yield f"the key is in {str(got)!r}"
    wait = right.retry_after
    if wait is not None and (got.retry_after is None or abs(got.retry_after - wait) > _TOLERANCE_S):
        yield f"retry_after is {got.retry_after} instead of {wait}"


def _of_completion(right: Right, got: Completion) -> Iterator[str]:
    text, thoughts = got.text, got.thoughts
    if right.inline:
        text, inline = without_thoughts(text)
        text, thoughts = text.strip(), thoughts + inline
    if text != right.text:
        yield f"text is {text!r} instead of {right.text!r}"
    if right.thoughts not in thoughts:
        yield f"thoughts are {thoughts!r} without {right.thoughts!r}"
    if got.stop != right.stop:
        yield f"stop is {got.stop!r} instead of {right.stop!r}"
    if right.reason is not None and right.reason != got.reason:
        yield f"reason is {got.reason!r} instead of {right.reason!r}"
    if (calls := [call.name for call in got.calls]) != right.calls:
        yield f"calls are {calls} instead of {right.calls}"
    if right.usage == "estimated":
        if not got.usage.estimated:
            yield f"usage is not estimated: {got.usage}"
    elif isinstance(right.usage, Counts):
        yield from _of_usage(right.usage, got.usage)


def _of_usage(right: Counts, got: Usage) -> Iterator[str]:
    counts = {
        "input": (right.input, got.input_tokens),
        "output": (right.output, got.output_tokens),
        "cached": (right.cached, got.cached_tokens),
        "cache_write": (right.cache_write, got.cache_write_tokens),
        "reasoning": (right.reasoning, got.reasoning_tokens),
        "cost_micros": (right.cost_micros, got.cost_micros),
    }
    for name, (wanted, counted) in counts.items():
        if wanted is not None and wanted != counted:
            yield f"usage.{name} is {counted} instead of {wanted}"
    if right.estimated != got.estimated:
        yield f"usage.estimated is {got.estimated}"
    if got.input_tokens + got.output_tokens < right.at_least:
        yield f"usage is {got.input_tokens} + {got.output_tokens}, less than {right.at_least}"


def _shown(error: ModelError) -> str:
    return f"{type(error).__name__}({str(error)!r})"
