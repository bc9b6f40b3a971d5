"""The huge input of a task: loading it, profiling it, searching it, and verifying citations against it."""

from harlm.context.citations import Cited, cite, cite_value
from harlm.context.load import load, load_paths
from harlm.context.profile import profile, profile_in
from harlm.context.search import Searcher

__all__ = ["Cited", "Searcher", "cite", "cite_value", "load", "load_paths", "profile", "profile_in"]
