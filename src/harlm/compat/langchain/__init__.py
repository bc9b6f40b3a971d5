"""HARLM for LangChain: ``ChatHarlm``, a chat model, and ``HarlmRetriever``, which searches files without a model."""

from harlm.compat.langchain.chat import ChatHarlm
from harlm.compat.langchain.retriever import HarlmRetriever

__all__ = ["ChatHarlm", "HarlmRetriever"]
