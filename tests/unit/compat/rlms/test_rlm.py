"""``RLM`` of the reference, over a provider on loopback."""

from __future__ import annotations

from typing import Any

import pytest

from harlm.compat.rlms import RLM, RLMChatCompletion, TokenLimitExceededError
from harlm.testing import ChatServer, Request

TEXT = "A line of the text.\n" * 400


def reply(request: Request) -> str:
    """A root model that asks its sub-model and a tool, and finishes with both."""
    if request.model == "sub":
        return "Ann"
    if "direct" in request.prompt or sum(role == "assistant" for role, _ in request.messages):
        return "```repl\nFINAL(who + str(total))\n```"
    return "```repl\nwho = llm_query('Who is it?')\ntotal = add(1, 2)\nprint(who, total)\n```"


def rlm(server: ChatServer, **options: Any) -> RLM:
    at = {"base_url": server.base_url, "api_key": "sk-loopback"}
    return RLM(
        backend="openai", backend_kwargs={"model_name": "root", **at}, environment="local",
        other_backends=["openai"], other_backend_kwargs=[{"model_name": "sub", **at}],
        custom_tools={"add": lambda left, right: left + right}, **options,
    )  # fmt: skip


def test_a_program_for_the_reference_runs(capsys: pytest.CaptureFixture[str]) -> None:
    with ChatServer(reply) as server, rlm(server, max_iterations=5, verbose=True) as model:
        result = model.completion(TEXT, root_prompt="Who is it, and how many?")
    assert isinstance(result, RLMChatCompletion)
    assert (result.response, result.root_model, result.prompt) == ("Ann3", "root", TEXT)
    assert result.execution_time > 0
    assert result.usage_summary.model_usage_summaries["root"].total_calls == 2
    assert result.usage_summary.model_usage_summaries["sub"].total_calls == 1
    assert result.answer is not None
    assert result.answer.run_id
    assert "openai/root" in capsys.readouterr().err
    assert server.requests[0].headers["authorization"] == "Bearer sk-loopback"


def test_without_a_question_the_prompt_holds_it() -> None:
    with ChatServer(lambda _: "Ann.") as server:
        quiet = RLM(backend_kwargs={"model_name": "m", "base_url": server.base_url}, max_depth=0)
        assert quiet.completion(f"{TEXT}\nQuestion: Who is it?").response == "Ann."
    assert "<question>\nWho is it?\n</question>" in server.requests[0].prompt


def test_a_limit_raises_the_error_of_the_reference() -> None:
    with ChatServer(reply) as server, pytest.raises(TokenLimitExceededError) as raised:
        rlm(server, max_tokens=600).completion(TEXT, "Who?")
    assert raised.value.token_limit == 600
