from __future__ import annotations

from xml.etree import ElementTree

from harlm.scheduler import analyse
from harlm.scheduler.drawing import as_dot, as_svg, as_text

CELL = """\
labels = {}
for chunk in chunks:
    kind = llm_query(f"<Kind>? {chunk}")
    if "tls" in kind:
        labels[chunk] = llm_query(f'Which "version"? {chunk}')
print(llm_query(f"Summarise: {labels}"))
"""


def test_text_has_a_line_for_each_call_then_shape_and_longest_chain() -> None:
    assert as_text(analyse(CELL)).splitlines() == [
        "[1] line 3: llm_query(f'<Kind>? {chunk}')   (for chunk in chunks: map)",
        "  [2] line 5: llm_query(f'Which \"version\"? {chunk}')   (for chunk in chunks: map; decided by [1])",
        "    [3] line 6: llm_query(f'Summarise: {labels}')   (needs [1], [2])",
        "",
        "shape: map-reduce · longest chain: 3 ([1] → [2] → [3])",
    ]
    assert as_text(analyse("x = 1")) == "no calls"


def test_dot_has_every_node_and_edge() -> None:
    drawn = as_dot(analyse(CELL))
    assert drawn.count("label=") == 3
    assert drawn.count("->") == 3
    assert "c1 -> c2 [style=dashed];" in drawn
    assert '\\"version\\"' in drawn


def test_svg_is_well_formed_for_code_with_markup() -> None:
    root = ElementTree.fromstring(as_svg(analyse(CELL)))  # made here, from code of the test
    texts = [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any("<Kind>" in text for text in texts)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}line"))) == 3
    assert ElementTree.fromstring(as_svg(analyse(""))) is not None
