"""The REPL's vocabulary: one row for each name that model-written code finds beside its own variables. Everything else that speaks of
these names reads this table: the host, the worker, the scout, Monty, the prompts, the plan and the tests.

To add a function: a row here, its closure in ``guest.worker.functions`` (and in ``sandbox.monty.functions``), and the method of
``engine.repl_api`` that serves it.
"""

from __future__ import annotations

from typing import NamedTuple

_EVERY = ("repl", "full")


class Name(NamedTuple):
    """One name of the REPL.

    Attributes:
        name: as a cell writes it.
        function: the function of the host that answers it; empty if the REPL answers by itself.
        parameters: in order, as a cell may give them.
        modes: in which the REPL has it; none for functions that only the methods of ``context`` call.
        may_be_foreseen: whether a scout may have it called before the cell asks.
        only_if_certain: whether a scout waits until nothing can make the call unnecessary any more. A child may make a hundred calls.
        changes_nothing: whether it can be asked twice without effect, so that a scout may ask as well.
        is_momentary: whether its value depends on when it is asked, so that a scout cannot tell it in advance.
        prompt: its line in the system prompt; empty if another row's line describes it.
    """

    name: str
    function: str = ""
    parameters: tuple[str, ...] = ()
    modes: tuple[str, ...] = _EVERY
    may_be_foreseen: bool = False
    only_if_certain: bool = False
    changes_nothing: bool = False
    is_momentary: bool = False
    prompt: str = ""


VOCABULARY = (
    Name("context", prompt="""\
- `context`: one text is a str; several are a list of str, each with a `.name`. Slice it, loop over it or search it with
  `re` like any other. It also has methods: `context.search(question, k=10)` ranks passages; `context.grep(regex, k=200)`
  finds lines; `context.read("name:10-20")` returns lines; `context.near(hit)` returns the text around a hit;
  `context.outline()` lists documents, or the headings and definitions of one. A hit prints as `place: text` and has
  .place .source .line .text .quote .document. Methods that return text take `max_tokens=` and say what they cut."""),
    Name("search", "search", ("query", "k", "document"), (), changes_nothing=True),
    Name("places", "places", ("document", "offsets"), (), changes_nothing=True),
    Name("extent", "extent", ("document", "part"), (), changes_nothing=True),
    Name("llm_query", "llm_query", ("prompt", "model"), ("full",), may_be_foreseen=True, prompt="""\
- `llm_query(prompt)` -> str asks a language model that sees the prompt and nothing else: put the question and the text
  into it. It reads well and counts badly; let it judge meaning, and let code count, sort and join."""),
    Name("llm_query_batched", "llm_query", ("prompts", "model"), ("full",), may_be_foreseen=True, prompt="""\
- `llm_query_batched(prompts)` -> list[str] sends many prompts at the same time. Prefer it to a loop over llm_query."""),
    Name("rlm_query", "rlm_query", ("prompt", "context", "model"), ("full",), may_be_foreseen=True, only_if_certain=True, prompt="""\
- `rlm_query(prompt, context)` -> str gives a part of the work to a child that has a REPL like yours over `context` (a
  str, a list of str, or some of your documents); `rlm_query_batched(prompts, contexts)` does this for many parts. Use it
  for parts that are too large for one call. A call that fails raises an exception here."""),
    Name("rlm_query_batched", "rlm_query", ("prompts", "contexts", "model"), ("full",), may_be_foreseen=True, only_if_certain=True),
    Name("budget", "budget", changes_nothing=True, is_momentary=True, prompt="""\
- `budget()` returns what is left of each limit."""),
    Name("memory", prompt="""\
- `memory`: the results of this run, also of its other parts. `memory.search(query, k=5)` finds earlier results and turns,
  `memory.expand(handle)` returns one in full, `memory.note(text)` keeps a text in view. Long dialogues are folded: old
  turns are summarised, and each has a handle to expand it."""),
    Name("memory_search", "memory_search", ("query", "k", "max_tokens"), is_momentary=True),
    Name("memory_expand", "memory_expand", ("handle", "question", "max_tokens"), is_momentary=True),
    Name("memory_note", "memory_note", ("text",), is_momentary=True),
    Name("SHOW_VARS", is_momentary=True, prompt="""\
- `SHOW_VARS()` lists your variables."""),
    Name("answer"),
    Name("FINAL", parameters=("answer",)),
    Name("FINAL_VAR", parameters=("name",)),
    Name("SUBMIT", parameters=("value",)),
)  # fmt: skip
"""Every name."""

BY_NAME = {each.name: each for each in VOCABULARY}

GIVEN = tuple(each.name for each in VOCABULARY if each.function and each.modes)
"""The names that a REPL can be set up with."""

CONTEXT_FUNCTIONS = tuple(each.function for each in VOCABULARY if each.function and not each.modes)
"""The functions of the host behind the methods of ``context``, which every REPL has."""

MEMORY_FUNCTIONS = tuple(name for name in GIVEN if name.startswith("memory_"))
"""The functions of the host behind the methods of ``memory``."""

MODEL_CALLS = frozenset(each.name for each in VOCABULARY if each.may_be_foreseen)
"""The names whose calls reach a model, and may be made early."""

FORESEEN = frozenset(each.function for each in VOCABULARY if each.may_be_foreseen)
"""The functions of the host that a scout may have called early."""

ONLY_IF_CERTAIN = frozenset(each.function for each in VOCABULARY if each.only_if_certain)

READING = frozenset(each.function for each in VOCABULARY if each.function and each.changes_nothing)
"""The functions of the host that a scout may ask as well as the cell."""

MOMENTARY = frozenset(each.name for each in VOCABULARY if each.is_momentary)

FINISHING = ("FINAL", "FINAL_VAR", "SUBMIT")
"""The calls that finish a task; assigning to ``answer`` does too."""


def given_in(mode: str) -> tuple[str, ...]:
    """The names that a REPL of a mode, ``repl`` or ``full``, is set up with."""
    return tuple(name for name in GIVEN if mode in BY_NAME[name].modes)


def prompt_of(*names: str) -> str:
    """The lines of the system prompt about these names."""
    return "".join(f"{BY_NAME[name].prompt}\n" for name in names)
