"""A program that uses LlamaIndex over HARLM, and reports what it gets. Its argument is the address of the model."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from llama_index.core.callbacks import CallbackManager, TokenCountingHandler
from llama_index.core.llms import ChatMessage
from llama_index.core.query_engine import RetrieverQueryEngine

from harlm import HARLM
from harlm.compat.llama_index import HarlmLLM, HarlmNodeRetriever

LONG = "A line of the diary.\n" * 400 + "This diary was kept by Ann.\n"


def asking(question: str) -> list[ChatMessage]:
    """A conversation with a long text in it."""
    return [ChatMessage(role="user", content=LONG), ChatMessage(role="user", content=question)]


async def later(llm: HarlmLLM, retriever: HarlmNodeRetriever) -> dict[str, Any]:
    """What is asked without blocking."""
    chat, completion = await asyncio.gather(
        llm.achat(asking("Who kept it, later?")), llm.acomplete(f"{LONG}\nWho kept it?")
    )
    streamed = [each.delta async for each in await llm.astream_chat(asking("Who kept it, streamed later?"))]
    nodes = await retriever.aretrieve("harbour")
    return {"async": [chat.message.content, completion.text, *streamed], "async_nodes": len(nodes)}


def main(address: str) -> None:
    """Ask, and report."""
    counter = TokenCountingHandler(tokenizer=str.split)
    llm = HarlmLLM(
        client=HARLM(f"openai/root@{address}", mode="direct"), callback_manager=CallbackManager([counter])
    )
    retriever = HarlmNodeRetriever("docs", k=2)
    said = llm.chat(asking("Who kept it?"))
    counted = counter.prompt_llm_token_count
    answered = RetrieverQueryEngine.from_args(retriever, llm=llm).query("Who built the harbour?")
    node = answered.source_nodes[0]
    report = {
        "answer": said.message.content,
        "raw": said.raw,
        "counted": counted,
        "streamed": [each.delta for each in llm.stream_chat(asking("Who kept it, in pieces?"))],
        "streamed_completion": [each.delta for each in llm.stream_complete("Who asks?")],
        "query": str(answered),
        "node": [node.text, node.metadata, node.score, node.node.start_char_idx],
        **asyncio.run(later(llm, retriever)),
    }
    sys.stdout.write(f"\n{json.dumps(report)}\n")


main(sys.argv[1])
