"""Map and code: the sub-model judges each piece of the text alone, and code puts the judgements together.

A fixed program that needs no root model. Its plan comes from the words of the question: questions that code can count
have each record labelled; all others have each chunk judged for whether it holds the answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from harlm_bench.items import Question, Window
from harlm_bench.outcomes import Outcome
from harlm_bench.systems import Limits, Model
from harlm_bench.systems.attempt import Effort, EndpointRefused, attempt
from harlm_bench.systems.chat import Chat
from harlm_bench.systems.completions import Reply
from harlm_bench.systems.counting import Count, records_in, understood
from harlm_bench.systems.wording import asked_of, parts_of, reply_tokens

_FIRST_TOKEN: Mapping[str, object] = {"logprobs": True, "top_logprobs": 20}
_SHORT = 8  # tokens of a judgement
_CHUNK = 400  # tokens
_BEST = 2  # chunks that are read for the answer
_UNSEEN = -20.0  # the log-probability of a candidate that the server does not list

_LABEL = """\
Labels: {labels}
{meanings}
Which of the labels fits the message best? Reply with the label only.

Message: {text}
Label:"""
_HOLDS = """\
Text:

{chunk}

Does the text above contain the answer to this question? {question}
Reply with Yes or No only."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """Map over records or chunks, and code."""

    name: str = "map + code"

    def answer(self, window: Window, question: Question, model: Model, limits: Limits) -> Outcome:
        """See ``System``."""
        return attempt(partial(self._solve, window.text, question.text, model, limits))

    def _solve(self, text: str, question: str, model: Model, limits: Limits, effort: Effort) -> str:
        count, records = understood(question), records_in(text)
        with Chat(model, limits, effort) as chat:
            if count is None or not records:
                effort.notes["plan"] = "judge chunks"
                return _from_best_chunks(text, question, chat)
            held = [record for record in records if count.holds(record)]
            effort.notes |= {"plan": "label records", "records": len(held)}
            if not count.labels:
                effort.notes["without_model"] = 1
            texts = list(dict.fromkeys(record.text for record in held)) if count.labels else []
            labels = dict(zip(texts, _labelled(texts, text, count, chat), strict=True))
            return count.solve([(record, labels.get(record.text, "")) for record in held])


def _labelled(texts: Sequence[str], whole: str, count: Count, chat: Chat) -> list[str]:
    """The label of each text, by the log-probability of its first token over that for no text at all, where the server
    gives any; else by its words.
    """
    if not texts:
        return []
    meanings = [
        line for line in whole.splitlines() if line.startswith(tuple(f"- {each}:" for each in count.labels))
    ]
    ask = partial(_LABEL.format, labels=", ".join(count.labels), meanings="\n".join(meanings))
    none, *replies = _judged([ask(text=text) for text in ("N/A", *texts)], chat)
    prior = {label: _logprob(none, label) for label in count.labels} if none.first else {}
    return [_label(reply, count.labels, prior) for reply in replies]


def _label(reply: Reply, labels: Sequence[str], prior: Mapping[str, float]) -> str:
    if reply.first and prior:
        return max(labels, key=lambda label: (_logprob(reply, label) - prior[label], label))
    said = reply.text.casefold()
    places = {label: said.find(label.casefold()) for label in labels}
    return min(
        (label for label in labels if places[label] >= 0), key=lambda label: places[label], default=labels[0]
    )


def _from_best_chunks(text: str, question: str, chat: Chat) -> str:
    chunks = parts_of(text, min(_CHUNK, chat.model.window // 4))
    replies = _judged([_HOLDS.format(chunk=chunk, question=question) for chunk in chunks], chat)
    scores = [_yes(reply) for reply in replies]
    best = sorted(range(len(chunks)), key=lambda at: (-scores[at], at))[:_BEST]
    found = "\n\n".join(chunks[at] for at in sorted(best))
    return chat.ask(asked_of(found, question), role="sub", max_tokens=reply_tokens(chat.model.window)).text


def _yes(reply: Reply) -> float:
    """How much a reply says yes."""
    if reply.first:
        return _logprob(reply, "Yes") - _logprob(reply, "No")
    return float(reply.text.strip().casefold().startswith("yes"))


def _judged(prompts: Sequence[str], chat: Chat) -> list[Reply]:
    """Short replies, with the candidates of their first tokens where the server gives them."""
    try:
        first = chat.ask(prompts[0], role="sub", max_tokens=_SHORT, form=_FIRST_TOKEN)
    except EndpointRefused:  # a server that does not know these fields
        return chat.ask_many(prompts, max_tokens=_SHORT)
    form = _FIRST_TOKEN if first.first else None
    return [first, *chat.ask_many(prompts[1:], max_tokens=_SHORT, form=form)]


def _logprob(reply: Reply, word: str) -> float:
    """The log-probability that a reply begins with a word: of all its first tokens that begin the word."""
    wanted = word.casefold()
    own = [
        logprob
        for token, logprob in (reply.first or {}).items()
        if (start := token.strip().casefold()) and wanted.startswith(start)
    ]
    return math.log(sum(map(math.exp, own))) if own else _UNSEEN
