"""A chat model of LangChain that asks HARLM: the last message is the question, the conversation is the context."""

from __future__ import annotations

import asyncio
from typing import Any

from harlm.client import HARLM
from harlm.compat.foreign import not_installed
from harlm.compat.langchain.answers import KEPT, fields_of, pieces_of
from harlm.compat.langchain.messages import asked_by

try:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, AIMessageChunk
    from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
    from langchain_core.runnables import RunnableLambda
    from pydantic import Field
except ImportError as error:
    raise not_installed("langchain", "langchain-core>=1") from error


class ChatHarlm(BaseChatModel):
    """``ChatHarlm(client=HARLM(...), documents=Path("docs"))``. Citations are in ``additional_kwargs``. Errors are HARLM's."""

    client: Any = Field(default_factory=HARLM, exclude=True)
    documents: Any = Field(default=None, exclude=True)
    _llm_type = property(lambda self: "harlm")

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **given: Any) -> Any:
        return _result(self.client.ask(*asked_by(messages, given, self.documents)), stop)

    async def _agenerate(self, messages: Any, stop: Any = None, run_manager: Any = None, **given: Any) -> Any:
        question, context = await asyncio.to_thread(asked_by, messages, given, self.documents)
        return _result(await self.client.aask(question, context), stop)

    def _stream(self, messages: Any, stop: Any = None, run_manager: Any = None, **given: Any) -> Any:
        yield from _chunks(self._generate(messages, stop, **given))

    async def _astream(self, messages: Any, stop: Any = None, run_manager: Any = None, **given: Any) -> Any:
        for chunk in _chunks(await self._agenerate(messages, stop, **given)):
            yield chunk

    def with_structured_output(self, schema: Any, **options: Any) -> Any:
        """A runnable whose result is a value of a type, which ``HARLM.ask`` takes as its schema."""

        def value(given: Any) -> Any:
            asked = asked_by(self._convert_input(given).to_messages(), options, self.documents)
            return self.client.ask(*asked, schema=schema).data

        return RunnableLambda(value)


def _result(answer: Any, stop: Any) -> Any:
    return ChatResult(generations=[ChatGeneration(message=AIMessage(**fields_of(answer, stop)))])


def _chunks(result: Any) -> Any:
    pieces = pieces_of(result.generations[0].message.model_dump(include=KEPT))
    return (ChatGenerationChunk(message=AIMessageChunk(**fields)) for fields in pieces)
