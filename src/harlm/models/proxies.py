"""The proxy through which an address is reached, and where it was set."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

_SPOKEN = ("http", "https")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy.

    Attributes:
        url: its address, which may hold a password.
        origin: the setting or variable that names it.
    """

    url: str
    origin: str

    @property
    def shown(self) -> str:
        """The address without its user and password, and where it was set."""
        try:
            parts = urlsplit(self.url)
            place = parts.netloc.rpartition("@")[2] or self.url.rpartition("@")[2]
            return f"{parts.scheme}://{place} (set by {self.origin})"
        except ValueError:
            return f"set by {self.origin}"

    @property
    def is_spoken(self) -> bool:
        """Whether HARLM speaks the protocol of this proxy."""
        return self.url.partition("://")[0].lower() in _SPOKEN


def proxy_for(url: str, setting: str | None) -> Proxy | None:
    """The proxy for an address: the setting ``models.proxy``, else that of ``HTTPS_PROXY``, ``ALL_PROXY`` and their kin,
    unless ``NO_PROXY`` excludes the address. aiohttp's ``trust_env`` is not used: it runs a thread for each request, and
    would send passwords from ``.netrc``.
    """
    if setting is not None:
        return Proxy(setting, "models.proxy")
    parts = urlsplit(url)
    if proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    proxies = getproxies()
    for kind in (parts.scheme, "all"):
        if found := proxies.get(kind):
            return Proxy(found if "://" in found else f"http://{found}", _variable(kind))
    return None


def _variable(kind: str) -> str:
    name = f"{kind}_proxy"
    return next((each for each in (name.upper(), name) if os.environ.get(each)), "the system")
