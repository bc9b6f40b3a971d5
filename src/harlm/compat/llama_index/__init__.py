"""HARLM for LlamaIndex: ``HarlmNodeRetriever``, which searches files without a model, and ``HarlmLLM``."""

from harlm.compat.llama_index.llm import HarlmLLM
from harlm.compat.llama_index.retriever import HarlmNodeRetriever

__all__ = ["HarlmLLM", "HarlmNodeRetriever"]
