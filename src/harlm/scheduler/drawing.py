"""Drawings of a plan: as text, as a dot file for Graphviz, and as SVG."""

from __future__ import annotations

from xml.sax.saxutils import escape

from harlm.scheduler.plan import CallSite, Plan

_BOX_W, _BOX_H, _GAP_X, _GAP_Y, _MARGIN = 300, 62, 40, 46, 20
NOT_WHOLE = "the cell is too long or too complex to be analysed whole; it may make other calls"
_LETTERS = 44  # characters of a line in a box


def as_text(plan: Plan) -> str:
    """One line for each call, indented by its level, then the shape and the longest chain of the plan."""
    if not plan.sites:
        return NOT_WHOLE if not plan.is_whole else "no calls"
    levels = _levels(plan)
    lines = [
        f"{'  ' * levels[site.number]}[{site.number}] line {site.line}: {site.source}{_remarks(site)}"
        for site in plan.sites
    ]
    path = " → ".join(f"[{number}]" for number in plan.critical_path)
    lines += ["", f"shape: {plan.shape} · longest chain: {plan.length} ({path})"]
    return "\n".join(lines if plan.is_whole else [*lines, NOT_WHOLE])


def as_dot(plan: Plan) -> str:
    """A digraph for Graphviz. Solid edges are results that go into prompts; dashed edges are results that
    decide whether a call is made.
    """
    lines = ["digraph plan {", "  rankdir=TB;", '  node [shape=box, fontname="monospace", fontsize=10];']
    for site in plan.sites:
        label = "\\n".join(_quoted(line) for line in _box_lines(site))
        style = "" if site.is_certain else ", style=dashed"
        more = ", peripheries=2" if site.is_many else ""
        lines.append(f'  c{site.number} [label="{label}"{style}{more}];')
    for source, target, kind in _edges(plan):
        lines.append(f"  c{source} -> c{target}{' [style=dashed]' if kind == 'decides' else ''};")
    return "\n".join([*lines, "}"])


def as_svg(plan: Plan) -> str:
    """An SVG drawing: one box for each call, in the row of its level."""
    levels = _levels(plan)
    ranks: dict[int, list[CallSite]] = {}
    for site in plan.sites:
        ranks.setdefault(levels[site.number], []).append(site)
    places = {
        site.number: (
            _MARGIN + column * (_BOX_W + _GAP_X),
            _MARGIN + level * (_BOX_H + _GAP_Y),
        )
        for level, sites in ranks.items()
        for column, site in enumerate(sites)
    }
    width = 2 * _MARGIN + max((x for x, _ in places.values()), default=0) + _BOX_W
    height = 2 * _MARGIN + max((y for _, y in places.values()), default=0) + _BOX_H + 20
    drawn = [_arrow(places[source], places[target], kind) for source, target, kind in _edges(plan)]
    drawn += [_box(site, *places[site.number]) for site in plan.sites]
    title = f"{plan.shape} · longest chain: {plan.length}" if plan.sites else as_text(plan)
    if plan.sites and not plan.is_whole:
        title = f"{title} · {NOT_WHOLE}"
    drawn.append(f'<text x="{_MARGIN}" y="{height - 12}">{escape(title)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="monospace" '
        f'font-size="11"><defs><marker id="a" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        f'<path d="M0,0L8,4L0,8z"/></marker></defs>{"".join(drawn)}</svg>'
    )


def _levels(plan: Plan) -> dict[int, int]:
    """The level of each site: one more than the highest level of the sites that it needs or that decide
    about it.
    """
    levels: dict[int, int] = {}
    for site in plan.sites:
        before = [levels[each] + 1 for each in (*site.needs, *site.decided_by) if each in levels]
        levels[site.number] = max(before, default=0)
    return levels


def _edges(plan: Plan) -> list[tuple[int, int, str]]:
    return [
        (source, site.number, kind)
        for site in plan.sites
        for kind, sources in (("needs", site.needs), ("decides", site.decided_by))
        for source in sources
        if not (kind == "decides" and source in site.needs)
    ]


def _remarks(site: CallSite) -> str:
    remarks = [f"{loop.header}: {loop.flow}" for loop in site.loops]
    if site.through:
        remarks.append(f"in {' → '.join(site.through)}")
    if site.needs:
        remarks.append(f"needs {_listed(site.needs)}")
    if site.decided_by:
        remarks.append(f"decided by {_listed(site.decided_by)}")
    elif not site.is_certain:
        remarks.append("may not be needed")
    return f"   ({'; '.join(remarks)})" if remarks else ""


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(f"[{number}]" for number in numbers)


def _box_lines(site: CallSite) -> list[str]:
    loops = "; ".join(f"{loop.header}: {loop.flow}" for loop in site.loops)
    return [f"[{site.number}] line {site.line}", _cut(site.source), *([_cut(loops)] if loops else [])]


def _box(site: CallSite, x: int, y: int) -> str:
    dash = "" if site.is_certain else ' stroke-dasharray="4 3"'
    shadow = (
        f'<rect x="{x + 4}" y="{y + 4}" width="{_BOX_W}" height="{_BOX_H}" rx="5" fill="#ddd"/>'
        if site.is_many
        else ""
    )
    lines = "".join(
        f'<text x="{x + 8}" y="{y + 17 + 18 * number}">{escape(line)}</text>'
        for number, line in enumerate(_box_lines(site))
    )
    return f'{shadow}<rect x="{x}" y="{y}" width="{_BOX_W}" height="{_BOX_H}" rx="5" fill="#fff" stroke="#333"{dash}/>{lines}'


def _arrow(source: tuple[int, int], target: tuple[int, int], kind: str) -> str:
    dash = ' stroke-dasharray="4 3"' if kind == "decides" else ""
    return (
        f'<line x1="{source[0] + _BOX_W // 2}" y1="{source[1] + _BOX_H}" x2="{target[0] + _BOX_W // 2}" '
        f'y2="{target[1] - 2}" stroke="#333" marker-end="url(#a)"{dash}/>'
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LETTERS else f"{text[: _LETTERS - 1]}…"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
