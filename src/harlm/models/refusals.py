"""The error that a refusal becomes, by its status, code and words. The words are in ``meanings``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harlm.errors import ContextOverflow, ModelError, ModelUnavailable, QuotaExceeded, RateLimited
from harlm.models.http import Received, address_shown
from harlm.models.meanings import (
    disguised_status,
    is_bad_key,
    is_loading,
    is_overflow,
    is_quota,
    is_throttled,
)
from harlm.models.rates import rates_of
from harlm.models.said import Said, said_by, said_in
from harlm.models.waits import wait_told
from harlm.redact import Redactor


@dataclass(frozen=True, slots=True)
class Refusing:
    """Makes the errors of the refusals of one endpoint.

    Attributes:
        model: the full name of the model.
        where: the address of the request.
        key_hint: where the key comes from.
        keys: hides it.
    """

    model: str
    where: str
    key_hint: str
    keys: Redactor

    @property
    def address(self) -> str:
        """The address as it may be shown: without passwords and query."""
        return address_shown(self.where)

    def with_status(
        self, status: int, headers: Mapping[str, str], raw: bytes, request_id: str | None
    ) -> ModelError:
        """The error for a reply with an error status."""
        return self._error(status, said_in(raw), headers, request_id)

    def with_status_200(self, error: Any, received: Received) -> ModelError:
        """The error for a reply with a good status that holds an error object and no words. It is not billed."""
        said = said_by(error)
        return self._error(
            disguised_status(said), said, received.headers, received.request_id, is_disguised=True
        )

    def broken_off(self, error: Any, received: Received) -> ModelError:
        """The error for a stream that fails in the middle."""
        message = self.keys.clean_text(said_by(error).message)
        return ModelUnavailable(
            f"{self.model} broke off its reply ({message}) at {self.address}; try later",
            model=self.model,
            request_id=received.request_id,
            perhaps_billed=True,
        )

    def _error(
        self,
        status: int,
        said: Said,
        headers: Mapping[str, str],
        request_id: str | None,
        *,
        is_disguised: bool = False,
    ) -> ModelError:
        wait = (
            wait_told(headers, said.body, said.words)
            if status in (403, 408, 409, 425, 429) or status >= 500
            else None
        )
        kind = self._kind(status, said, wait, headers)
        shown = self.keys.clean_text(said.message)
        has_status = is_disguised or shown.startswith(f"{status}:")
        is_about_key = kind is ModelError and is_bad_key(said)
        words = shown if has_status else f"{status}: {shown}"
        message = self._message(kind, status, words, is_about_key=is_about_key)
        if wait is not None:
            message += f"; it asks to wait {wait:g} s"
        error = kind(
            message,
            model=self.model,
            status=401 if is_about_key else status,
            retry_after=wait,
            request_id=request_id,
            rates=rates_of(headers),
        )
        error.said = said.words
        if isinstance(error, ModelUnavailable):
            error.is_loading = is_loading(said)
        return error

    def _kind(
        self, status: int, said: Said, wait: float | None, headers: Mapping[str, str]
    ) -> type[ModelError]:
        if status < 400:
            return ModelError
        if status not in (401, 403) and is_loading(said):
            return ModelUnavailable
        if is_quota(status, said, wait):
            return QuotaExceeded
        if is_overflow(status, said):
            return ContextOverflow
        is_throttling = said.code.rpartition("#")[2] in ("ThrottlingException", "429")
        if (
            status == 429
            or (status == 403 and is_throttled(said))
            or (status in (400, 424) and is_throttling)
        ):
            return RateLimited
        told = headers.get("x-should-retry", "").strip().lower()
        if told == "true" or ((status in (408, 409, 425) or status >= 500) and told != "false"):
            return ModelUnavailable
        return ModelError

    def _message(self, kind: type[ModelError], status: int, said: str, *, is_about_key: bool) -> str:
        model, where = self.model, self.address
        if status < 400:
            return f"{where} redirects {model} ({status}), which is not followed; name the address that it redirects to"
        if status == 402:
            return f"{model} asks for payment ({said}) at {where}; check your account"
        if kind is QuotaExceeded:
            return f"{model} has no quota left ({said}) at {where}; check your plan and billing, or use another model"
        if kind is ContextOverflow:
            return (
                f"{model} cannot take a prompt of this length ({said}) at {where}; ask in parts (--mode full)"
            )
        if kind is RateLimited:
            return f"{model} is rate limited ({said}) at {where}; lower -j or try later"
        if status in (401, 403) or is_about_key:
            return f"{model} refused the key ({said}) at {where}; check {self.key_hint}"
        if status in (408, 409, 425):
            return f"{model} did not serve the request ({said}) at {where}; try later"
        if status in (404, 405):
            return f"{model} was not found at {where} ({said}); check the model's name and base URL"
        if status >= 500:
            return f"{model} is not available ({said}) at {where}; try later"
        return f"{model} refused the request ({said}) at {where}; `harlm doctor --model` shows what it takes"
