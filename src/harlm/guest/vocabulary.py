"""The REPL's vocabulary: one row for each name that model-written code finds in addition to its own
variables. The sets of names that the host, the worker, the scout, Monty, the prompts, the plan and the tests use are
derived from this table; the functions behind the names are written where they run.

To add a function, add a row here, a closure in ``guest.worker.functions``, a method in
``sandbox.monty.functions``, and the method of ``engine.repl_api`` that serves it.
"""

from __future__ import annotations

from typing import NamedTuple

_EVERY = ("repl", "full")


class Name(NamedTuple):
    """One name of the REPL.

    Attributes:
        name: the name, as a cell writes it.
        function: the host function that serves it; empty if the REPL answers without the host.
        parameters: the names of its parameters, in order.
        modes: the modes (``repl``, ``full``) whose REPL has the name; empty for functions that only methods
            of ``context`` call.
        may_be_foreseen: whether a scout may have the call made before the cell asks for it.
        only_if_certain: whether a scout asks only once nothing can make the call unnecessary: a child may
            make a hundred calls.
        changes_nothing: whether calling it twice has no effect, so that a scout may call it too.
        is_momentary: whether its value depends on the moment of the call, so that a scout cannot know it in
            advance.
        is_inner: whether only combinators or tools call it, so that cells do not find the name.
        finishes: whether calling it finishes the task.
        prompt: its lines in the system prompt; empty if another row's lines describe it.
    """

    name: str
    function: str = ""
    parameters: tuple[str, ...] = ()
    modes: tuple[str, ...] = _EVERY
    may_be_foreseen: bool = False
    only_if_certain: bool = False
    changes_nothing: bool = False
    is_momentary: bool = False
    is_inner: bool = False
    finishes: bool = False
    prompt: str = ""


VOCABULARY = (
    Name("context", prompt="""\
- `context`: one text is a str; several are a list of str, each with a `.name`. Slice it and loop over it like any other.
  Its methods: `context.search(question, k=10)` ranks passages; `context.grep(regex, k=200)` finds lines;
  `context.read("name:10-20")` returns lines; `context.near(hit)` returns the text around a hit; `context.outline()` lists
  documents, or the headings and definitions of one; `context.tables()` reads CSV, XLSX, JSON, logs and Markdown tables:
  each has .name .columns .kinds .rows, and a row is a dict of typed values with a .place. A hit prints as `place: text` and
  has .place .source .line .text .quote .document. Methods that return text take `max_tokens=` and say what they cut."""),
    Name("ask_tables", parameters=("question",), prompt="""\
- `ask_tables(question)` computes over those tables what a plain question asks for: count, sum, mean, highest, groups.
  Returns a dict: "status" is "answered" with an "answer" and the "places" of rows, or says "why" it refused."""),
    Name("search", "search", ("query", "k", "document"), (), changes_nothing=True),
    Name("places", "places", ("document", "offsets"), (), changes_nothing=True),
    Name("extent", "extent", ("document", "part"), (), changes_nothing=True),
    Name("llm_query", "llm_query", ("prompt", "model", "schema"), ("full",), may_be_foreseen=True, prompt="""\
- `llm_query(prompt)` -> str asks a language model that sees the prompt and nothing else: put the question and the text
  into it. It reads well and counts badly: let code count, sort and join. With `schema={"years": list[int]}` it returns such
  a value; so do the three below."""),
    Name("llm_query_batched", "llm_query", ("prompts", "model", "schema"), ("full",), may_be_foreseen=True, prompt="""\
- `llm_query_batched(prompts)` -> list[str] sends many prompts at the same time. Prefer it to a loop."""),
    Name("rlm_query", "rlm_query", ("prompt", "context", "model", "schema"), ("full",), may_be_foreseen=True, only_if_certain=True, prompt="""\
- `rlm_query(prompt, context)` -> str gives a part that is too large for one call to a child with a REPL like yours over
  `context` (a str, a list of str, or some of your documents); `rlm_query_batched(prompts, contexts)` gives many. A call
  that fails raises an exception here."""),
    Name("rlm_query_batched", "rlm_query", ("prompts", "contexts", "model", "schema"), ("full",), may_be_foreseen=True, only_if_certain=True),
    Name("split", "leaf", ("context", "by", "tokens"), ("full",), prompt="""\
- Steps of many small calls, in which no item is left out. Prefer them to loops of your own:
  `split(context, by="auto")` -> list of lines, sentences, paragraphs, documents or parts;"""),
    Name("label", "leaf", ("items", "labels", "instruction"), ("full",), is_momentary=True, prompt="""\
  `label(items, labels, instruction="")` -> one label for each item, then count in code;"""),
    Name("pairs", "leaf", ("items", "predicate"), ("full",), prompt="""\
  `pairs(items, predicate)` -> all pairs for which it holds in either order;"""),
    Name("search_then_read", "leaf", ("question", "k", "within"), ("full",), is_momentary=True, prompt="""\
  `search_then_read(question)` -> .text .quote .place .found, with a checked quote;"""),
    Name("follow", "leaf", ("question", "hops"), ("full",), is_momentary=True, prompt="""\
  `follow(question)` -> the same for an answer several look-ups away;"""),
    Name("extract", "leaf", ("items", "fields", "instruction"), ("full",), is_momentary=True, prompt="""\
  `extract(items, fields)` -> for each item a list of dicts with these fields;"""),
    Name("filter_by", "leaf", ("items", "condition"), ("full",), is_momentary=True, prompt="""\
  `filter_by(items, condition)` -> the items that meet a condition in words;"""),
    Name("best_match", "leaf", ("items", "conditions"), ("full",), is_momentary=True, prompt="""\
  `best_match(texts, conditions)` -> those that meet most, also through texts that they name;"""),
    Name("compare", "leaf", ("items", "question", "about"), ("full",), is_momentary=True, prompt="""\
  `compare(texts, question, about=names)` -> what each says, by value: .value .statements;"""),
    Name("map_reduce", "leaf", ("items", "map", "reduce"), ("full",), is_momentary=True, prompt="""\
  `map_reduce(items, map, reduce)` -> an instruction on each item, results joined by another;"""),
    Name("tree_reduce", "leaf", ("texts", "instruction"), ("full",), is_momentary=True, prompt="""\
  `tree_reduce(texts, instruction)` -> many texts brought together into one."""),
    Name("leaf", "leaf", ("prompt", "choices", "schema", "role", "wants_tokens"), ("full",), is_momentary=True, is_inner=True),
    Name("tool", "tool", ("name", "arguments"), is_momentary=True, is_inner=True),
    Name("pure_tool", "pure_tool", ("name", "arguments"), may_be_foreseen=True, is_inner=True),
    Name("room", "room", (), ("full",), is_momentary=True, is_inner=True),
    Name("signal", "signal", ("name", "value"), ("full",), is_momentary=True, is_inner=True),
    Name("budget", "budget", changes_nothing=True, is_momentary=True, prompt="""\
- `budget()` returns what is left of each limit."""),
    Name("memory", prompt="""\
- `memory`: the results of this run, also of its other parts. `memory.search(query, k=5)` finds earlier results and turns,
  `memory.expand(handle)` returns one in full, `memory.note(text)` keeps a text in view. Old turns are summarised, each with
  a handle."""),
    Name("memory_search", "memory_search", ("query", "k", "max_tokens"), is_momentary=True),
    Name("memory_expand", "memory_expand", ("handle", "question", "max_tokens"), is_momentary=True),
    Name("memory_note", "memory_note", ("text",), is_momentary=True),
    Name("SHOW_VARS", is_momentary=True, prompt="""\
- `SHOW_VARS()` lists your variables."""),
    Name("answer"),
    Name("FINAL", parameters=("answer",), finishes=True),
    Name("FINAL_VAR", parameters=("name",), finishes=True),
    Name("SUBMIT", parameters=("value",), finishes=True),
)  # fmt: skip
"""All rows, in the order of the table."""

BY_NAME = {row.name: row for row in VOCABULARY}
"""The rows by name."""

TOOL, PURE_TOOL = "tool", "pure_tool"
"""The host functions behind the user's tools, which a REPL has only if the run has tools."""

GIVEN = tuple(
    row.name for row in VOCABULARY if row.function and row.modes and row.name not in (TOOL, PURE_TOOL)
)
"""The names of host functions that a REPL can be opened with, besides those of tools."""

CONTEXT_FUNCTIONS = tuple(row.function for row in VOCABULARY if row.function and not row.modes)
"""The host functions behind the methods of ``context``, which every REPL has."""

MEMORY_FUNCTIONS = tuple(name for name in GIVEN if name.startswith("memory_"))
"""The host functions behind the methods of ``memory``."""

FUNCTIONS = frozenset(row.function for row in VOCABULARY if row.function)
"""All host functions."""

MODEL_CALLS = frozenset(row.name for row in VOCABULARY if row.may_be_foreseen and not row.is_inner)
"""The names whose calls reach a model and may be made early."""

COMBINATORS = tuple(row.name for row in VOCABULARY if row.function == "leaf" and not row.is_inner)
"""The names of the combinators: functions of ``guest.combinators`` that ask many small questions through one host function."""

INNER = tuple(row.name for row in VOCABULARY if row.is_inner)
"""The host functions that only combinators and tools call."""

FORESEEN = frozenset(row.function for row in VOCABULARY if row.may_be_foreseen)
"""The host functions whose calls may be made early."""

ONLY_IF_CERTAIN = frozenset(row.function for row in VOCABULARY if row.only_if_certain)
"""The host functions that a scout asks for only if the cell is certain to ask too."""

READING = frozenset(row.function for row in VOCABULARY if row.function and row.changes_nothing)
"""The host functions that a scout may call in addition to the cell, because they change nothing."""

MOMENTARY = frozenset(row.name for row in VOCABULARY if row.is_momentary)
"""The names whose value depends on the moment of the call."""

FINISHING = tuple(row.name for row in VOCABULARY if row.finishes)
"""The calls that finish a task. Setting ``answer["ready"] = True`` finishes it too."""


def given_in(mode: str) -> tuple[str, ...]:
    """The names of host functions that a REPL in ``mode``, ``repl`` or ``full``, is opened with."""
    return tuple(name for name in GIVEN if mode in BY_NAME[name].modes)


def prompt_of(*names: str) -> str:
    """The lines of the system prompt about these names, joined in this order."""
    return "".join(f"{BY_NAME[name].prompt}\n" for name in names)
