"""Fetches web pages: one request for each page, to public addresses only, within limits of size and time.

A name is resolved first, its addresses are checked, and the connection is made to one of them, so that a name whose
address changes leads nowhere else. Each redirect is checked again. Through a proxy, the proxy decides about names that
this machine cannot resolve.
"""

from __future__ import annotations

import asyncio
import re
import socket
import zlib
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import NoReturn

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from harlm.config import ContextSettings, ModelSettings
from harlm.context.decode import decode_labelled
from harlm.context.web_names import page_name, page_suffix
from harlm.errors import ContextError
from harlm.models.connections import certificates
from harlm.models.proxies import Proxy, proxy_for
from harlm.patterns import lazy_pattern
from harlm.types import RawFile

_MOST_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TICK_S = 0.05  # between two checks
_PIECE = 1 << 16
_DAMAGED = "is damaged: its compression cannot be undone; try again"
_NAT64 = IPv6Network("64:ff9b::/96")
_DECLARES_CHARSET = lazy_pattern(rb"<meta[^>]{0,500}?charset", re.IGNORECASE)
_HEADERS = {
    "User-Agent": "harlm",
    "Accept": "text/html,text/*;q=0.9,application/pdf;q=0.9,*/*;q=0.5",
    "Accept-Encoding": "identity",
}


class WebPages:
    """Fetches pages.

    Args:
        loading: the limits, and whether private addresses may be read.
        reach: proxy, certificates and whether the run is offline.
    """

    def __init__(self, loading: ContextSettings, reach: ModelSettings) -> None:
        self._loading = loading
        self._reach = reach

    def fetch(self, address: str, check: Callable[[], None]) -> RawFile:
        """The content of a page, under a name whose suffix says what the server declares it to be.

        Args:
            address: an http or https URL.
            check: is called every few milliseconds; an exception that it raises ends the fetching.

        Raises:
            ContextError: the page cannot be read, or may not be.
        """
        shown = repr(page_name(address))
        if self._reach.offline:
            raise ContextError(
                f"{shown} needs a network, and the run is offline; save the page and name that file"
            )
        try:
            return asyncio.run(self._watched(address, check))
        except _Refused as error:
            raise ContextError(f"{shown} {error}") from error
        except TimeoutError as error:
            raise ContextError(
                f"{shown} did not arrive within {self._loading.page_seconds:g} s; try again, or raise loading.page_seconds"
            ) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            why = " ".join(str(error).split())[:300] or type(error).__name__
            raise ContextError(
                f"{shown} cannot be fetched ({why}); check the address and the network"
            ) from error

    async def _watched(self, address: str, check: Callable[[], None]) -> RawFile:
        fetching = asyncio.ensure_future(self._within_time(address))
        try:
            while not fetching.done():
                await asyncio.wait([fetching], timeout=_TICK_S)
                check()
            return fetching.result()
        finally:
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)

    async def _within_time(self, address: str) -> RawFile:
        async with asyncio.timeout(self._loading.page_seconds):
            url = URL(address).with_fragment(None)
            for _ in range(_MOST_REDIRECTS + 1):
                page = await self._requested(url)
                if isinstance(page, RawFile):
                    return page
                url = page
            raise _Refused(f"is redirected more than {_MOST_REDIRECTS} times; name the last address itself")

    async def _requested(self, url: URL) -> RawFile | URL:
        """What an address answers with: a page, or the address that it redirects to."""
        if url.scheme not in ("http", "https") or not url.host:
            raise _Refused(f"leads to {str(url)[:200]!r}, which is not an http or https address; check it")
        proxy = proxy_for(str(url), self._reach.proxy)
        resolver = await self._resolver(url, proxy)
        connector = aiohttp.TCPConnector(
            resolver=resolver, ssl=certificates(self._reach.ca_bundle), use_dns_cache=False, limit=1
        )
        async with (
            aiohttp.ClientSession(
                connector=connector,
                headers=_HEADERS,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            ) as session,
            session.get(url, allow_redirects=False, proxy=None if proxy is None else proxy.url) as reply,
        ):
            if reply.status in _REDIRECTS and "location" in reply.headers:
                return url.join(URL(reply.headers["location"])).with_fragment(None)
            if reply.status != 200:
                raise _Refused(
                    f"is answered with {reply.status} {reply.reason or ''}".rstrip() + "; check the address"
                )
            return await self._received(url, reply)

    async def _resolver(self, url: URL, proxy: Proxy | None) -> AbstractResolver | None:
        """A resolver that knows the checked addresses of the page only; that of the system for a proxy's own name.

        Raises:
            _Refused: an address is private.
        """
        assert url.host is not None
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                url.host, url.port or 80, type=socket.SOCK_STREAM
            )
        except OSError:
            if proxy is not None:
                return None
            raise
        addresses = [(str(sockaddr[0]), family) for family, _, _, _, sockaddr in found]
        private = [address for address, _ in addresses if not is_public(address)]
        if private and not self._loading.private_pages:
            raise _Refused(
                f"leads to {private[0]}, which is not a public address; set loading.private_pages = true to read pages of "
                "your own network"
            )
        return _Pinned(addresses) if proxy is None else None

    async def _received(self, url: URL, reply: aiohttp.ClientResponse) -> RawFile:
        most = self._loading.page_mb << 20
        data = bytearray()
        async for piece in reply.content.iter_chunked(_PIECE):
            data += piece
            if len(data) > most:
                self._refuse_size()
        whole = self._plain(bytes(data), reply.headers.get("content-encoding", ""))
        kind = reply.content_type if "content-type" in reply.headers else ""
        suffix = page_suffix(kind, url.path, whole)
        if suffix is None:
            raise _Refused(f"is {kind}, which holds no text; name a page or a document")
        return RawFile(f"page{suffix}", _in_utf8(whole, reply.charset, suffix))

    def _plain(self, data: bytes, encoding: str) -> bytes:
        """The data without the compression that a server adds although it was not asked to."""
        if encoding.lower() in ("", "identity"):
            return data
        if encoding.lower() not in ("gzip", "x-gzip", "deflate"):
            raise _Refused(
                f"is compressed with {encoding[:40]!r}, which was not asked for; save it and name that file"
            )
        inflater, most = zlib.decompressobj(47), self._loading.page_mb << 20
        try:
            plain = inflater.decompress(data, most + 1)
        except zlib.error as error:
            raise _Refused(_DAMAGED) from error
        if len(plain) > most:
            self._refuse_size()
        if not inflater.eof:
            raise _Refused(_DAMAGED)
        return plain

    def _refuse_size(self) -> NoReturn:
        raise _Refused(
            f"is larger than {self._loading.page_mb} MB; raise loading.page_mb, or save it and name that file"
        )


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet: not this machine, its network, or a reserved range."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def _in_utf8(data: bytes, charset: str | None, suffix: str) -> bytes:
    """A text in the encoding that the server declares, in UTF-8; as it is if that does not fit, or the page has its own."""
    is_text = suffix in (".html", ".txt", ".md", ".csv", ".tsv", ".json")
    if charset is None or not is_text or charset.lower() in ("utf-8", "utf8"):
        return data
    if suffix == ".html" and _DECLARES_CHARSET.search(data[:4096]):
        return data
    decoded = decode_labelled(data, charset)
    return data if decoded is None else decoded.text.encode()


class _Refused(Exception):
    """Why a page is not read, as the rest of a sentence that begins with its address."""


class _Pinned(AbstractResolver):
    """Resolves any name to the addresses that were checked."""

    def __init__(self, addresses: Sequence[tuple[str, int]]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """See ``AbstractResolver.resolve``."""
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST
            )
            for address, kind in self._addresses
        ]

    async def close(self) -> None:
        """There is nothing to close."""
