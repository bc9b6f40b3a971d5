"""Counts tokens with a local model's own vocabulary, which its server knows."""

from __future__ import annotations

import hashlib
import http.client
import json
from collections import OrderedDict
from urllib.parse import urlsplit

from harlm.models.local.server import LocalServer
from harlm.tokens import estimate_tokens

_PATIENCE_S = 2.0  # the event loop waits meanwhile
_LONGEST = 200_000  # characters, 0.1 s of work; a longer text fits into no window, so an estimate will do
_KEPT = 512  # counts; prompts of one run begin alike


class VocabularyCounter:
    """Exact counts; see ``harlm.protocols.TokenCounter``. After a failure of the server they are estimates."""

    def __init__(self, server: LocalServer) -> None:
        self._place = urlsplit(server.address).netloc
        self._headers = {"content-type": "application/json", "authorization": f"Bearer {server.key}"}
        self._connection: http.client.HTTPConnection | None = None
        self._known: OrderedDict[bytes, int] = OrderedDict()
        self._has_failed = False

    def count(self, text: str) -> int:
        """The tokens of ``text``. Marks such as ``<|im_end|>`` count as text."""
        if self._has_failed or len(text) > _LONGEST:
            return estimate_tokens(text)
        data = text.encode("utf-8", "replace")  # a server refuses what is not UTF-8
        name = hashlib.blake2b(data, digest_size=16).digest()
        if name in self._known:
            self._known.move_to_end(name)
            return self._known[name]
        try:
            count = self._asked(data.decode())
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            self._has_failed = True
            self.close()
            return estimate_tokens(text)
        self._known[name] = count
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return count

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _asked(self, text: str) -> int:
        body = json.dumps({"content": text, "add_special": False, "parse_special": False})
        for is_last in (self._connection is None, True):
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self._place, timeout=_PATIENCE_S)
            try:
                self._connection.request("POST", "/tokenize", body, self._headers)
                reply = self._connection.getresponse()
                said = json.loads(reply.read())
                return len(said["tokens"])
            except (ConnectionError, http.client.RemoteDisconnected):
                self.close()  # the server had closed it after an earlier reply
                if is_last:
                    raise
        raise ConnectionError
