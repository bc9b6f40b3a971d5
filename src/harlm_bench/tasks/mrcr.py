"""A long dialogue in which the same request comes again and again; the k-th reply to it is wanted, word for word.

As MRCR (Vodrahalli et al., arXiv 2409.12640) in OpenAI's form: the answer starts with a given code, and is scored by the ratio
of equal characters.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from harlm_bench.items import Fact, Question, Window
from harlm_bench.tasks import check_size, words
from harlm_bench.tasks.prose import Prose, cut_to, rate

_FORMS = (
    "poem",
    "riddle",
    "short story",
    "letter",
    "speech",
    "notice",
    "diary entry",
    "toast",
    "news item",
    "song",
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_REPLY = 60  # tokens of a reply
_CODE = 10  # letters and digits
_ASK = (
    "The user asks for a {form} about the {thing} several times. Answer with the assistant's {ordinal} {form} about the {thing}, "
    "word for word, with {code} and a blank before it, and nothing else."
)
_ASKED = re.compile(
    r"(?:Answer with|Give|What is) the assistant's (?P<ordinal>\w+) (?P<form>[\w ]+?) about the (?P<thing>[\w ]+), word for word(?:, with (?P<code>\w+) and a blank before it)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyQuery:
    """The k-th reply to a request.

    Attributes:
        request: such as ``poem about the red kettle``.
        number: which of the replies, from 1.
        code: what stands before the answer; empty if nothing does.
    """

    request: str
    number: int
    code: str

    @property
    def in_head(self) -> bool:
        """Replies must be counted."""
        return True

    def wants(self, fact: Fact) -> bool:
        """The turns with this request."""
        return fact.kind == "turn" and fact.attributes["request"] == self.request

    def answer(self, facts: Sequence[Fact]) -> str | None:
        """The reply, in the order of the turns; ``None`` if there are fewer."""
        turns = sorted(
            (each.attributes for each in facts if self.wants(each)), key=lambda each: int(each["turn"])
        )
        if len(turns) < self.number:
            return None
        return f"{self.code} {turns[self.number - 1]['reply']}".strip()


class RepeatedRequests:
    """The family ``mrcr``."""

    name = "mrcr"
    version = 1

    def window(self, seed: int, tokens: int, questions: int) -> Window:
        """A dialogue of one line a turn, with two to eight replies to every request that is asked about.

        Raises:
            ConfigError: no window has so many or so few ``tokens``, or ``questions`` is below 1.
        """
        check_size(self.name, tokens, questions)
        chance = Random(f"mrcr {self.version} {seed} {tokens}")
        facts = _turns(tokens, chance)
        return Window(
            task=self.name,
            version=self.version,
            seed=seed,
            tokens=tokens,
            documents={"dialogue": "\n".join(each.text for each in facts) + "\n"},
            questions=_questions(facts, questions, chance),
            facts=facts,
        )

    def understand(self, question: str) -> ReplyQuery | None:
        """The questions of a window, with a code or without one."""
        found = _ASKED.search(question)
        if found is None or found["ordinal"] not in _ORDINALS:
            return None
        return ReplyQuery(
            request=f"{found['form']} about the {found['thing']}",
            number=_ORDINALS.index(found["ordinal"]) + 1,
            code=found["code"] or "",
        )


FAMILY = RepeatedRequests()


def _turns(tokens: int, chance: Random) -> tuple[Fact, ...]:
    prose = Prose(chance)
    sample = [
        _turn(number, request, _reply(prose, chance))
        for number, request in enumerate(_requests(60, chance), 1)
    ]
    count = int(tokens / rate([each.text for each in sample]) * 1.05) + 4
    requests = _requests(count, chance)
    replies = _replies(prose, count, chance)
    turns = [_turn(number, *pair) for number, pair in enumerate(zip(requests, replies, strict=True), 1)]
    return tuple(turns[: cut_to([each.text for each in turns], tokens)])


def _requests(count: int, chance: Random) -> list[str]:
    """Requests that come two to eight times each, in any order."""
    kinds = [
        f"{form} about the {colour} {thing}"
        for form in _FORMS
        for colour in words.COLOURS
        for thing in words.THINGS
    ]
    chance.shuffle(kinds)
    drawn: list[str] = []
    for number in range(count):
        drawn += [kinds[number % len(kinds)]] * chance.randint(2, len(_ORDINALS))
        if len(drawn) >= count:
            break
    chance.shuffle(drawn)
    return drawn[:count]


def _replies(prose: Prose, count: int, chance: Random) -> list[str]:
    """Replies, each another one: three to five sentences of a long text."""
    sentences = prose.sentences(chance, count * (_REPLY + 20) + 400)
    lengths = chance.choices((2, 3, 4), k=count)
    replies, start = [], 0
    for length in lengths:
        if start + length > len(sentences):
            start = chance.randrange(len(sentences) // 2)
        replies.append(" ".join(sentences[start : start + length]))
        start += length
    return replies


def _reply(prose: Prose, chance: Random) -> str:
    return " ".join(prose.sentences(chance, _REPLY))


def _turn(number: int, request: str, reply: str) -> Fact:
    text = f"[{number}] User: Write a {request}. Assistant: {reply}"
    return Fact(text=text, kind="turn", attributes={"turn": str(number), "request": request, "reply": reply})


def _questions(facts: Sequence[Fact], wanted: int, chance: Random) -> tuple[Question, ...]:
    times = Counter(each.attributes["request"] for each in facts)
    repeated = [request for request, count in times.items() if count > 1]
    kinds = [
        (request, number)
        for request in repeated
        for number in range(1, min(times[request], len(_ORDINALS)) + 1)
    ]
    chance.shuffle(kinds)
    made = []
    for number in range(wanted):
        request, which = kinds[number % len(kinds)]
        form, _, thing = request.partition(" about the ")
        code = "".join(chance.choices(string.ascii_lowercase, k=_CODE - 2)) + "".join(
            chance.choices(string.digits, k=2)
        )
        query = ReplyQuery(request=request, number=which, code=code)
        text = _ASK.format(form=form, thing=thing, ordinal=_ORDINALS[which - 1], code=code)
        gold = query.answer(facts)
        assert gold is not None
        made.append(
            Question(
                id=f"q{number + 1}", text=text, kind=f"{times[request]} replies", gold=gold, scorer="ratio"
            )
        )
    return tuple(made)
