"""What the server of the page answers, over real HTTP."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from harlm.events import CellStarted
from harlm.viewer.guard import HEADERS
from tests.support.told_runs import BEGUN, ENDED, RUN, Told, call, stored
from tests.support.viewer_server import served

LONG: Told = (1.0, "0", CellStarted(turn=1, code="x" * 9_000))


async def test_the_page_and_its_parts_have_the_headers_that_confine_it(tmp_path: Path) -> None:
    async with served(tmp_path) as (client, _):
        for path, kind in (
            ("/", "text/html"),
            ("/viewer.js", "text/javascript"),
            ("/viewer.css", "text/css"),
            ("/LICENSES.txt", "text/plain"),
        ):
            async with client.get(path) as got:
                assert (got.status, got.content_type) == (200, kind)
                assert {name: got.headers[name] for name in HEADERS} == dict(HEADERS)
                assert "http://" not in (await got.text()) or path != "/"


async def test_nothing_of_a_run_is_told_without_the_token(tmp_path: Path) -> None:
    stored(tmp_path, BEGUN)
    async with served(tmp_path) as (_, address), aiohttp.ClientSession() as stranger:
        origin = address.split("/?")[0]
        for path in ("/api/runs", f"/api/run/{RUN}", f"/api/run/{RUN}/live", f"/api/run/{RUN}/event/1"):
            async with stranger.get(origin + path) as got:
                assert got.status == 401
                assert "token" in (await got.json())["error"]
        async with stranger.get(f"{origin}/?token=wrong") as got:
            assert got.status == 401
        async with stranger.get(f"{origin}/api/runs", headers={"Host": "evil.example"}) as got:
            assert got.status == 421


async def test_the_token_leaves_the_address(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, address), aiohttp.ClientSession() as client:
        async with client.get(address, allow_redirects=False) as got:
            assert (got.status, got.headers["Location"]) == (303, "/")
            cookie = got.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie


async def test_a_run_its_events_and_its_long_texts(tmp_path: Path) -> None:
    stored(tmp_path, [*BEGUN, LONG, *call(1, 1, 2), *ENDED])
    async with served(tmp_path, RUN) as (client, address):
        assert address.endswith(f"#/run/{RUN}")
        async with client.get("/api/runs?q=which") as got:
            assert [run["run"] for run in (await got.json())["runs"]] == [RUN]
        async with client.get(f"/api/run/{RUN}") as got:
            story = await got.json()
        assert (story["head"]["answer"], len(story["spans"])) == ("this one", 2)
        async with client.get(f"/api/run/{RUN}/event/3") as got:
            code = (await got.json())["code"]
        async with client.get(f"/api/run/{RUN}/blob/{code['blob']}") as got:
            assert (await got.json())["value"] == "x" * 9_000
        async with client.get(f"/api/run/{RUN}/search?q=reply") as got:
            assert (await got.json())["found"][0][0] == 5


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/run/nothing", 404),
        ("/api/run/..%2f..%2fetc%2fpasswd", 404),
        ("/api/run/%2e%2e", 404),
        ("/api/run/01J0000000000000000000ZZZZ", 404),
        (f"/api/run/{RUN}/blob/..%2frun.json", 404),
        (f"/api/run/{RUN}/blob/{'a' * 32}", 404),
        (f"/api/run/{RUN}/event/99999", 404),
        (f"/api/run/{RUN}/event/-1", 404),
        (f"/api/run/{RUN}/source?citation=0", 404),
        (f"/api/run/{RUN}/source?citation=x", 400),
        (f"/api/run/{RUN}/source", 404),
        ("/api/runs?offset=-5", 400),
        ("/api/runs?limit=9999999999999", 400),
        ("/viewer.js.map", 404),
        ("/assets/../app.py", 404),
        ("/%2e%2e/app.py", 404),
    ],
)
async def test_odd_requests_are_refused_and_the_server_stays_well(
    tmp_path: Path, path: str, status: int
) -> None:
    stored(tmp_path, [*BEGUN, *ENDED])
    async with served(tmp_path) as (client, _):
        async with client.get(path) as got:
            assert got.status == status
            assert "Traceback" not in await got.text()
            assert got.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]
        async with client.get(f"/api/run/{RUN}") as got:
            assert got.status == 200


async def test_only_reading_is_possible(tmp_path: Path) -> None:
    stored(tmp_path, [*BEGUN, *ENDED])
    async with served(tmp_path) as (client, _):
        for method in ("POST", "PUT", "DELETE"):
            async with client.request(method, f"/api/run/{RUN}", data=b"x" * 100_000) as got:
                assert got.status == 405


async def test_many_runs_are_read_and_the_oldest_are_forgotten(tmp_path: Path) -> None:
    names = [f"01J000000000000000000000{at:02}" for at in range(12)]
    for name in names:
        stored(tmp_path, [*BEGUN, *ENDED], name)
    async with served(tmp_path) as (client, _):
        for name in [*names, *names]:
            async with client.get(f"/api/run/{name}") as got:
                assert (await got.json())["head"]["run"] == name
