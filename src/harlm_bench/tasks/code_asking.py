"""What can be asked of a changed module, with the truth and wrong answers to choose from, and its facts for a reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from harlm_bench.items import Fact
from harlm_bench.tasks import words
from harlm_bench.tasks.code_edits import ChangedModule
from harlm_bench.tasks.code_facts import ERRORS, ClassFacts, FunctionFacts
from harlm_bench.tasks.code_questions import Asked

_NUMBERS = tuple("0 1 2 3 4 5 7 8 10 12 16 25 32 40 64 96 100 160 255 750".split())
_FRACTIONS = tuple("0.05 0.1 0.4 0.5 1.0 1.5 2.0 2.75 5.0 6.5 10.0 45.0".split())
_TRUTHS = ("True", "False", "None", "0")


def askable(module: ChangedModule, name: str) -> list[Asked]:
    """All that can be asked of a module so that what one knows of it by heart is wrong."""
    return [
        *_defaults(module, name),
        *_errors(module, name),
        *_callers(module, name),
        *_overrides(module, name),
    ]


def facts_of(module: ChangedModule, name: str) -> Iterator[Fact]:
    """What a perfect reader takes from each function and from the head of each class."""
    lines = module.text.split("\n")
    for each in module.functions:
        yield _fact_of_function(each, name, lines)
    for found in module.classes:
        if _has_plain_head(found, lines):
            text = lines[found.node.lineno - 1].strip()
            said = {"module": name, "name": found.name, "bases": " ".join(found.bases)}
            yield Fact(text=text, kind="class", attributes=said)


def _defaults(module: ChangedModule, name: str) -> Iterator[Asked]:
    for function in module.functions:
        for parameter, value in function.defaults.items():
            if (function.name, parameter) in module.changed:
                yield Asked(
                    kind="default",
                    module=name,
                    subject=function.name,
                    detail=parameter,
                    answer=value,
                    others=_others(_values_like(value), value),
                )


def _errors(module: ChangedModule, name: str) -> Iterator[Asked]:
    for function in module.functions:
        if len(function.raises) == 1 and (function.name, "raise") in module.changed:
            error = function.raises[0]
            yield Asked(
                kind="error", module=name, subject=function.name, answer=error, others=_others(ERRORS, error)
            )


def _callers(module: ChangedModule, name: str) -> Iterator[Asked]:
    own = {each.name.rpartition(".")[2] for each in module.functions} & module.renamed
    times = Counter(called for each in module.functions for called in each.called)
    every = [each.name for each in module.functions]
    for function in module.functions:
        for called in function.called:
            is_known = called in own and times[called] == 1 and called not in module.called_outside
            if is_known and function.name.rpartition(".")[2] != called and len(every) > 3:
                others = _others(every, function.name)
                yield Asked(kind="caller", module=name, subject=called, answer=function.name, others=others)


def _overrides(module: ChangedModule, name: str) -> Iterator[Asked]:
    lines = module.text.split("\n")
    known = {each.name for each in module.functions}
    classes = [each for each in module.classes if _has_plain_head(each, lines)]
    others = [each.name for each in module.classes]
    for parent in classes if len(others) > 3 else ():
        children = [each for each in module.classes if parent.name in each.bases]
        for method in parent.methods:
            found = [each for each in children if method in each.methods]
            is_known = len(found) == 1 and found[0] in classes and f"{found[0].name}.{method}" in known
            if is_known and {parent.name, found[0].name} & module.renamed:
                yield Asked(
                    kind="override",
                    module=name,
                    subject=parent.name,
                    detail=method,
                    answer=found[0].name,
                    others=_others(others, found[0].name),
                )


def _fact_of_function(function: FunctionFacts, module: str, lines: Sequence[str]) -> Fact:
    node = function.node
    text = "\n".join(lines[node.lineno - 1 : node.end_lineno])[node.col_offset :]
    owner, _, own = function.name.rpartition(".")
    frame, framed = (f"class {owner}", ("name",)) if owner else ("", ())
    said = {"module": module, "name": function.name, "own": own, "calls": " ".join(function.called)}
    said |= {f"default of {name}": value for name, value in function.defaults.items()}
    if len(function.raises) != 1 or function.raises[0] not in ERRORS:
        return Fact(text=text, kind="function", attributes=said, frame=frame, framed=framed)
    said["raises"] = function.raises[0]
    return Fact(
        text=text,
        kind="function",
        attributes=said,
        guessable={"raises": ERRORS},
        frame=frame,
        framed=framed,
    )


def _has_plain_head(found: ClassFacts, lines: Sequence[str]) -> bool:
    """Whether the head stands on one line, with bases that are plain names."""
    return lines[found.node.lineno - 1].rstrip().endswith(":") and all(
        " " not in each for each in found.bases
    )


def _values_like(value: str) -> Sequence[str]:
    if value in ("True", "False"):
        return _TRUTHS
    if value[0] in "'\"":
        return [repr(each) for each in words.KEYWORDS]
    return _FRACTIONS if "." in value else _NUMBERS


def _others(values: Sequence[str], right: str) -> tuple[str, ...]:
    return tuple(each for each in dict.fromkeys(values) if each != right)
