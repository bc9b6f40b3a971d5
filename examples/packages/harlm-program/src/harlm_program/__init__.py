"""Any program of the command line as a language model: it reads the conversation, and prints the reply."""

from __future__ import annotations

import asyncio
import shlex
import shutil
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from contextlib import suppress

from harlm.config import ModelSettings
from harlm.errors import ConfigError, ModelError
from harlm.types import Completion, Message, Sampling, Usage

_WINDOW = 32_768
_CHARACTERS = 4  # per token, as a rough measure


class ProgramModel:
    """A model that starts a program for each call.

    Args:
        command: the program and its arguments, as in a shell.
        window: tokens that fit.
        seconds: that a call may take.
    """

    def __init__(self, command: str, window: int = _WINDOW, seconds: float = 600.0) -> None:
        self.name = f"program/{command}"
        self.window = window
        self._seconds = seconds
        self._arguments = shlex.split(command)
        if not self._arguments or shutil.which(self._arguments[0]) is None:
            raise ConfigError(f"{self.name}: there is no such program; write program/NAME ARGUMENT…")

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """The reply of one call of the program.

        Raises:
            ModelError: it failed, or took too long.
        """
        told = "\n\n".join(message.content for message in messages)
        process = await asyncio.create_subprocess_exec(*self._arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE)
        try:
            async with asyncio.timeout(self._seconds):
                out, err = await process.communicate(told.encode("utf-8", "replace"))
        except TimeoutError:
            raise ModelError(f"{self.name} took more than {self._seconds:g} s", model=self.name) from None
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if process.returncode:
            said = err.decode("utf-8", "replace").strip()[-200:]
            raise ModelError(f"{self.name} ended with {process.returncode}: {said}", model=self.name)
        reply = out.decode("utf-8", "replace").strip()
        usage = Usage(
            calls=1,
            input_tokens=len(told) // _CHARACTERS + 1,
            output_tokens=len(reply) // _CHARACTERS + 1,
            cost_micros=None,  # not known, so the price list applies
            estimated=True,
        )
        return Completion(text=reply, model=self.name, usage=usage)


def make(name: str, settings: ModelSettings) -> ProgramModel:
    """The model ``program/NAME``."""
    return ProgramModel(name, settings.window or _WINDOW, settings.timeout_s)
