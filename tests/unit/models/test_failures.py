"""The words for requests without a reply. What happens on real sockets is in ``test_http`` and ``tests/flows``."""

from __future__ import annotations

import aiohttp
import pytest

from harlm.config import ModelSettings
from harlm.errors import BadCompletion, ModelError, ModelUnavailable
from harlm.models.failures import Failing, ReplyTooLarge
from harlm.models.openai import OpenAIChat
from harlm.models.proxies import Proxy
from harlm.redact import Redactor
from harlm.types import Sampling
from tests.support.model_server import TALK, model_at


def failing(proxy: Proxy | None = None) -> Failing:
    return Failing("openai/m", "http://h/v1", "A_KEY", proxy, ModelSettings(), Redactor(["sk-secret-key-1"]))


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (aiohttp.ConnectionTimeoutError(), ModelUnavailable, "did not take a connection within"),
        (TimeoutError(), ModelUnavailable, "did not reply within"),
        (aiohttp.ServerDisconnectedError(), ModelUnavailable, "broke off its reply"),
        (ReplyTooLarge(), BadCompletion, "more than 64 MB"),
        (ValueError("Newline or carriage return detected in headers"), ModelError, "check A_KEY"),
        (OSError(24, "Too many open files"), ModelUnavailable, "ulimit -n"),
        (OSError("[SSL: WRONG_VERSION_NUMBER] wrong version number"), ModelError, "use http:// instead"),
        (OSError(111, "Connection refused"), ModelUnavailable, "cannot be reached at http://h/v1 (Connection refused)"),
    ],
)  # fmt: skip
def test_each_failure_says_what_failed_and_what_to_do(
    error: Exception, kind: type[ModelError], said: str
) -> None:
    made = failing().error(error)
    assert type(made) is kind
    assert said in str(made)


def test_a_failure_shows_no_key() -> None:
    assert "sk-secret" not in str(failing().error(OSError("bad sk-secret-key-1")))


def test_a_proxy_is_named_with_the_variable_that_set_it() -> None:
    proxy = Proxy("http://user:pw@p:1", "HTTP_PROXY")
    made = failing(proxy).error(OSError(111, "Connection refused"))
    assert "through the proxy http://p:1 (set by HTTP_PROXY)" in str(made)
    unspoken = failing().unspoken_proxy(Proxy("socks5://p:1", "ALL_PROXY"))
    assert "socks5://p:1 (set by ALL_PROXY)" in str(unspoken)


async def test_a_dead_proxy_is_no_dead_model(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ModelSettings(proxy="http://127.0.0.1:9")
    async with model_at("http://127.0.0.1:10/v1", OpenAIChat, settings=settings) as model:
        with pytest.raises(
            ModelUnavailable, match=r"proxy http://127.0.0.1:9 \(set by models.proxy\) failed"
        ):
            await model.complete(TALK, Sampling())


@pytest.mark.parametrize("key", ["line\nbreak", "schlüssel-漢"])
async def test_a_key_that_no_header_can_hold_is_named_by_its_variable(key: str) -> None:
    async with model_at("http://127.0.0.1:9/v1", OpenAIChat, key=key) as model:
        with pytest.raises(ModelError) as caught:
            await model.complete(TALK, Sampling())
    assert "TEST_KEY" in str(caught.value) or "cannot be reached" in str(caught.value)
    assert key not in str(caught.value)
