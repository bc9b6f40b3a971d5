"""What a report says, in which order: for each label its tables and plots, and then what others have published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from harlm_bench.labels import Label
from harlm_bench.report import calibration, published, running, scores
from harlm_bench.report.bounds import measured, with_best_mode
from harlm_bench.report.calibration import Gate
from harlm_bench.report.groups import Group
from harlm_bench.report.plots import forest, latency, lengths, pareto, waterfall
from harlm_bench.report.tables import Table
from harlm_bench.suites import WHOLE


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A table with its plots.

    Attributes:
        table: the figures; ``None`` for plots alone.
        plots: SVG.
    """

    table: Table | None = None
    plots: tuple[str, ...] = ()


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """All that is said about one label.

    Attributes:
        label: what the figures were measured on.
        facts: how the runs were made, as pairs of name and text.
        warnings: what a reader has to know before any figure.
        sections: in their order.
    """

    label: Label
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    sections: tuple[Section, ...]


def chapters(groups: Sequence[Group]) -> tuple[Chapter, ...]:
    """A chapter for each group, and one of published figures."""
    return (*(_chapter(group) for group in groups), published_chapter())


def published_chapter() -> Chapter:
    """What others have published."""
    tables = (published.main_table(), published.newer_table())
    return Chapter(
        label=Label(kind="PUBLISHED", detail="figures of others"),
        facts=(),
        warnings=(
            "Other models, other questions and other machines: no row here can be compared with a row above. "
            "The tasks above have the shape of these, and are generated.",
        ),
        sections=tuple(Section(table=table) for table in tables),
    )


def _chapter(group: Group) -> Chapter:
    gate = calibration.gate(group)
    comparable = group.only(gate.tasks)
    sections: list[Section] = []
    if group.label.is_simulated:
        sections.append(Section(table=calibration.table(group, gate)))
    if gate.tasks:
        sections += _comparisons(comparable)
    sections += [
        Section(table=running.bills_table(measured(group))),
        Section(table=running.failures_table(group)),
    ]
    return Chapter(
        label=group.label, facts=_facts(group), warnings=_warnings(group, gate), sections=tuple(sections)
    )


def _comparisons(group: Group) -> Iterator[Section]:
    bounded, group = with_best_mode(group), measured(group)
    yield Section(table=scores.main_table(bounded), plots=_drawn(pareto.pareto(group)))
    others = group.names("base", "baseline", "reference", "rival")
    for ours in group.names("ours"):
        yield from _gains(bounded, ours, others, id_="gains", title=f"{ours} beside the others")
        modes = bounded.names("mode", "bound")
        yield from _gains(bounded, ours, modes, id_="modes", title=f"{ours} beside its modes")
    for whole in group.named(WHOLE):
        parts = group.names("part")
        yield from _gains(group, whole, parts, id_="ablations", title=f"What the parts of {whole} are worth")
    curves = lengths.lengths(group)
    if curves:
        yield Section(plots=curves)
    yield Section(table=running.latency_table(group), plots=_drawn(latency.latency(group), _waterfall(group)))
    for table in (running.memory_table(group), running.routes_table(group)):
        if table is not None:
            yield Section(table=table)


def _gains(group: Group, ours: str, names: Sequence[str], *, id_: str, title: str) -> Iterator[Section]:
    found = scores.gains(group, ours, list(names))
    if found:
        table = scores.gains_table(group, ours, found, id_=id_, title=title)
        shown = [gain for gain in found if gain.task == scores.ALL] if id_ != "gains" else found
        yield Section(
            table=table, plots=_drawn(forest.forest(shown or found, title=title, label=group.label))
        )


def _waterfall(group: Group) -> str | None:
    ours, theirs = group.names("ours")[:1], group.names("reference", "rival", "baseline", "base")
    reference = list(group.names("reference") or theirs)
    if not (ours and reference and group.label.has_times):
        return None
    return waterfall.waterfall(group, ours[0], reference[0])


def _drawn(*plots: str | None) -> tuple[str, ...]:
    return tuple(plot for plot in plots if plot is not None)


def _warnings(group: Group, gate: Gate) -> tuple[str, ...]:
    found = list(group.notes)
    if group.label.is_simulated:
        found.append(
            "A simulated language model answered, with the errors, times and prices of its profile. Only ratios and "
            "differences between systems on this simulator mean anything; no score here is that of a real model."
        )
    if gate.reasons:
        found.append(
            "Not compared, since the simulated model is not shown to be near published ones there: "
            + "; ".join(gate.reasons)
            + "."
        )
    for name in group.names():
        results = group.of(name)
        if all(result.outcome.status == "not installed" for result in results):
            found.append(f"{name} could not be installed and is not compared: {results[0].outcome.reason}")
    return tuple(found)


def _facts(group: Group) -> tuple[tuple[str, str], ...]:
    header = group.headers[0]
    packages = {name: version for each in group.headers for name, version in each.packages.items()}
    return (
        ("suite", ", ".join(f"{each.suite}, seed {each.seed}" for each in group.headers)),
        ("made by", "; ".join(dict.fromkeys(each.command for each in group.headers))),
        ("started", ", ".join(dict.fromkeys(each.started for each in group.headers))),
        ("machine", ", ".join(dict.fromkeys(each.machine for each in group.headers))),
        ("versions", ", ".join(f"{name} {version}" for name, version in packages.items())),
        ("generators", ", ".join(f"{task} {version}" for task, version in sorted(header.versions.items()))),
        ("results", f"{len(group.results):,}"),
    )
