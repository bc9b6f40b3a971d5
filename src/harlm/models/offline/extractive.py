"""The model ``offline/extractive``: a program that implements ``LanguageModel``.

As a root model it writes cells, and reads what they print: a program if code can settle the question,
otherwise a search for passages. As a sub-model it reads an instruction and a text. It finds, quotes and
counts. It does not reason, it states nothing that the text does not say, and the same messages always get the
same reply.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from harlm import markup
from harlm.guest.tables.asking import NO_TABLE
from harlm.guest.tables.questions import asks_rows, computes
from harlm.models.offline.answering import Found, decide, find
from harlm.models.offline.intents import Compare, Intent, Summarise, YesNo, read_intent
from harlm.models.offline.programs import (
    MARK,
    NOTHING,
    READ,
    WEIGHTS,
    comparison_program,
    plain_search_program,
    program_for,
    search_program,
    summary_program,
)
from harlm.models.offline.quoting import quoted_answer, quoted_nearest, quoted_summary
from harlm.models.offline.reading import Passage, Reading
from harlm.models.offline.running import settled, settled_by_tables
from harlm.models.offline.statements import RECORDS_NAME, plain_text
from harlm.models.offline.table_programs import TABLES, read_status, table_program
from harlm.patterns import lazy_pattern
from harlm.retrieval.passages import split_passages
from harlm.retrieval.terms import terms
from harlm.tokens import estimate_tokens
from harlm.types import Completion, Message, Sampling, Usage

NAME = "offline/extractive"
WINDOW = 32_768
NOT_FOUND = "NOT FOUND"

_ABOUT_CODE = lazy_pattern(
    rf"\b{markup.MOSTLY}code\b|\d code\b|{markup.CALLED}[^:\n]*\.(?:py|js|ts|c|h|go|rs|java)\b"
)
_ABOUT_RECORDS = lazy_pattern(rf"\b(?:csv|tsv|jsonl?|log|xlsx)\b|{markup.MOSTLY}records")
_FOUND = lazy_pattern(
    rf"^{re.escape(MARK)}(?P<place>[^\n]+) (?P<score>-?\d+\.\d+)\n(?P<text>.*?)(?=^{re.escape(MARK)}|^{WEIGHTS}|\Z)",
    re.DOTALL | re.MULTILINE,
)
_CODE_NAME = lazy_pattern(r"\.(?:py|pyi|js|ts|c|h|cc|cpp|go|rs|java|rb|php|cs|kt|swift)\b")
_SECTION = lazy_pattern(r"^#{1,6} [^\n]+$", re.MULTILINE)
_LONGEST_TITLE = 120  # characters
_ABOVE = 4_000  # characters before a passage in which its heading is looked for
_HOP = lazy_pattern(
    r"\bthe\s+(?P<noun>[\w'’-]+(?:\s+[\w'’-]+)?)\s+(?P<clause>(?:who|that|which|whose|where|of|behind)\s+.+?)\s*\?*$",
    re.IGNORECASE,
)
_WEIGHTS = lazy_pattern(rf"^{re.escape(WEIGHTS)}(.*)$", re.MULTILINE)
_READ = lazy_pattern(rf"^{re.escape(READ)}(\d{{1,9}})$", re.MULTILINE)
_PLAIN_REPL = "This REPL is Monty"  # in the prompt
_CLUE = "# looking further: "
_WELL_SUPPORTED = 0.5  # the share of an inner question that one place must hold
_BRIDGE_WORDS = 12  # of the answer to an inner question
_POORLY_SUPPORTED = 0.3  # below this share, a second place is searched for
_LONGEST_QUESTION = 1_000  # characters that are read for the form of the question
_MOST_PASSAGES = 40  # that a summary is made from


class ExtractiveModel:
    """The offline model. Replies are computed in a thread, cost nothing, and depend on the messages alone."""

    name = NAME
    window = WINDOW

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """The reply to ``messages``; see ``harlm.protocols.LanguageModel``."""
        text = await asyncio.to_thread(reply_to, messages)  # a computation, which would block the event loop
        usage = Usage(
            calls=1,
            input_tokens=sum(estimate_tokens(message.content) for message in messages),
            output_tokens=estimate_tokens(text),
            cost_micros=0,
        )
        return Completion(text=text, model=self.name, usage=usage)


def reply_to(messages: Sequence[Message]) -> str:
    """The reply to ``messages``, as a root model if the system prompt describes a REPL, else as sub-model."""
    system = "\n".join(message.content for message in messages if message.role == "system")
    if "REPL" in system and "FINAL(" in system:
        is_plain = any(_PLAIN_REPL in message.content for message in messages)
        return _Root(messages, can_call="llm_query(" in system, is_plain=is_plain).reply()
    return _read_prompt("\n\n".join(message.content for message in messages if message.role == "user"))


# -- as a sub-model ---------------------------------------------------------------------------------------


def _read_prompt(prompt: str) -> str:
    asked = markup.read_direct_prompt(prompt)
    has_no_table = False
    if asked.documents:
        question = _question(asked.question)
        found = settled_by_tables(question, asked.documents)
        if found["status"] == "answered":
            return found["answer"]
        if found["status"] == "refused":
            return f"{NOT_FOUND}: {found['why']}"
        has_no_table = found["status"] == "no table"
        if answer := settled(_intent_over(question, asked.documents), asked.documents):
            return answer
        passages = [each for name, text in asked.documents for each in _passages(name, text)]
    else:
        question, passages = _untagged(prompt)
        question = _question(question)
    if isinstance(read_intent(question, has_code=False), Summarise):
        return quoted_summary(passages[:_MOST_PASSAGES], most=2) or NOT_FOUND
    reading = Reading(question, passages)
    return _answer(
        reading,
        is_yes_no=_wants_yes_or_no(question),
        documents=len(asked.documents),
        has_no_table=has_no_table,
    )


def _wants_yes_or_no(question: str) -> bool:
    """Whether a question is one for yes or no, and not one between alternatives."""
    return isinstance(read_intent(question, has_code=False), YesNo) and not re.search(r"\bor\b", question)


def _answer(reading: Reading, *, is_yes_no: bool, documents: int = 0, has_no_table: bool = False) -> str:
    """What the passages say to the question, or that they do not hold the answer. A question about rows is told
    that no table was recognised.
    """
    found = decide(reading) if is_yes_no else find(reading)
    if isinstance(found, Found):
        return quoted_answer(reading, found) + (f"\n\nNote: {NO_TABLE}." if has_no_table else "")
    why = f": {NO_TABLE}." if has_no_table else ""
    return f"{NOT_FOUND}{why}\n{quoted_nearest(reading, found, documents)}"


def _question(text: str) -> str:
    """A question as its form is read: its beginning, with one blank in place of several."""
    return re.sub(r"(\s)\s+", r"\1", text[: 2 * _LONGEST_QUESTION].strip())[:_LONGEST_QUESTION]


def _intent_over(question: str, documents: Sequence[tuple[str, str]]) -> Intent:
    names = " ".join(name for name, _ in documents)
    return read_intent(question, has_code=bool(_CODE_NAME.search(names)))


def _untagged(prompt: str) -> tuple[str, list[Passage]]:
    """Question and passages of a prompt without documents: an instruction with a text before or after it."""
    blocks = [
        block.strip()
        for block in re.split(r"\n\s*\n|\n(?=(?:Text|Context|Document|Passage|Question)s?:)", prompt)
        if block.strip()
    ]
    if len(blocks) == 1:
        first, _, rest = prompt.partition("\n")
        blocks = [first.strip(), rest.strip()] if rest.strip() else _split_after_question(prompt)
    asking = next((i for i, block in enumerate(blocks) if len(block) < 600 and "?" in block), 0)
    question = re.sub(r"^(?:Question|Q|Instruction|Task)\s*:\s*", "", blocks[asking], flags=re.IGNORECASE)
    text = "\n\n".join(block for i, block in enumerate(blocks) if i != asking)
    return question, _passages(
        "text", re.sub(r"^(?:Text|Context|Document|Passage)s?\s*:\s*", "", text, flags=re.IGNORECASE)
    )


def _split_after_question(prompt: str) -> list[str]:
    end = prompt.find("?") + 1
    if not end:
        return [prompt]
    start = max(prompt.rfind(mark, 0, end - 1) for mark in ".!\n") + 1
    return [prompt[start:end].strip(), (prompt[:start] + prompt[end:]).strip()]


def _passages(name: str, text: str) -> list[Passage]:
    """The passages of a document, each with what it stands under."""
    first, _, _ = text.lstrip("\ufeff \n").partition("\n")
    title = (
        plain_text(first)[:_LONGEST_TITLE]
        if len(first) <= _LONGEST_TITLE or RECORDS_NAME.search(name)
        else ""
    )
    found = []
    for start, end in split_passages(text):
        above = "" if start <= len(first) else _SECTION.findall(text[max(0, start - _ABOVE) : start])
        section = plain_text(above[-1]) if above else ""
        heading = title if section == title or not section else f"{title} {section}"
        if RECORDS_NAME.search(name):
            heading = first if start else ""
        found.append(Passage(name, text[start:end].strip("\n"), heading=heading if start else ""))
    return found


# -- as a root model --------------------------------------------------------------------------------------


class _Root:
    """Writes the next cell of a REPL loop, from the conversation so far.

    Responsibilities: decide from the question what to do, decide from the last output whether that worked,
    and write the cell.
    """

    def __init__(self, messages: Sequence[Message], *, can_call: bool, is_plain: bool) -> None:
        opening = markup.read_opening(next(each.content for each in messages if each.role == "user"))
        self.question = _question(opening.question)
        self._about = opening.context.strip()
        self._written = [message.content for message in messages if message.role == "assistant"]
        self._seen = messages[-1].content if self._written else ""
        self._can_call = can_call
        self._is_plain = is_plain

    def reply(self) -> str:
        """The next cell in a code fence, after a sentence that says what it does."""
        intent = self._intent()
        if not self._written:
            if self._about_tables() and (self._is_plain or program_for(intent) is None):
                return _cell("Tables may settle this exactly.", table_program(self.question))
            return self._begin(intent)
        output = self._output()
        if TABLES in output and "ask_tables(" in self._written[-1]:
            return self._over_tables(intent, output)
        if MARK in output or WEIGHTS in output:
            return self._finish_reading(intent, output)
        if "result" not in self._written[-1]:
            return self._search(
                "The last step showed nothing, so the words of the question are searched for."
            )
        if self._failed(output):
            return self._search(
                "That did not fit this context, so the words of the question are searched for."
            )
        return _cell("The output answers the question.", 'FINAL_VAR("result")')

    def _intent(self) -> Intent:
        code = bool(_ABOUT_CODE.search(self._about))
        return read_intent(self.question, has_code=code)

    def _begin(self, intent: Intent) -> str:
        if self._is_plain:  # the repertoire needs more of Python
            return self._search("The place that answers is looked up by the words of the question.")
        if (program := program_for(intent)) is not None:
            return _cell("Code can settle this exactly.", program)
        if isinstance(intent, Summarise):
            return _cell(
                "Each part is summed up by its own sentences.",
                summary_program(intent, sub_calls=self._can_call),
            )
        if isinstance(intent, Compare):
            return _cell(
                "Both sides are looked up.",
                comparison_program(intent, self.question, sub_calls=self._can_call),
            )
        return self._search("The place that answers is looked up by the words of the question.")

    def _about_tables(self) -> bool:
        records = bool(_ABOUT_RECORDS.search(self._about))
        return computes(self.question) and (records or asks_rows(self.question))

    def _over_tables(self, intent: Intent, output: str) -> str:
        """The next cell once the tables have been asked."""
        status, said = read_status(output)
        if status == "answered":
            return _cell("The output answers the question.", 'FINAL_VAR("result")')
        if status == "refused":
            return _finish(f"{NOT_FOUND}: {said}")
        if status == "no table":
            return self._search(
                f"That is about rows, and {NO_TABLE}: the words of the question are searched for."
            )
        return self._begin(intent)

    def _search(self, why: str, *more: str) -> str:
        program = plain_search_program if self._is_plain else search_program
        return _cell(why, program(self.question, *more))

    def _output(self) -> str:
        return "\n".join(markup.read_outputs(self._seen)).strip()

    def _failed(self, output: str) -> bool:
        return not output or NOTHING in output.splitlines() or markup.has_exception(self._seen)

    def _finish_reading(self, intent: Intent, output: str) -> str:
        passages = [
            Passage(match["place"], match["text"].strip("\n"), float(match["score"]))
            for match in _FOUND.finditer(output)
        ]
        reading = Reading(self._asked(), passages, _weights(output))
        if (bridge := self._bridge(reading)) is not None:
            outer, found = bridge
            return self._search(f"{_CLUE}{found}", f"{outer} {found}")
        read = _READ.search(output)
        return _finish(
            _answer(
                reading,
                is_yes_no=_wants_yes_or_no(self.question),
                documents=int(read[1]) if read else 0,
                has_no_table=any(NO_TABLE in text for text in self._written),
            )
        )

    def _asked(self) -> str:
        """The question; in the second search, with its inner part replaced by the answer to that part."""
        found = next(
            (text.split(_CLUE, 1)[1].split("\n", 1)[0] for text in self._written if _CLUE in text), None
        )
        hop = _HOP.search(self.question)
        return self.question if found is None or hop is None else f"{self.question[: hop.start()]}{found}?"

    def _bridge(self, reading: Reading) -> tuple[str, str] | None:
        """The outer part of a question that no single place answers, and the answer to its inner part; else
        None.
        """
        hop = _HOP.search(self.question)
        if (
            hop is None
            or any(_CLUE in text for text in self._written)
            or reading.support >= _POORLY_SUPPORTED
        ):
            return None
        outer = self.question[: hop.start()]
        if not any(not term.is_stopword for term in terms(outer)):
            return None
        inner = Reading(f"Who or what is the {hop['noun']} {hop['clause']}?", reading.passages)
        if inner.support < _WELL_SUPPORTED:
            return None
        best = inner.evidence()[0]
        start, end = inner.span(best, _BRIDGE_WORDS)
        return outer, " ".join(inner.passages[best.passage].text[start:end].split())


def _weights(output: str) -> dict[str, float]:
    """The weights of the question's words, as the search printed them."""
    weights: dict[str, float] = {}
    for line in _WEIGHTS.findall(output):
        for pair in line.split():
            word, _, weight = pair.rpartition("=")
            weights.setdefault(word, float(weight))
    return weights


def _finish(answer: str) -> str:
    return _cell("The passages were read.", f"FINAL({answer!r})")


def _cell(why: str, code: str) -> str:
    return f"{why}\n\n```repl\n{code.strip()}\n```"
