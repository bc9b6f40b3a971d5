from __future__ import annotations

import pytest

from harlm.models.proxies import Proxy, proxy_for


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


def test_the_setting_precedes_the_variables(no_proxies: pytest.MonkeyPatch) -> None:
    no_proxies.setenv("HTTP_PROXY", "http://other:1")
    assert proxy_for("http://h/v1", "http://p:3128") == Proxy("http://p:3128", "models.proxy")


def test_a_variable_is_named_by_its_own_name(no_proxies: pytest.MonkeyPatch) -> None:
    assert proxy_for("http://h/v1", None) is None
    no_proxies.setenv("https_proxy", "http://p:1")
    no_proxies.setenv("ALL_PROXY", "socks5://q:2")
    assert proxy_for("https://h/v1", None) == Proxy("http://p:1", "https_proxy")
    assert proxy_for("http://h/v1", None) == Proxy("socks5://q:2", "ALL_PROXY")


def test_an_excepted_address_has_no_proxy(no_proxies: pytest.MonkeyPatch) -> None:
    no_proxies.setenv("HTTP_PROXY", "http://p:1")
    no_proxies.setenv("NO_PROXY", "h.example")
    assert proxy_for("http://user:x@h.example/v1", None) is None


def test_only_proxies_of_http_are_spoken() -> None:
    assert Proxy("http://p", "x").is_spoken
    assert Proxy("HTTPS://p", "x").is_spoken
    assert not Proxy("socks5h://p", "x").is_spoken


def test_a_proxy_is_shown_without_its_password() -> None:
    assert Proxy("http://user:hunter2@p:1", "HTTP_PROXY").shown == "http://p:1 (set by HTTP_PROXY)"
    assert "hunter2" not in Proxy("http://user:hunter2@[p:1", "HTTP_PROXY").shown
