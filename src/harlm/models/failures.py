"""The errors for requests that got no reply: what failed, where, and what to do."""

from __future__ import annotations

import errno
import ssl
from dataclasses import dataclass

import aiohttp
from aiohttp.http_exceptions import LineTooLong

from harlm.config import ModelSettings
from harlm.errors import BadCompletion, ModelError, ModelUnavailable
from harlm.models.proxies import Proxy
from harlm.patterns import lazy_pattern
from harlm.redact import Redactor

LARGEST_REPLY = 64 << 20  # bytes
_TLS_RECORD = lazy_pattern(r"\\x1[56]\\x03|[\x15\x16]\x03")


class ReplyTooLarge(Exception):
    """A reply is larger than any that is needed.

    Attributes:
        most: bytes that it may have.
    """

    def __init__(self, most: int = LARGEST_REPLY) -> None:
        super().__init__(most)
        self.most = most


@dataclass(frozen=True, slots=True)
class Failing:
    """Makes the errors of one request.

    Attributes:
        model: the full name of the model.
        where: its address, as it may be shown.
        key_hint: where the key comes from.
        proxy: the proxy that is used.
        settings: of models, whose limits messages name.
        keys: hides the keys of the request.
    """

    model: str
    where: str
    key_hint: str
    proxy: Proxy | None
    settings: ModelSettings
    keys: Redactor

    def error(self, error: Exception) -> ModelError:
        """The error for a request without a complete reply, which shows none of the keys."""
        model, where, settings = self.model, self.where, self.settings
        match error:
            case aiohttp.ConnectionTimeoutError():
                return ModelUnavailable(
                    f"{model} did not take a connection within {settings.connect_timeout_s:g} s ({where}{self._through}); "
                    "check the address, or raise models.connect_timeout_s",
                    model=model,
                )
            case TimeoutError():
                return ModelUnavailable(
                    f"{model} did not reply within {settings.timeout_s:g} s ({where}); raise models.timeout_s or try later",
                    model=model,
                    perhaps_billed=True,
                )
            case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
                return self._of_proxy(error)
            case aiohttp.ClientResponseError() if _is_about_headers(error):
                return ModelError(
                    f"{model} sent headers that are too large or too many ({self._reason(error)}); "
                    f"check what stands between here and {where}",
                    model=model,
                    perhaps_billed=True,
                )
            case (
                aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError()
            ) if not isinstance(error, aiohttp.ClientConnectorError):
                return ModelUnavailable(
                    f"{model} broke off its reply ({where}{self._through}); try later",
                    model=model,
                    perhaps_billed=True,
                )
            case ReplyTooLarge():
                return BadCompletion(
                    f"{model} replied with more than {error.most >> 20} MB, which no completion needs; "
                    f"is {where} the API's base URL?",
                    model=model,
                    perhaps_billed=True,
                )
            case ValueError() if "Cannot combine" in str(error):
                return ModelError(
                    f"{model} cannot be asked: its address {where} holds a password and a key is set, and a request "
                    f"carries one of them; leave out the password, or unset {self.key_hint}",
                    model=model,
                )
            case ValueError() if not isinstance(error, aiohttp.InvalidURL):
                return ModelError(
                    f"{model} cannot be asked: the key or the address has characters that a request cannot hold; "
                    f"check {self.key_hint} and {where}",
                    model=model,
                )
        return self._of_connection(error)

    def unspoken_proxy(self, proxy: Proxy) -> ModelError:
        """The error for a proxy of a kind that HARLM does not speak."""
        return ModelError(
            f"{self.model} cannot be reached through the proxy {proxy.shown}: only http and https proxies are supported; "
            "unset it, name such a proxy in models.proxy, or except the address with NO_PROXY",
            model=self.model,
        )

    def refused_by_proxy(self) -> ModelError:
        """The error for a proxy that asks for a password."""
        by = "a proxy" if self.proxy is None else f"the proxy {self.proxy.shown}"
        return ModelError(
            f"{self.model} cannot be reached at {self.where}: {by} asks for a password (407); put it into the proxy's address",
            model=self.model,
            status=407,
        )

    def perhaps_by_proxy(self, refused: ModelError) -> ModelError:
        """A refusal, which came from the proxy if there is one that passes on plain requests."""
        if self.proxy is not None:
            refused.args = (f"{refused}; it came{self._through}, which may have refused it itself",)
        return refused

    @property
    def _through(self) -> str:
        return "" if self.proxy is None else f" through the proxy {self.proxy.shown}"

    def _of_proxy(self, error: Exception) -> ModelError:
        assert self.proxy is not None
        message = (
            f"{self.model} cannot be reached: the proxy {self.proxy.shown} failed ({self._reason(error)}); "
            "check the proxy, unset it, or except the address with NO_PROXY"
        )
        if isinstance(error, aiohttp.ClientHttpProxyError) and error.status < 500:
            return ModelError(message, model=self.model)
        return ModelUnavailable(message, model=self.model)

    def _of_connection(self, error: Exception) -> ModelError:
        cause = getattr(error, "os_error", None) or error
        if getattr(cause, "errno", None) in (errno.EMFILE, errno.ENFILE):
            return ModelUnavailable(
                f"{self.model} cannot be asked: too many open files ({self._reason(error)}); "
                "lower -j, or raise the limit (ulimit -n)",
                model=self.model,
            )
        if _TLS_RECORD.search(f"{cause} {getattr(error, 'message', '')}"):
            return ModelError(
                f"{self.model} cannot be reached at {self.where}: the server speaks TLS there; use https:// instead of http://",
                model=self.model,
            )
        if "WRONG_VERSION_NUMBER" in str(cause) or "record layer failure" in str(cause).lower():
            return ModelError(
                f"{self.model} cannot be reached at {self.where}: the server speaks no TLS there; use http:// instead of https://",
                model=self.model,
            )
        return ModelUnavailable(
            f"{self.model} cannot be reached at {self.where}{self._through} ({self._reason(error)}); "
            "check the address and that a server runs there",
            model=self.model,
        )

    def _reason(self, error: BaseException) -> str:
        """Why a connection failed, in the words of the system."""
        return self.keys.clean_text(_reason(error))


def _is_about_headers(error: aiohttp.ClientResponseError) -> bool:
    cause = error.__cause__ or error
    text = f"{cause} {error.message}".lower()
    return isinstance(cause, LineTooLong) or "header" in text or "got more than" in text


def _reason(error: BaseException) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error}; set models.ca_bundle or SSL_CERT_FILE"
    cause = getattr(error, "os_error", None) or error
    return (getattr(cause, "strerror", None) or str(cause) or type(cause).__name__)[:300]
