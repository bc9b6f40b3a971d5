from __future__ import annotations

import re
from xml.etree import ElementTree

from harlm.types import TimedCall
from harlm.types.waterfall import MOST_BARS, waterfall
from tests.unit.types.test_timeline import call


def bars(html: str) -> list[ElementTree.Element]:
    return [each for each in ElementTree.fromstring(html).iter() if each.tag == "rect"]


def titles(html: str) -> list[str]:
    return [bar[0].text or "" for bar in bars(html)]


def test_each_call_is_a_bar_in_its_place() -> None:
    html = waterfall([call(0, 1, "root"), call(1, 3), call(4, 1, "root")], 5.0, 3)
    assert [float(bar.attrib["x"]) for bar in bars(html)] == [0, 160, 640]
    assert [float(bar.attrib["width"]) for bar in bars(html)] == [160, 480, 160]
    assert titles(html)[1] == "sub call of node 0 (depth 0) to a/b: 3.00 s from 1.00 s, ok"
    assert "root calls" in html
    assert "summary calls" not in html


def test_what_a_call_was_like_is_seen() -> None:
    kinds = [
        call(0, 1, status="failed"),
        call(0, 0, status="reused"),
        call(0, 1, status="cancelled"),
        call(0, 1, is_early=True),
        call(0, 3),
    ]
    drawn = {
        bar[0].text.rpartition(", ")[2] if bar[0].text else "": bar.attrib
        for bar in bars(waterfall(kinds, 3.0, 5))
    }
    assert drawn["failed"]["fill"] == "#e15759"
    assert drawn["reused"]["fill"] == drawn["cancelled"]["fill"] == "none"
    assert drawn["early"]["fill-opacity"] == "0.45"
    assert drawn["ok"]["stroke"] == "#f28e2b"  # the run waited for it


def test_a_long_run_is_drawn_with_its_longest_calls_and_those_it_waited_for() -> None:
    short_but_waited_for = call(500, 0.001, "root")
    calls = [*(call(at / 10, 1 + at / 1000) for at in range(180)), short_but_waited_for]
    html = waterfall(calls, 501.0, 10_000)
    assert len(bars(html)) == MOST_BARS
    assert any(title.startswith("root call") for title in titles(html))
    assert "9,940 shorter calls are not drawn" in html
    assert len(html) < 30_000


def test_a_run_without_calls_has_no_drawing() -> None:
    assert waterfall([], 1.0, 0) == ""


def test_nothing_of_a_name_becomes_a_tag() -> None:
    hostile = TimedCall(
        model='"><script>alert(1)</script>', role="<b>", node="&<i>", depth=0, began_s=0.0, seconds=float(1)
    )
    html = waterfall([hostile], 1.0, 1)
    assert len(bars(html)) == 1
    assert "<script" not in html
    assert "<b>" not in html
    assert "<i>" not in html


def test_it_is_for_light_and_dark_pages_and_holds_no_script() -> None:
    html = waterfall([call(0, 1)], 1.0, 1)
    assert not re.search(r"<script|javascript:|onload|<style|href|url\(", html)
    assert "background:rgba(" in html
    assert 'role="img"' in html
    assert "aria-label" in html
