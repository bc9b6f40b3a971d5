"""Looks at the viewer in a browser. Runs in the environment that has Playwright, which has no HARLM; prints what it has seen as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_TABS = ("Timeline", "Tree", "Graph", "Cells", "Calls", "Budget", "Memory", "Route", "Sources")


class Watch:
    """Everything that a page does besides being shown."""

    def __init__(self, page: Page, address: str) -> None:
        self.dialogs: list[str] = []
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.console: list[str] = []
        self._origin = urlsplit(address).netloc
        page.on("dialog", self._opened)
        page.on("request", lambda request: self._asked(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.console.append(said.text) if said.type == "error" else None)

    def _opened(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "file", "blob", "about") and parts.netloc != self._origin:
            self.outside.append(url)

    def seen(self) -> dict[str, object]:
        return {
            "dialogs": self.dialogs,
            "outside": self.outside,
            "errors": self.errors,
            "console": self.console,
        }


@contextmanager
def page_of(address: str, theme: str = "light") -> Iterator[tuple[Page, Watch]]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_ARGUMENTS)
        try:
            context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=theme)
            context.add_init_script("window.__ran = []; window.pwned = (what) => window.__ran.push(what)")
            page = context.new_page()
            page.set_default_timeout(20_000)
            watch = Watch(page, address)
            page.goto(address)
            yield page, watch
        finally:
            browser.close()


def tab(page: Page, name: str) -> str:
    page.get_by_role("tab", name=name).click()
    page.wait_for_selector(f'[role="tab"][aria-selected="true"]:has-text("{name}")')
    page.wait_for_selector("#panel .loading", state="detached")
    return str(page.locator("#panel").inner_text())


def walk(about: dict[str, Any]) -> dict[str, object]:
    """Every tab, the keyboard, search, a source, the details of a call, a comparison, the list, both themes."""
    with page_of(about["address"]) as (page, watch):
        seen: dict[str, object] = {}
        page.wait_for_selector(".facts")
        seen["address"] = page.url
        seen["head"] = page.locator(".head").inner_text()
        seen["tabs"] = {name: tab(page, name) for name in _TABS}
        tab(page, "Cells")
        page.wait_for_selector(".cell:nth-child(2) pre.code")  # texts come when their cell is near
        seen["cells"] = page.locator("#panel").inner_text()
        page.keyboard.press("9")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        seen["quote"] = page.locator(".source mark").inner_text()
        seen["line"] = page.locator(".source tr.cited th").inner_text()
        page.keyboard.press("Escape")
        seen["closed"] = page.locator(".detail").count() == 0
        page.keyboard.press("/")
        page.keyboard.type(about["words"])
        page.wait_for_selector("#found [role=option] mark")
        seen["found"] = page.locator("#found [role=option] mark").first.inner_text()
        page.keyboard.press("Enter")
        seen["opened"] = page.locator(".detail").inner_text()
        page.keyboard.press("3")
        page.locator(".dag-node.leads").first.click()
        page.wait_for_selector(".detail h3:has-text('Reply') + .text")
        seen["call"] = page.locator(".detail").inner_text()
        page.keyboard.press("1")
        box = page.locator(".canvas-box canvas").bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + 200, box["y"] + 26 + 10)  # the bar of the root
        seen["bar"] = page.locator(".detail h2").inner_text()
        page.keyboard.press("+")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("0")
        before = page.evaluate("document.documentElement.dataset.theme")
        page.keyboard.press("t")
        page.wait_for_selector(f"html:not([data-theme={before}])")
        page.keyboard.press("?")
        page.wait_for_selector("dialog.help[open]")
        seen["help"] = page.locator("dialog.help").inner_text()
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog.help", state="detached")
        page.keyboard.press("c")
        page.locator(".pick").first.click()
        page.wait_for_selector(".differences")
        seen["compared"] = page.locator("main").inner_text()
        page.evaluate("location.hash = '#/'")
        page.wait_for_selector(".runs")
        seen["listed"] = page.locator(".runs tbody tr").count()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_selector(".facts")
        seen["second"] = page.url
        return seen | watch.seen()


def hostile(about: dict[str, Any]) -> dict[str, object]:
    """A run full of hostile texts, in every tab and with all details; nothing of it may run."""
    with page_of(about["address"]) as (page, watch):
        page.wait_for_selector(".facts")
        texts = ""
        for name in _TABS:
            texts += tab(page, name)
            if name in ("Tree", "Cells", "Calls", "Sources"):
                for _ in range(about["steps"]):
                    page.keyboard.press("j")
                    page.keyboard.press("Enter")
                    page.wait_for_selector(".detail")
                    page.wait_for_timeout(15)
                texts += page.locator(".detail").inner_text()
        page.mouse.move(400, 500)
        page.keyboard.press("/")
        page.keyboard.type("script")
        page.wait_for_selector("#found [role=option]")
        texts += page.locator("#found").inner_text()
        page.keyboard.press("Escape")
        page.wait_for_timeout(200)
        elements = page.evaluate(
            "[...document.querySelectorAll('#app script, #app iframe, #app img, #app object, #app embed, #app style, #app link, #app base, #app meta,"
            ' #app [onclick], #app [onerror], #app [onload], #app a[href^="javascript:"]\')].map((each) => each.outerHTML.slice(0, 200))'
        )
        ran = page.evaluate("window.__ran")
        return {"ran": ran, "elements": elements, "text": texts} | watch.seen()


def axe(about: dict[str, Any]) -> dict[str, object]:
    """What axe finds on every tab, the list and a comparison, in one theme."""
    source = Path(about["axe"]).read_text(encoding="utf-8")
    found: list[dict[str, object]] = []

    def check(page: Page, where: str) -> None:
        page.wait_for_timeout(150)
        page.evaluate(source)
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        found.extend(
            {
                "where": where,
                "id": each["id"],
                "impact": each["impact"],
                "nodes": [
                    node["html"][:160] + " " + (node["any"] or [{"message": ""}])[0]["message"]
                    for node in each["nodes"][:4]
                ],
            }
            for each in result["violations"]
        )

    with page_of(about["address"], about["theme"]) as (page, watch):
        page.wait_for_selector(".facts")
        for name in _TABS:
            tab(page, name)
            page.keyboard.press("j")
            page.keyboard.press("Enter")
            check(page, name)
        page.keyboard.press("?")
        page.wait_for_selector("dialog.help[open]")
        check(page, "help")
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog.help", state="detached")
        page.keyboard.press("/")
        page.keyboard.type("TLS")
        page.wait_for_selector("#found [role=option]")
        check(page, "search")
        page.evaluate(f"location.hash = '#/compare/{about['left']}/{about['right']}'")
        page.wait_for_selector(".differences")
        check(page, "compare")
        page.evaluate("location.hash = '#/'")
        page.wait_for_selector(".runs")
        check(page, "list")
        return {"found": found} | watch.seen()


def live(about: dict[str, Any]) -> dict[str, object]:
    """A run that begins while its page is open, until it has its answer; the page is never loaded again."""
    with page_of(about["address"]) as (page, watch):
        page.wait_for_selector(".state-running", timeout=60_000)
        page.locator(".runs .question").first.click()
        page.wait_for_selector(".head .state-running")
        tab(page, "Calls")
        page.wait_for_selector(".calls tbody tr")
        early = int(page.get_by_role("tab", name="Calls").locator(".count").inner_text())
        page.wait_for_selector(".head .state-ok", timeout=60_000)
        late = int(page.get_by_role("tab", name="Calls").locator(".count").inner_text())
        loads = page.evaluate("performance.getEntriesByType('navigation').length")
        return {
            "early": early,
            "late": late,
            "loads": loads,
            "head": page.locator(".head").inner_text(),
        } | watch.seen()


def trouble(about: dict[str, Any]) -> dict[str, object]:
    """What the page says of each of some runs, and of addresses that lead nowhere."""
    with page_of(about["address"]) as (page, watch):
        said = {}
        for run in about["runs"]:
            page.evaluate(f"location.hash = '#/run/{run}'")
            page.wait_for_selector(".notice")
            said[run] = " ".join(page.locator(".notice").all_inner_texts())
            page.evaluate("location.hash = '#/'")
            page.wait_for_selector(".list h1")
        return {"said": said} | watch.seen()


def shots(about: dict[str, Any]) -> dict[str, object]:
    """Pictures: a file for each list of keys that are pressed before it."""
    with page_of(about["address"], about["theme"]) as (page, watch):
        page.set_viewport_size({"width": about["width"], "height": about["height"]})
        page.wait_for_selector(".facts, .runs, .differences")
        for file, keys in about["files"].items():
            for key in keys:
                page.keyboard.press(key)
                page.wait_for_timeout(250)
            page.wait_for_selector(".loading", state="detached")
            page.wait_for_timeout(300)
            page.screenshot(path=file)
        return watch.seen()


def painted(about: dict[str, Any]) -> dict[str, object]:
    """Milliseconds until the first paint, until the timeline stands, and between the frames while it is scrolled and zoomed."""
    with page_of(about["address"]) as (page, watch):
        page.wait_for_selector(".canvas-box canvas")
        stands = page.evaluate("performance.now()")
        first = page.evaluate(
            "performance.getEntriesByType('paint').find((each) => each.name === 'first-contentful-paint').startTime"
        )
        frames = page.evaluate(_FRAMES)
        page.keyboard.press("5")
        page.wait_for_selector(".calls tbody tr")
        rows = page.locator(".calls tbody tr").count()
        return {"first": first, "stands": stands, "frames": frames, "rows": rows} | watch.seen()


_FRAMES = """async () => {
  const box = document.querySelector('.canvas-box'), took = []
  let last = performance.now()
  for (let at = 0; at < 60; at++) {
    box.scrollTop = (at % 2) * 40 + at * 4
    dispatchEvent(new KeyboardEvent('keydown', {key: at < 30 ? '+' : '-'}))
    await new Promise((done) => requestAnimationFrame(done))
    const now = performance.now()
    took.push(now - last)
    last = now
  }
  return took
}"""

_SCRIPTS: dict[str, Callable[[dict[str, Any]], dict[str, object]]] = {
    each.__name__: each for each in (walk, hostile, axe, live, trouble, shots, painted)
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(_SCRIPTS[sys.argv[1]](json.loads(sys.argv[2]))))
