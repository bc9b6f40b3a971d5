"""A program that uses LangChain over HARLM, and reports what it gets. Its argument is the address of the model."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
from pydantic import BaseModel

from harlm import HARLM
from harlm.compat.langchain import ChatHarlm, HarlmRetriever
from harlm.errors import ConfigError

LONG = "A line of the diary.\n" * 400 + "This diary was kept by Ann.\n"


class Keeper(BaseModel):
    """Who kept it."""

    name: str


def asking(question: str) -> list[Any]:
    """A conversation with a long text in it."""
    return [
        SystemMessage("Be brief."),
        HumanMessage(LONG),
        AIMessage("I have read it."),
        HumanMessage(question),
    ]


async def later(chat: ChatHarlm) -> dict[str, Any]:
    """What is asked without blocking."""
    both = await chat.abatch([asking("Who kept it, a?"), asking("Who kept it, b?")])
    whole = None
    async for chunk in chat.astream(asking("Who kept it, streamed?")):
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    return {
        "async": [each.text for each in both],
        "streamed": whole.text,
        "streamed_usage": whole.usage_metadata,
        "streamed_citations": whole.additional_kwargs["citations"],
        "async_typed": (await chat.with_structured_output(Keeper).ainvoke(asking("Who, typed later?"))).name,
    }


def over_files(client: HARLM) -> dict[str, Any]:
    """A chat over a folder, a retriever, and a chain of the two."""
    chat = ChatHarlm(client=client, documents=Path("docs"))
    retriever = HarlmRetriever(paths="docs", k=2)
    prompt = ChatPromptTemplate.from_template("{passages}\n\nQuestion: {question}")
    chain = {"passages": retriever, "question": RunnablePassthrough()} | prompt | chat | StrOutputParser()
    found = retriever.invoke("Who built the harbour?")
    return {
        "over_files": chat.invoke("Who built the harbour?").text,
        "found": [[each.page_content, each.metadata] for each in found],
        "found_later": len(asyncio.run(retriever.ainvoke("harbour"))),
        "chain": chain.invoke("Who built the harbour?"),
    }


def main(address: str) -> None:
    """Ask, and report."""
    client = HARLM(f"openai/root@{address}", mode="direct")
    chat = ChatHarlm(client=client)
    said = chat.invoke(asking("Who kept it?"))
    try:
        chat.invoke(asking("Who?"), temperature=1)
        refused = "nothing"
    except ConfigError as error:
        refused = f"{type(error).__name__}: {error}"
    report = {
        "answer": said.text,
        "usage": said.usage_metadata,
        "citations": said.additional_kwargs["citations"],
        "facts": said.response_metadata,
        "chunks": [chunk.text for chunk in chat.stream(asking("Who kept it, in pieces?"))],
        "stopped": chat.invoke(asking("Who kept it, up to here?"), stop=["\n"]).text,
        "typed": chat.with_structured_output(Keeper).invoke(asking("Who, typed?")).name,
        "refused": refused,
        **asyncio.run(later(chat)),
        **over_files(client),
    }
    sys.stdout.write(f"\n{json.dumps(report)}\n")


main(sys.argv[1])
