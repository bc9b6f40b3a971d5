"""The parameters of a function: how arguments are checked, and how a model is told of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec

from harlm.errors import CodeError, ConfigError
from harlm.types import ToolShape

_LONGEST_SUMMARY = 300  # characters of the line in the prompt
_LONGEST_SIGNATURE = 500  # characters of it in the prompt
_LONGEST_HELP = 20_000  # characters
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Parameters:
    """The parameters of a function.

    Args:
        function: the function.
        name: of the tool, for messages.

    Raises:
        ConfigError: cells cannot pass them.
    """

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self._name = name
        self._signature = _signature(function, name)
        self._positional_only = [
            each.name
            for each in self._signature.parameters.values()
            if each.kind is inspect.Parameter.POSITIONAL_ONLY
        ]
        self._kind = _kind_of(self._signature, name)
        self._shown = f"{name}{self._signature}".replace("typing.", "")
        self._said = inspect.getdoc(function) or ""

    @property
    def shape(self) -> ToolShape:
        """What a model is told of the function."""
        return ToolShape(
            name=self._name,
            parameters=tuple(
                each.name for each in self._signature.parameters.values() if each.kind in _POSITIONAL
            ),
            signature=shortened(self._shown, _LONGEST_SIGNATURE),
            summary=summary_of(self._said),
            help=shortened(f"{self._shown}\n\n{self._said}".strip(), _LONGEST_HELP),
        )

    def bound(self, arguments: Mapping[str, object]) -> tuple[list[Any], dict[str, Any]]:
        """The positional and the named arguments of a call, of the types that the function wants.

        Raises:
            CodeError: they are not what it takes.
        """
        try:
            checked = msgspec.convert(dict(arguments), self._kind, strict=False, dec_hook=_decoded)
        except Exception as error:  # also what the user's own types raise
            raise CodeError(f"{self._name}: {error}; its signature is {self._shown}") from error
        given = {each: getattr(checked, each) for each in arguments}
        first: list[Any] = []
        for each in self._positional_only:
            if each not in given:
                break
            first.append(given.pop(each))
        if late := [each for each in self._positional_only if each in given]:
            raise CodeError(f"{self._name}: {late[0]!r} is passed without those before it")
        return first, given


def summary_of(text: str) -> str:
    """The first paragraph of a docstring on one line, cut where it is long."""
    return shortened(" ".join(text.strip().partition("\n\n")[0].split()), _LONGEST_SUMMARY)


def shortened(text: str, most: int) -> str:
    """The text, or its first ``most`` characters and an ellipsis."""
    return text if len(text) <= most else f"{text[:most]}…"


def _signature(function: Callable[..., Any], name: str) -> inspect.Signature:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"the parameters of the tool {name!r} are not known: {error}; wrap it in a function"
        ) from error
    with suppress(Exception):  # an annotation that names what does not exist is shown as it is written
        signature = inspect.signature(function, eval_str=True)
    for each in signature.parameters.values():
        if each.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            raise ConfigError(
                f"the tool {name!r} takes any number of arguments (*{each.name}); wrap it in a function that names them"
            )
        if each.name.startswith("_"):
            raise ConfigError(
                f"the parameter {each.name!r} of the tool {name!r} begins with an underscore; rename it"
            )
    return signature


def _kind_of(signature: inspect.Signature, name: str) -> type[msgspec.Struct]:
    """A type of the arguments, by which they are checked."""
    fields: list[Any] = []
    for each in signature.parameters.values():
        is_told = each.annotation is not inspect.Parameter.empty and not isinstance(each.annotation, str)
        kind = each.annotation if is_told else Any
        is_needed = each.default is inspect.Parameter.empty
        fields.append((each.name, kind) if is_needed else (each.name, kind, msgspec.UNSET))
    fields.sort(key=len)
    try:
        made = msgspec.defstruct(name, fields, forbid_unknown_fields=True)
        with suppress(msgspec.ValidationError):
            msgspec.convert({}, made, dec_hook=_decoded)
    except TypeError as error:
        raise ConfigError(f"an annotation of the tool {name!r} cannot be checked: {error}") from error
    return made


def _decoded(kind: type, value: object) -> object:
    """A value of a type that msgspec does not know: a pydantic model, or an object that is of the type already."""
    if hasattr(kind, "model_validate"):
        return kind.model_validate(value)
    if isinstance(value, kind):
        return value
    raise ValueError(f"a value of type {getattr(kind, '__name__', kind)} cannot be made of what a cell sends")
