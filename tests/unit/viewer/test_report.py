"""A report is one file that holds its run, and lets nothing else run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from harlm.config import Config
from harlm.viewer.report import report_html
from tests.support.hostile_texts import TEXTS, write_hostile_run
from tests.support.told_runs import BEGUN, ENDED, call, stored


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_it_holds_the_story_and_the_texts(tmp_path: Path) -> None:
    data = data_of(
        report_html(stored(tmp_path, [*BEGUN, *call(1, 1, 2, text="y" * 9_000), *ENDED]), Config())
    )
    assert data["story"]["head"]["answer"] == "this one"
    assert data["events"]["4"]["text"] == "y" * 9_000  # from its blob
    assert data["events"]["3"]["messages"][0]["content"] == "prompt 1"


def test_its_policy_names_its_script_and_style_and_nothing_else(tmp_path: Path) -> None:
    page = report_html(stored(tmp_path, [*BEGUN, *ENDED]), Config())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    for text in (script, style):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy[1]
    assert "</script" not in script.lower()
    assert "\r" not in page
    assert not re.search(r"(src|href)=[\"']?(http|//)", page)


def test_hostile_texts_cannot_leave_the_data(tmp_path: Path) -> None:
    page = report_html(write_hostile_run(tmp_path), Config())
    assert len(re.findall(r"<script", page, re.IGNORECASE)) - page.count('"<script') <= 2 + page.count(
        "`<script"
    )
    inside = re.search(r'id="data">(.*?)</script>\n<script>', page, re.DOTALL)
    assert inside is not None
    assert "<" not in inside[1]
    assert ">" not in inside[1]
    assert "\u2028" not in inside[1]
    assert data_of(page)["story"]["routes"][0]["reasons"] == list(TEXTS)


def test_long_texts_are_cut_and_the_page_stays_bounded(tmp_path: Path) -> None:
    long = [each for number in range(40) for each in call(number, 1, 2, text="z" * 1_000_000)]
    page = report_html(stored(tmp_path, [*BEGUN, *long, *ENDED]), Config())
    assert len(page) < 5_000_000
    assert "960,000 more characters are not in this report" in page
