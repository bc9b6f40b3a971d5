"""Which sort of work a question asks for, told from its words as a model tells it, with what the words name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from harlm_bench.simulator.roots import aggregation, pairing
from harlm_bench.simulator.roots.bank import Family
from harlm_bench.simulator.roots.render import Code, Value

Found = tuple[Family, Mapping[str, Value]]


def code(question: str) -> Found | None:
    """About a function, method or class of a module."""
    subject = re.search(r"(?:of|calls|from) `([\w.]+)`", question)
    if (
        subject is None
        or re.search(r"\b(?:raises?|default value|function|method|class|module)\b", question) is None
    ):
        return None
    module = re.search(r"\bIn (?:the (?:module|file) )?`?([\w./-]+)`?,", question)
    return "codeqa", {"module": module[1] if module else "", "subject": subject[1]}


def walk(question: str) -> Found | None:
    """About nodes and edges."""
    node = re.search(r"\b(?:the )?node `?(\w+)`?", question)
    if node is None or "nodes" not in question:
        return None
    depth = re.search(r"(\d+) steps?", question)
    is_backward = re.search(r"point to the node|parents? of", question) is not None
    return "graphwalks", {
        "node": node[1],
        "depth": int(depth[1]) if depth else 1,
        "walk": "parents" if is_backward else "steps",
    }


_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def repeated(question: str) -> Found | None:
    """About the k-th reply to a request that comes again and again."""
    found = re.search(
        r"\b(?:assistant's|reply's|the) (\w+) ([\w ]+?) about ((?:an?|the) [\w -]+?),? word for word",
        question,
    )
    if found is None or found[1] not in _ORDINALS:
        return None
    prefix = re.search(r"with (\w+) and a blank before", question)
    return "mrcr", {
        "form": found[2],
        "topic": found[3],
        "number": _ORDINALS.index(found[1]) + 1,
        "prefix": prefix[1] if prefix else "",
    }


_CONDITION = re.compile(r"(\w+) (is at least|is at most|is on or after|is) (.+)")


def table(question: str) -> Found | None:
    """About the rows of a table for which something holds."""
    held = re.search(r"\bin which holds: ([^?]+)\?|\brows holds: ([^?]+)\?", question)
    compute = _computed(question)
    if held is None or compute is None:
        return None
    found = [_CONDITION.fullmatch(each.strip()) for each in (held[1] or held[2]).split(" and ")]
    conditions = [_compared(*each.groups()) for each in found if each]
    return "tables", {"where": Code(" and ".join(conditions) or "True"), "compute": Code(compute)}


def _compared(column: str, test: str, value: str) -> str:
    if test == "is at least" or test == "is at most":
        return f'float(row["{column}"]) {">=" if test.endswith("least") else "<="} {value}'
    return f'row["{column}"] {"==" if test == "is" else ">="} {value!r}'


def _computed(question: str) -> str | None:
    """The expression over ``rows`` that a question about a table asks for, as a str."""
    if found := re.search(r"\bWhich (\w+) has the largest sum of the column (\w+)", question):
        return (
            f'max(sorted({{row["{found[1]}"] for row in rows}}), key=lambda value: '
            f'sum(Decimal(row["{found[2]}"]) for row in rows if row["{found[1]}"] == value))'
        )
    if found := re.search(r"\bWhich (\d+) values of the column (\w+) occur in the most rows", question):
        return f'", ".join(value for value, _ in Counter(row["{found[2]}"] for row in rows).most_common({found[1]}))'
    if found := re.search(r"\b(sum|largest value) of the column (\w+)", question):
        return f'str({"sum" if found[1] == "sum" else "max"}(Decimal(row["{found[2]}"]) for row in rows))'
    if found := re.search(r"\bdifferent values of the column (\w+)", question):
        return f'str(len({{row["{found[1]}"] for row in rows}}))'
    if found := re.search(r"\bstands in the column (\w+)", question):
        return f'rows[0]["{found[1]}"]'
    return "str(len(rows))" if re.search(r"\bhow many rows\b", question) else None


def pairs(question: str) -> Found | None:
    """About pairs of users."""
    fits = pairing.fits(question)
    return None if fits is None else ("pairs", {**aggregation.labelling(question), "fits": fits})


def aggregate(question: str) -> Found | None:
    """About how often labels, users or dates occur."""
    compute = aggregation.computed(question)
    if compute is None:
        return None
    return "oolong", {
        **aggregation.labelling(question),
        "where": aggregation.scope_of(question),
        "compute": compute,
        "is_count": int(re.search(r"\bhow many \w+ should be", question) is not None),
    }


def described(question: str) -> Found | None:
    """Who or what fits several vague statements."""
    found = re.search(r"\b(?:described here|fits? all of these|satisfies all of these): ([^?]+)\?", question)
    if found is None:
        return None
    return "browse", {"constraints": tuple(each.strip() for each in found[1].split(";"))}


_CELLS: tuple[tuple[str, str], ...] = (
    ("table", r"\bMake a table of the (\w+) of these sites: ([^.]+)\."),
    ("source", r"\bWhich report tells the (\w+) of ([^?]+?) as it is\?"),
    ("count", r"\bHow many different values do the reports state for the (\w+) of ([^?]+)\?"),
    ("value", r"\bWhat is the (\w+) of ([^?]+)\?"),
)


def revised(question: str) -> Found | None:
    """About what several reports say of a thing, the latest of which counts."""
    if re.search(r"\b(?:latest report|reports state|[Ww]hich report)\b", question) is None:
        return None
    for wanted, pattern in _CELLS:
        if found := re.search(pattern, question):
            sites = tuple(each.strip() for each in found[2].split(","))
            return "crossdoc", {"field": found[1], "sites": sites, "wanted": wanted}
    return None


def counted(question: str) -> Found | None:
    """How many lines are about a topic, or which topic most or fewest lines are about."""
    found = re.search(r"\b[Hh]ow many (?:of these )?lines are about ([\w -]+)\?", question)
    extreme = re.search(r"\b(most|fewest) lines about", question)
    if found is None and extreme is None:
        return None
    compute = f'str(counts["{found[1]}"])' if found else _EXTREMES[extreme[1]] if extreme else ""
    return "counting", {
        **aggregation.labelling(question),
        "compute": Code(compute),
        "is_count": int(found is not None),
        "topic": found[1] if found else "",
    }


_EXTREMES = {
    "most": "min(counts, key=lambda topic: (-counts[topic], topic))",
    "fewest": "min(counts, key=lambda topic: (counts[topic], topic))",
}


def chain(question: str) -> Found | None:
    """About the object of one relation after another: "the A of the B of X", of which B of X comes first."""
    found = re.search(
        r"\b[Ww](?:ho|hat)(?: or what)? (?:is|was) (the [\w ]+? of (?:the [\w ]+? of )*)([^?]+)\?", question
    )
    if found is None:
        return None
    *links, start = re.split(r" of (?:the )?", f"{found[1]}{found[2]}".removeprefix("the "))
    if len(links) < 2:
        return None
    return "multihop-long", {"links": tuple(reversed(links)), "start": start.strip()}


def needle(question: str) -> Found | None:
    """About the one value of a key."""
    found = re.search(
        r"\b(?:registered|magic|special|secret) (?:\w+ )?(?:number|word|uuid|value|code)?\s*(?:of|for)\b",
        question,
    )
    return ("s-niah", {}) if found else None


RECOGNISERS = (pairs, aggregate, counted, revised, described, table, repeated, code, walk, chain, needle)
"""In the order in which they are tried."""
