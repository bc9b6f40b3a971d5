"""Embedders that other installed packages bring: ``acme`` or ``acme/NAME``, made by the entry point of ``harlm.embedders``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, TypeVar

from harlm.config import ModelSettings
from harlm.extensions import made, names, wrong
from harlm.models.brought import refuse_offline, without_key
from harlm.models.names import PROVIDERS
from harlm.protocols import Embedder

_KIND: Final = "embedders"
_OWN = frozenset({"hashing", "minilm", *PROVIDERS})
_Value = TypeVar("_Value")


class Payer(Protocol):
    """Pays for requests (``harlm.budget.embedding.EmbeddingMeter``)."""

    async def pay(
        self, texts: Sequence[str], send: Callable[[], Awaitable[tuple[_Value, int | None]]]
    ) -> _Value:
        """Send one request that is paid for."""
        ...


def brought_embedder(named: str, settings: ModelSettings) -> Embedder | None:
    """The embedder that a package makes of a name; ``None`` if the name is built in, or no package brings it.

    Args:
        named: ``acme``, or ``acme/NAME``.
        settings: the ``[models]`` settings.

    Raises:
        ConfigError: it cannot be made, is no embedder, or needs a network and the run is offline.
    """
    package, _, name = named.partition("/")
    if package in _OWN or package not in names(_KIND):
        return None
    embedder = made(_KIND, package, name, without_key(settings))
    if not all(hasattr(embedder, each) for each in ("tag", "dimension", "embed")):
        raise wrong(
            _KIND,
            package,
            f"made a {type(embedder).__name__}, and must make an embedder with tag, dimension and embed",
        )
    refuse_offline(named, embedder, settings)
    return embedder  # type: ignore[return-value] # it has all that one has


class PaidEmbedder:
    """An embedder whose requests are paid for.

    Args:
        embedder: makes the vectors.
        payer: pays for each request.

    Attributes:
        tag: see ``harlm.protocols.Embedder``.
    """

    def __init__(self, embedder: Embedder, payer: Payer) -> None:
        self._embedder = embedder
        self._payer = payer
        self.tag = embedder.tag

    @property
    def dimension(self) -> int | None:
        """See ``harlm.protocols.Embedder``."""
        return self._embedder.dimension

    async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
        """See ``harlm.protocols.Embedder``.

        Raises:
            LimitExceeded: it would cost too much of what is left.
        """

        async def send() -> tuple[Sequence[bytes], int | None]:
            return await self._embedder.embed(texts), None

        return await self._payer.pay(texts, send) if texts else []
