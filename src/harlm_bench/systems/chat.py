"""A small client of OpenAI's dialect that the baselines share: temperature 0, retries, a limit of time, and counts.

Knows prompts as text only, and keeps no state beyond one question.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

import msgspec

from harlm_bench.systems import Limits, Model
from harlm_bench.systems.attempt import Effort, EndpointFailed, LimitReached
from harlm_bench.systems.completions import Reply, reply_in
from harlm_bench.systems.refusals import is_temporary, pause_s, without_refused_form

Role = Literal["root", "sub"]
"""Which of the two models is asked."""

Messages = Sequence[Mapping[str, str]]
"""A conversation in OpenAI's form."""

_ATTEMPTS = 8  # of a request that is refused for now
_UNREACHED = 3  # attempts to reach an endpoint, or to get a reply that is one
_FIRST_PAUSE_S = 0.1


class Chat:
    """Asks the models of one question. Use as a context manager; may be used from several threads.

    Args:
        model: where they are.
        limits: how many requests may be under way at once, and how long all of them may take.
        effort: takes the CPU of the threads that ``ask_many`` uses, and the counts at the end.
    """

    def __init__(self, model: Model, limits: Limits, effort: Effort) -> None:
        self.model = model
        self.limits = limits
        self._effort = effort
        self._ends = time.monotonic() + limits.wall_s
        self._parts = urlsplit(model.base_url)
        self._own = threading.local()
        self._opened: list[HTTPConnection] = []
        self._lock = threading.Lock()
        self._form: dict[str, object] = {"temperature": 0}
        self._replies: list[Reply] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in self._opened:
            connection.close()
        self._effort.notes |= {
            "meter_calls": len(self._replies),
            "meter_prompt": sum(reply.prompt for reply in self._replies),
            "meter_cached": sum(reply.cached for reply in self._replies),
            "meter_completion": sum(reply.completion for reply in self._replies),
        }

    @property
    def left_s(self) -> float:
        """Seconds until the question's time is up."""
        return self._ends - time.monotonic()

    def ask(
        self,
        prompt: str | Messages,
        *,
        role: Role = "root",
        max_tokens: int | None = None,
        form: Mapping[str, object] | None = None,
    ) -> Reply:
        """One reply.

        Args:
            prompt: the user's words, or a conversation.
            role: which model.
            max_tokens: of the reply.
            form: more fields of the request, such as ``response_format`` or ``logprobs``.

        Raises:
            PromptTooLong: the prompt does not fit.
            LimitReached: the time is up, or the endpoint says that a limit of the question is reached.
            EndpointFailed: there is no reply.
        """
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else list(prompt)
        body: dict[str, object] = {
            "model": self.model.root if role == "root" else self.model.sub,
            "messages": messages,
            **self._form,
            **(form or {}),
        }
        if max_tokens is not None:
            body["max_tokens"] = max_tokens
        reply = self._reply(body)
        with self._lock:
            self._replies.append(reply)
        return reply

    def ask_many(
        self,
        prompts: Sequence[str],
        *,
        role: Role = "sub",
        max_tokens: int | None = None,
        form: Mapping[str, object] | None = None,
    ) -> list[Reply]:
        """Replies to many prompts, in their order, as many at once as the limits allow.

        Raises:
            Failed: as ``ask``, for the first prompt that fails.
        """

        def one(prompt: str) -> Reply:
            began = time.thread_time()
            try:
                return self.ask(prompt, role=role, max_tokens=max_tokens, form=form)
            finally:
                with self._lock:
                    self._effort.cpu_s += time.thread_time() - began

        with ThreadPoolExecutor(max(1, min(self.limits.in_flight, len(prompts)))) as threads:
            asked = [threads.submit(one, prompt) for prompt in prompts]
            try:
                return [each.result() for each in asked]
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                raise

    def _reply(self, body: dict[str, object]) -> Reply:
        pause, failure = _FIRST_PAUSE_S, "nothing was sent"
        unreached = 0
        for _ in range(_ATTEMPTS):
            try:
                status, headers, raw = self._exchange(msgspec.json.encode(body))
            except (OSError, HTTPException) as error:
                unreached, failure = unreached + 1, f"{type(error).__name__}: {error}"
                if unreached < _UNREACHED:
                    self._rest(pause)
            else:
                if status == 200 and (reply := reply_in(raw)) is not None:
                    return reply
                if status == 200:
                    unreached, failure = unreached + 1, f"not a reply: {raw[:200]!r}"
                elif is_temporary(status, raw):
                    failure = f"{status}: {raw[:200]!r}"
                    self._rest(pause_s(headers, pause))
                else:
                    self._form = without_refused_form(status, raw, body, self._form)
            if unreached >= _UNREACHED:
                break
            pause *= 2
        raise EndpointFailed(f"{self.model.base_url} gave no reply ({failure})")

    def _rest(self, seconds: float) -> None:
        """Wait before another attempt.

        Raises:
            LimitReached: the time would be up then.
        """
        if seconds >= self.left_s:
            raise LimitReached(f"{self.limits.wall_s:g} s are up while the endpoint is waited for")
        time.sleep(seconds)

    def _exchange(self, data: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of one request.

        Raises:
            LimitReached: the time is up.
            OSError, HTTPException: the endpoint was not reached, or broke off.
        """
        if self.left_s <= 0:
            raise LimitReached(f"{self.limits.wall_s:g} s are up")
        connection = self._connection()
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.model.key}"}
        try:
            connection.request("POST", f"{self._parts.path}/chat/completions", data, headers)
            response = connection.getresponse()
            return response.status, dict(response.headers.items()), response.read()
        except TimeoutError as error:
            connection.close()
            raise LimitReached(f"{self.limits.wall_s:g} s are up; a request was under way") from error
        except (OSError, HTTPException):
            connection.close()  # the next request opens it again
            raise

    def _connection(self) -> HTTPConnection:
        """The connection of this thread, which waits no longer than the question may take."""
        connection: HTTPConnection | None = getattr(self._own, "connection", None)
        if connection is None:
            kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
            connection = self._own.connection = kind(self._parts.netloc)
            with self._lock:
                self._opened.append(connection)
        connection.timeout = max(self.left_s, 0.01)
        if connection.sock is not None:
            connection.sock.settimeout(connection.timeout)
        return connection
