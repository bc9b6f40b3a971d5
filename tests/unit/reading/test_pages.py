"""Web pages are fetched from public addresses, within limits, and named by their address."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harlm.config import ContextSettings, ModelSettings
from harlm.errors import ContextError
from harlm.loading import LoadingClock, load_paths
from harlm.reading import pages
from harlm.reading.pages import WebPages, is_public
from tests.support.cli import harlm

HTML = "<h1>Café</h1><p>The vault code is 4711.</p>"
OPEN = ContextSettings(private_pages=True, page_seconds=5)
Reply = tuple[int, dict[str, str], bytes]

REPLIES: dict[str, Reply] = {
    "/page": (200, {"Content-Type": "text/html; charset=iso-8859-1"}, HTML.encode("latin-1")),
    "/lying": (200, {"Content-Type": "text/html; charset=utf-16"}, HTML.encode() + b" "),
    "/labelled": (200, {"Content-Type": "text/plain; charset=gb2312"}, "朱镕基".encode("gbk")),
    "/table": (200, {"Content-Type": "text/csv"}, b"name,code\nvault,4711\n"),
    "/untold": (200, {}, b"<html><body>The vault code is 4711."),
    "/zip.gz": (
        200,
        {"Content-Type": "text/plain", "Content-Encoding": "gzip"},
        gzip.compress(b"The code is 4711."),
    ),
    "/bomb": (200, {"Content-Type": "text/plain", "Content-Encoding": "gzip"}, gzip.compress(bytes(2 << 20))),
    "/odd": (200, {"Content-Type": "text/plain", "Content-Encoding": "br"}, b"x"),
    "/damaged": (200, {"Content-Type": "text/plain", "Content-Encoding": "gzip"}, b"x"),
    "/large": (200, {"Content-Type": "text/plain"}, b"x" * (1 << 20) + b"x"),
    "/image": (200, {"Content-Type": "image/png"}, b"x"),
    "/empty": (200, {"Content-Type": "text/plain"}, b""),
    "/broken": (200, {"Content-Type": "application/pdf"}, b"no PDF"),
    "/moved": (302, {"Location": "/page"}, b""),
    "/round": (302, {"Location": "/round"}, b""),
    "/inside": (302, {"Location": "http://169.254.169.254/latest/meta-data"}, b""),
    "/local": (302, {"Location": "file:///etc/passwd"}, b""),
    "/failing": (503, {}, b"no"),
}


class Answering(BaseHTTPRequestHandler):
    asked: list[tuple[str, str | None]] = []  # noqa: RUF012 - the log of all requests

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.asked.append((self.path, self.headers["Authorization"]))
        if path == "/slow":
            time.sleep(3)
        status, headers, body = REPLIES.get(path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves early is no error."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with Quiet(("127.0.0.1", 0), Answering) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{serving.server_address[1]}"
        serving.shutdown()
        thread.join()


def read(address: str, loading: ContextSettings = OPEN, **reach: object) -> dict[str, str]:
    context = load_paths([address], loading, reach=ModelSettings(**reach))  # type: ignore[arg-type] # of the test
    return {each.name: each.text for each in context.documents}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/page", "Café"),
        ("/page?x=1", "4711"),
        ("/lying", "4711"),
        ("/labelled", "朱镕基"),
        ("/table", "vault"),
        ("/untold", "The vault code is 4711."),
        ("/zip.gz", "The code is 4711."),
        ("/moved", "4711"),
    ],
)
def test_a_page_is_one_document_named_by_its_address(server: str, path: str, text: str) -> None:
    (named,) = read(server + path).items()
    assert named[0] == server + path
    assert text in named[1]
    assert "<p>" not in named[1]


def test_the_command_line_cites_it(server: str) -> None:
    assert harlm("config", "set", "loading.private_pages", "true").code == 0
    ran = harlm("ask", "What is the vault code?", f"{server}/page#top", "-q")
    assert f"The vault code is 4711.\n\n[{server}/page:1]" in ran.out


def test_a_password_is_sent_and_not_shown(server: str) -> None:
    (name,) = read(f"{server.replace('//', '//me:secret@')}/page?p")
    assert name == f"{server}/page?p"
    sent = dict(Answering.asked)["/page?p"]
    assert sent is not None
    assert sent.startswith("Basic ")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/nowhere", r"/nowhere' is answered with 404 Not Found; check the address"),
        ("/failing", r"is answered with 503"),
        ("/image", r"is image/png, which holds no text"),
        ("/empty", r"is empty"),
        ("/broken", r"/broken' is not a PDF"),
        ("/odd", r"is compressed with 'br'"),
        ("/damaged", r"is damaged"),
        ("/round", r"is redirected more than 10 times"),
        ("/local", r"leads to 'file:///etc/passwd', which is not an http or https address"),
        ("/large", r"is larger than 1 MB; raise loading.page_mb"),
        ("/bomb", r"is larger than 1 MB; raise loading.page_mb"),
        ("/slow", r"did not arrive within 0.5 s; try again, or raise loading.page_seconds"),
    ],
)
def test_what_cannot_be_read_says_why(server: str, path: str, said: str) -> None:
    loading = ContextSettings(private_pages=True, page_mb=1, page_seconds=0.5 if path == "/slow" else 5)
    with pytest.raises(ContextError, match=said) as raised:
        read(server + path, loading)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "address", ["http://", "http://[::1", "http://nowhere.invalid/", "http://127.0.0.1:9/"]
)
def test_an_address_that_leads_nowhere_is_named(address: str) -> None:
    with pytest.raises(ContextError, match=r"cannot be fetched|is not an http"):
        read(address)


def test_offline_nothing_is_asked(server: str) -> None:
    before = len(Answering.asked)
    with pytest.raises(ContextError, match=r"needs a network, and the run is offline"):
        read(f"{server}/page", offline=True)
    ran = harlm("ask", "What?", f"{server}/page", "--offline")
    assert (ran.code, ran.err.count("\n")) == (8, 1)
    assert len(Answering.asked) == before


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"]
)
def test_a_private_address_is_refused_in_every_notation(server: str, host: str) -> None:
    before = len(Answering.asked)
    with pytest.raises(
        ContextError, match=r"which is not a public address; set loading\.private_pages|cannot be fetched"
    ):
        read(f"http://{host}:{server.rpartition(':')[2]}/page", ContextSettings())
    assert len(Answering.asked) == before


def test_a_redirect_to_a_private_address_is_refused(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "is_public", lambda address: address == "127.0.0.1")
    with pytest.raises(ContextError, match=r"leads to 169\.254\.169\.254, which is not a public address"):
        read(f"{server}/inside", ContextSettings())


@pytest.mark.parametrize(
    ("address", "is_open"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_which_addresses_are_public(address: str, is_open: bool) -> None:
    assert is_public(address) == is_open


def test_a_wait_ends_when_the_loading_does(server: str) -> None:
    clock = LoadingClock(0.2)
    started = time.monotonic()
    with pytest.raises(Exception, match=r"the time limit of 0\.2 s passed"):
        WebPages(OPEN, ModelSettings()).fetch(f"{server}/slow", clock.check)
    assert time.monotonic() - started < 2


def test_a_proxy_is_used(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server)
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(ContextError, match=r"is answered with 404"):
        read("http://nowhere.invalid/page")
    assert Answering.asked[-1][0] == "http://nowhere.invalid/page"
