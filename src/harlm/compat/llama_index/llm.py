"""An LLM of LlamaIndex that asks HARLM: the last message is the question, the others are the context."""

from __future__ import annotations

from typing import Any

from harlm.client import HARLM
from harlm.compat.foreign import not_installed
from harlm.compat.llama_index.answers import completion_of, message_of
from harlm.compat.llama_index.messages import asked_by

try:
    from llama_index.core.base.llms.types import LLMMetadata
    from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
    from llama_index.core.llms.custom import CustomLLM
    from pydantic import Field
except ImportError as error:
    raise not_installed("llama_index", "llama-index-core>=0.14") from error


class HarlmLLM(CustomLLM):
    """``HarlmLLM(client=HARLM(...))``. Citations, run and cost stand in ``raw`` of a response. Errors are HARLM's."""

    client: Any = Field(default_factory=HARLM, exclude=True)
    metadata = property(
        lambda self: LLMMetadata(context_window=10**9, is_chat_model=True, model_name="harlm")
    )

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **options: Any) -> Any:
        """The answer to a prompt, which holds its question and its data."""
        return completion_of(self.client.ask(*asked_by(prompt, options)))

    @llm_completion_callback()
    async def acomplete(self, prompt: str, formatted: bool = False, **options: Any) -> Any:
        """``complete``, without blocking."""
        return completion_of(await self.client.aask(*asked_by(prompt, options)))

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **options: Any) -> Any:
        """``complete``, in one piece: an answer is checked before it is shown."""
        return (completion_of(each, each.text) for each in self._answers(prompt, options))

    @llm_chat_callback()
    def chat(self, messages: Any, **options: Any) -> Any:
        """The answer to the last message of a conversation."""
        return message_of(self.client.ask(*asked_by(messages, options)))

    @llm_chat_callback()
    async def achat(self, messages: Any, **options: Any) -> Any:
        """``chat``, without blocking."""
        return message_of(await self.client.aask(*asked_by(messages, options)))

    @llm_chat_callback()
    def stream_chat(self, messages: Any, **options: Any) -> Any:
        """``chat``, in one piece."""
        return (message_of(each, each.text) for each in self._answers(messages, options))

    def _answers(self, asked: Any, options: Any) -> Any:
        yield self.client.ask(*asked_by(asked, options))
