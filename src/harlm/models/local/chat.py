"""A local model as a ``LanguageModel``: OpenAI's protocol to the server that HARLM started."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harlm.errors import ModelError, ModelUnavailable
from harlm.models.access import Access, Endpoint
from harlm.models.local.counting import VocabularyCounter
from harlm.models.local.finding import model_file
from harlm.models.local.gguf import read_head
from harlm.models.local.pool import POOL, Lease
from harlm.models.local.server import LocalServer
from harlm.models.local.sizing import ServerPlan, plan_for
from harlm.models.names import ModelName
from harlm.models.openai import OpenAIChat
from harlm.threads import Threads
from harlm.types import Completion, Message, Sampling


class LocalChat(OpenAIChat):
    """A model that a server of this process serves.

    Args:
        endpoint: the address and key of the server.
        server: the server.
    """

    def __init__(self, endpoint: Endpoint, server: LocalServer) -> None:
        super().__init__(endpoint, server.plan.window)
        self.seems_local = True
        self._server = server

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """As ``RemoteModel``. A server that has ended is an error that no retry can help."""
        try:
            return await super().complete(messages, sampling)
        except ModelUnavailable as error:
            if (end := self._server.end) is None:
                raise
            raise ModelError(
                f"the server of {self.name} has ended ({end}); ask again, which starts another",
                model=self.name,
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedModel:
    """A local model that is ready.

    Attributes:
        model: the model.
        plan: how it is served.
        base_url: where.
        counter: counts its tokens.
        identity: the name, size and time of its file, under which replies can be reused.
    """

    model: LocalChat
    plan: ServerPlan
    base_url: str
    counter: VocabularyCounter
    identity: str


async def open_local(name: ModelName, wanted: int | None, folder: Path, access: Access) -> OpenedModel:
    """The model of a name ``local/…``, served until the end of the run.

    Args:
        name: the name; a path to a GGUF file, or the name of a known one.
        wanted: tokens of a request, if the user has set them.
        folder: of the user's model files.
        access: gives the endpoint; its end is that of the run.

    Raises:
        ConfigError: the file is missing or cannot be loaded, or the package xllamacpp is not installed.
        ModelError: the server ended while it loaded the model.
    """
    file = model_file(name.name, folder)
    plan = plan_for(file, read_head(file), wanted)
    lease = Lease(POOL, plan)
    access.at_the_end(lease.end)
    server = await Threads().do(lease.take)
    counter = VocabularyCounter(server)
    access.at_the_end(counter.close)
    model = LocalChat(await access.loopback(name, plan.alias, server.base_url, server.key), server)
    await model.describe()
    state = file.stat()
    identity = f"{name.full} in {file} ({state.st_size} bytes, {state.st_mtime_ns})"
    return OpenedModel(model=model, plan=plan, base_url=server.base_url, counter=counter, identity=identity)
