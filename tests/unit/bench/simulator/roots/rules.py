"""Rules of scaffolds for tests: HARLM's own, and short ones with the API names of others, in words of our own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harlm import markup
from harlm.engine import prompts as engine
from harlm.engine.small_prompts import SMALL_FULL_SYSTEM


@dataclass(frozen=True, slots=True)
class Rules:
    """A scaffold under test: its name, and how it asks."""

    name: str
    system: str
    opening: str  # with {question}
    shown: str  # with {output}
    failed: str  # with {error}

    def opened(self, question: str) -> list[tuple[str, str]]:
        """The first request."""
        return [("system", self.system), ("user", self.opening.replace("{question}", question))]

    def went_on(self, messages: list[tuple[str, str]], reply: str, output: str) -> list[tuple[str, str]]:
        """The request after a turn that printed ``output``."""
        return [*messages, ("assistant", reply), ("user", self.shown.replace("{output}", output))]

    def went_wrong(self, messages: list[tuple[str, str]], reply: str, error: str) -> list[tuple[str, str]]:
        """The request after a turn that ended with an exception."""
        return [*messages, ("assistant", reply), ("user", self.failed.replace("{error}", error))]


HARLM = Rules(
    "harlm",
    engine.FULL_SYSTEM,
    markup.opening(
        "`context` is one str called a.txt: 9,000 characters, about 2,000 tokens.",
        "{question}",
        markup.turn(1, 20),
    ),
    f"{markup.output('{output}')}\n\n{markup.turn(2, 20)}",
    f"{markup.output('', error='{error}')}\n\n{markup.turn(2, 20)}",
)
SMALL = Rules("harlm small", SMALL_FULL_SYSTEM, HARLM.opening, HARLM.shown, HARLM.failed)
READS_ONLY = Rules("harlm repl", engine.REPL_SYSTEM, HARLM.opening, HARLM.shown, HARLM.failed)
RLMS = Rules(
    "rlms",
    "Work in a Python REPL. Put code into ```repl``` blocks. You have `context`, `llm_query(prompt: str)` with about 500K "
    "chars for a sub-LLM, `llm_query_batched(prompts)`, `rlm_query(prompt, model=None)`, `rlm_query_batched(prompts)`, and "
    'the dict `answer`: set `answer["content"]` and then `answer["ready"] = True`. Output of more than 20K characters is '
    "truncated, so pass slices to `llm_query`.",
    "Answer the following: {question}\n\nYour context is a str of 9000 total characters.\n\nLook first; do not provide a "
    "final answer yet.\n\nTurn 1/30:",
    "REPL output:\n\n{output}\n\nREPL variables: ['text']\n\n\nTurn 2/30:",
    "REPL output:\n\n\n{error}\n\nTurn 2/30:",
)
CODEACT = Rules(
    "codeact with a search",
    'Each turn, THINK, then write a block ```python, or SEARCH("words"), or ANSWER(answer).',
    "{question}",
    "Passages:\n{output}",
    "Output:\nTraceback (most recent call last):\n{error}",
)
CODEACT_IN_VIEW = Rules(
    "codeact with the text in view",
    "Each turn, THINK, then write a block ```python, or ANSWER(answer). llm_query(prompt) asks a model.",
    "Text:\n\nThe city is Oslo.\n\nEnd of the text.\n\n{question}",
    "Output:\n{output}",
    "Output:\nTraceback (most recent call last):\n{error}",
)
PAPER = Rules(
    "rlm as in the paper",
    "You have a REPL with `context` and llm_query(prompt). Write blocks that open with ```repl. When you know the answer, "
    "write FINAL(the answer) outside of any block, or FINAL_VAR(name).",
    "The text has 9,000 characters. Question: {question}\n\nWhat do you do first?",
    "Output of the code:\n{output}\n\nGo on, or finish with FINAL(…) or FINAL_VAR(…).",
    "Output of the code:\n{error}\n\nGo on, or finish with FINAL(…) or FINAL_VAR(…).",
)
DSPY_SYSTEM = (
    "Your input fields are:\n1. `variables_info` (str)\n2. `repl_history`\n3. `iteration` (str)\nYour output fields are:\n"
    "1. `reasoning` (str)\n2. `code` (str): Python in a ```python block\n\n[[ ## reasoning ## ]]\n{reasoning}\n\n[[ ## code "
    "## ]]\n{code}\n\nIn the REPL: variables `context`, `query`; `llm_query(prompt)` (~500K char capacity for a sub-LLM), "
    "`llm_query_batched(prompts)`, `SUBMIT(answer)`."
)
MINRLM = Rules(
    "minrlm",
    "Output ONLY one ```python block, at its end FINAL(answer).\ninput_0 = string with 9,000 chars\nTools:\n"
    '  input_0    the data\n  search(text, "keyword") -> [(match, before, after)]\n  sub_llm(task, context_str) -> str  '
    'sub_llm_batch([(t,c),...]) -> [str,...]\n  FINAL(value) | FINAL_var("varname")',
    "Task: {question}\n\nWrite Python code.",
    "--- RESULT ---\nCode executed.\nstdout: {output}\n\nVariables: none",
    "--- RESULT ---\nCode executed.\n⚠️ ERROR: {error}\nTry again.\n\nstdout: (empty)",
)
DROSTE = Rules(
    "droste",
    "You are in a Python REPL. Each turn, write one ```python code block```. Use llm_query / llm_query_batched on chunks: "
    "llm_query(prompt), llm_query_batched(prompts). `context` is a dict with 1 file(s) in context['files'], each with name "
    'and text. Set `answer["content"]`, then `answer["ready"] = True`.',
    "Question: {question}",
    "Current answer:\n```\n\n```\n\nLast output:\n```\n{output}\n```\n\nContinue.",
    "The previous attempt failed:\n{error}\n\nFix the code and try again.",
)
DROSTE_MANY = replace(
    DROSTE, name="droste with files", system=DROSTE.system.replace("1 file(s)", "2 file(s)")
)
ALL = (HARLM, SMALL, RLMS, PAPER, MINRLM, DROSTE)
"""Those whose code reaches the text and whose dialogue is told in messages."""


def dspy(question: str, *steps: tuple[str, str]) -> list[tuple[str, str]]:
    """A request of a scaffold that tells the whole dialogue in fields, with (code, output) of each step so far."""
    history = "\n".join(
        f"=== Step {number} ===\nReasoning: so\nCode:\n```python\n{code}\n```\nOutput ({len(output):,} chars):\n{output}"
        for number, (code, output) in enumerate(steps, start=1)
    )
    told = (
        "[[ ## variables_info ## ]]\n[1] «\nVariable: `context` (access it in your code)\nType: str\nTotal length: 9,000 "
        "characters\nPreview:\n```\nabc...xyz\n```\n»\n[2] «\nVariable: `query` (access it in your code)\nType: str\nTotal "
        f"length: {len(question):,} characters\nPreview:\n```\n{question}\n```\n»\n\n[[ ## repl_history ## ]]\n"
        f"{history or 'Nothing was run yet.'}\n\n[[ ## iteration ## ]]\n{len(steps) + 1}/20\n\nRespond with the fields."
    )
    return [("system", DSPY_SYSTEM), ("user", told)]


@dataclass(frozen=True, slots=True)
class _Fields(Rules):
    def opened(self, question: str) -> list[tuple[str, str]]:
        return dspy(question)


DSPY = _Fields("dspy", DSPY_SYSTEM, "", "", "")
CODERS = (*ALL, DSPY)
"""All whose code reaches the text."""
