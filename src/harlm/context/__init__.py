"""The huge input of a task: loading it, profiling it, searching it, and verifying citations against it."""

from harlm.context.citations import Cited, cite, cite_value, citing
from harlm.context.load import load, load_paths
from harlm.context.profile import profile
from harlm.context.search import Searcher

__all__ = ["Cited", "Searcher", "cite", "cite_value", "citing", "load", "load_paths", "profile"]
