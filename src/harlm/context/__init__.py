"""The huge input: loading it, saying where a character stands, searching it, and checking citations against it."""

from harlm.context.citations import Cited, cite, cite_value
from harlm.context.load import load, load_paths
from harlm.context.profile import profile
from harlm.context.search import Searcher
from harlm.context.tokens import estimate_tokens

__all__ = ["Cited", "Searcher", "cite", "cite_value", "estimate_tokens", "load", "load_paths", "profile"]
