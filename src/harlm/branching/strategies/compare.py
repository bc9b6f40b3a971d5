"""*compare*: what several sources say of things, where they revise and contradict each other. The passages about each thing are read,
and code decides by the rule that the question states.
"""

from __future__ import annotations

from harlm.branching.strategies.asked import Asked
from harlm.branching.strategies.forecasting import Calls, forecast
from harlm.branching.strategies.source_rules import SourceQuestion, read_sources
from harlm.types import Proposal

_RULES = 250  # tokens of a prompt without its passages
_PASSAGE = 70  # tokens of a passage with its head
_STATEMENT = 20  # tokens of a line of a reply
_SHARE = 0.05  # of the sources that speak of one thing and what is asked of it
_BATCH = 12  # passages in one call
_DECISIVE = 4  # statements of each thing that are judged again

_BEGIN = """\
texts = [context] if isinstance(context, str) else list(context)
asked = {asked!r}
found = compare(texts, asked, order={order!r}, without={without!r}, numbered={numbered!r})
for question, each in found.items():
    print(question, each.best, len(each.statements))
"""
_TABLE = """\


def shown(text):
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\\n') else text


lines = [",".join(shown(name) for name, _ in {columns!r})]
for name, questions in {rows!r}:
    best = {{field: found[question].best for field, question in questions.items()}}
    some = next((each for each in best.values() if each is not None), None)
    values = {{"thing": name, "source": some.source if some else "", "date": some.date if some else ""}}
    values.update({{field: each.value if each else "" for field, each in best.items()}})
    lines.append(",".join(shown(values[column]) for _, column in {columns!r}))
FINAL("\\n".join(lines))
"""
_COUNT = """\
values = {" ".join(each.value.casefold().split()) for each in found[next(iter(asked))].valid}
FINAL(str(len(values)))
"""
_ONE = """\
best = found[next(iter(asked))].best
FINAL(best.{part} if best else "NOT FOUND")
"""


def propose(asked: Asked) -> Proposal | None:
    """The proposal for a question about what several sources say, with a rule; ``None`` if it is of another form."""
    read = read_sources(asked.question)
    if read is None or asked.profile.documents < 2:
        return None
    things = len(read.names) * len(read.fields)
    passages = max(2, int(_SHARE * asked.profile.documents))
    calls = things * -(-passages // _BATCH)
    first = Calls(
        model=asked.sub,
        calls=calls,
        input_tokens=_RULES + min(passages, _BATCH) * _PASSAGE,
        output_tokens=min(passages, _BATCH) * _STATEMENT,
    )
    steps = [first]
    if asked.has_stronger:
        lines = things * min(_DECISIVE, passages)
        steps.append(
            Calls(
                model=asked.root,
                calls=1,
                input_tokens=_RULES + lines * _PASSAGE // 2,
                output_tokens=lines * 5,
            )
        )
    return Proposal(
        strategy="compare",
        cells=(_cell(read),),
        forecast=forecast(*steps, concurrency=asked.concurrency),
        growth="linear" if read.order == "most" else "constant",
        leaf="reader",
        fit=1.0,
        reasons=(
            f"the question asks what {asked.profile.documents:,} {read.noun} say of {len(read.names)} things, and states which counts",
            f"only sentences that name a thing are read; code takes the value by the rule: {_rule(read)}",
        ),
    )


def _rule(read: SourceQuestion) -> str:
    order = {"latest": "of the latest source", "first": "of the first source", "most": "of most sources"}[
        read.order
    ]
    return f"{order}, without what is {', '.join(sorted(read.without))}" if read.without else order


def _cell(read: SourceQuestion) -> str:
    questions = {
        (name, of): f"What do these {read.noun} say of the {of} of {name}, and what is their date?"
        for name in read.names
        for of in read.fields
    }
    begin = _BEGIN.format(
        asked={words: [name, of] for (name, of), words in questions.items()},
        order=read.order,
        without=sorted(read.without),
        numbered=read.numbered,
    )
    if read.wanted == "table":
        rows = [(name, {of: questions[name, of] for of in read.fields}) for name in read.names]
        return begin + _TABLE.format(columns=list(read.columns), rows=rows)
    return begin + (_COUNT if read.wanted == "count" else _ONE.format(part=read.wanted))
