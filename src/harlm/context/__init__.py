"""The huge input: loading it, saying where a character stands, searching it, and checking citations against it."""

from harlm.context.citations import Cited, cite, cite_value
from harlm.context.load import load, load_paths
from harlm.context.profile import profile
from harlm.context.search import Searcher

__all__ = ["Cited", "Searcher", "cite", "cite_value", "load", "load_paths", "profile"]
