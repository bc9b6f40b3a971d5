"""The settings that apply in a folder, and the origin of each.

Precedence: flag > environment > user file > default. A project file then narrows the result
(``harlm.config.project``).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import msgspec

from harlm.config.files import Layer, project_layer, user_layer
from harlm.config.project import check_project_file, narrowed, project_note
from harlm.config.sections import ROUTERS, Config, setting_names
from harlm.config.values import HIDDEN_VALUE, encodable, in_short, is_address, seconds_of, without_password
from harlm.errors import ConfigError
from harlm.extensions import Kind, names
from harlm.types import STRATEGIES

_ENVIRONMENT: Mapping[str, str] = {
    "HARLM_MODEL": "models.root",
    "HARLM_SUB_MODEL": "models.sub",
    "HARLM_BASE_URL": "models.base_url",
    "HARLM_API_KEY": "models.api_key",
    "HARLM_OFFLINE": "models.offline",
    "HARLM_CONCURRENCY": "engine.concurrency",
    "HARLM_SANDBOX": "sandbox.tier",
    "HARLM_MAX_COST": "budget.usd",
    "HARLM_MAX_TOKENS": "budget.tokens",
    "HARLM_MAX_CALLS": "budget.calls",
    "HARLM_TIMEOUT": "budget.seconds",
    "HARLM_STORE": "memory.store",
    "HARLM_HOME": "tracing.home",
    "HARLM_OTEL": "tracing.otel",
    "HARLM_OTEL_CONTENT": "tracing.otel_content",
    "HARLM_OTEL_SEMCONV": "tracing.otel_semconv",
}

_ADDRESSES = ("models.base_url", "models.proxy")

_NAMED: Mapping[str, tuple[Kind, tuple[str, ...]]] = {
    "router.kind": ("routers", ROUTERS),
    "engine.strategy": ("strategies", STRATEGIES),
}
"""Settings that name a part: what else but these an installed package may bring."""

_SECRET = "models.api_key"  # noqa: S105 - the name of a setting, not a secret
_STORE = "memory.store"  # its address may hold a password


@dataclass(frozen=True, slots=True)
class Settings:
    """A config and the origin of every value in it, by dotted name.

    Attributes:
        note: what the project file of the folder has set, as one line for the user; ``None`` if it set nothing.
    """

    config: Config
    origins: Mapping[str, str]
    note: str | None = None

    def shown(self) -> dict[str, object]:
        """Every setting by dotted name. Keys are never shown."""
        shown = {}
        for name in setting_names():
            section, key = name.split(".")
            value = getattr(getattr(self.config, section), key)
            shown[name] = _without_secret(name, value)
        return shown

    def rows(self) -> list[tuple[str, str, str]]:
        """Every setting as (name, value as TOML writes it, origin)."""
        return [(name, _toml(value), self.origin(name)) for name, value in self.shown().items()]

    def origin(self, name: str) -> str:
        """Where the value of a setting comes from."""
        return self.origins.get(name, "default")


def load(
    *,
    flags: Mapping[str, object],
    environment: Mapping[str, str],
    folder: Path,
    user_file: Path,
) -> Settings:
    """The settings that apply in ``folder``.

    Args:
        flags: values by dotted name; ``None`` means that the flag was not given.
        environment: the environment variables of the process.
        folder: where to look for a project file.
        user_file: the user's own TOML file; it need not exist, and is ignored if it may not be read.

    Raises:
        ConfigError: a file, variable or flag that cannot be used; the message names it and its value.
    """
    layers: list[Layer] = [
        user_layer(user_file),
        *_environment_layers(environment),
        *((f"flag {name}", {name: value}) for name, value in flags.items() if value is not None),
    ]
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for origin, layer in layers:
        _reject_unknown(layer, origin)
        values.update(layer)
        origins.update(dict.fromkeys(layer, origin))
    settings = Settings(config=_converted(values, origins), origins=origins)
    return _in_project(settings, folder, user_file)


def _in_project(settings: Settings, folder: Path, user_file: Path) -> Settings:
    """The settings with what the project file of ``folder`` sets, if there is one.

    Raises:
        ConfigError: the file is damaged, or sets something that a project file may not set.
    """
    project = project_layer(folder)
    if project is None or not project[1]:
        return settings
    path, values = project
    _reject_unknown(values, str(path))
    check_project_file(values, path, user_file)
    theirs = _converted(values, dict.fromkeys(values, str(path)))
    joint = {name: f"{path}, {origin}" for name, origin in settings.origins.items() if name in values}
    return Settings(
        config=narrowed(settings.config, theirs),
        origins={**settings.origins, **dict.fromkeys(values, str(path)), **joint},
        note=project_note(path, values),
    )


def overridden(base: Config, flags: Mapping[str, object]) -> Config:
    """``base`` with some values replaced.

    Args:
        flags: values by dotted name; ``None`` keeps the value of ``base``.

    Raises:
        ConfigError: a value that cannot be used.
    """
    values = {
        f"{section}.{key}": value
        for section, keys in msgspec.to_builtins(base).items()
        for key, value in keys.items()
    }
    values |= {name: value for name, value in flags.items() if value is not None}
    return _converted(values, {})


def checked_value(name: str, text: str, origin: str) -> tuple[object, str]:
    """The value of a setting that a user typed, and how it is shown. Keys are never shown.

    Args:
        name: the dotted name of the setting.
        text: its value; that of a list as TOML writes it, or a list of one.
        origin: where it comes from, for messages.

    Raises:
        ConfigError: there is no such setting, or it cannot have this value.
    """
    _reject_unknown({name: text}, origin)
    section, key = name.split(".")
    is_list = isinstance(getattr(getattr(Config(), section), key), tuple)
    config = _converted({name: _items(text) if is_list else text}, {name: origin})
    value = getattr(getattr(config, section), key)
    return value, _toml(_without_secret(name, value))


def _items(text: str) -> object:
    """The items of a list in TOML; any other text is one item."""
    if not text.lstrip().startswith("["):
        return [text]
    try:
        return tomllib.loads(f"items = {text}")["items"]
    except (ValueError, RecursionError):
        return [text]  # a pattern such as [a-z].txt


def _environment_layers(environment: Mapping[str, str]) -> Iterable[Layer]:
    for variable, name in _ENVIRONMENT.items():
        if value := environment.get(variable, "").strip():
            yield f"env {variable}", {name: value}


def _reject_unknown(layer: Mapping[str, object], origin: str) -> None:
    known = setting_names()
    for name in layer:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else " `harlm config show` lists all settings."
            raise ConfigError(f"{origin}: unknown setting {in_short(name)}.{hint}")


def _converted(values: Mapping[str, object], origins: Mapping[str, str]) -> Config:
    sections: dict[str, dict[str, object]] = {}
    for name, value in values.items():
        section, key = name.split(".")
        if name == "budget.seconds" and isinstance(value, str):
            try:
                value = seconds_of(value)
            except ValueError as error:
                raise ConfigError(f"{origins.get(name, name)}: {name}: {error}") from error
        sections.setdefault(section, {})[key] = value
    try:
        config = msgspec.convert(sections, Config, strict=False)
    except msgspec.ValidationError as error:
        detail, _, path = str(error).partition(" - at `$.")
        name = path.rstrip("`").split("[")[0]
        told = HIDDEN_VALUE if name in (_SECRET, _STORE) else in_short(values.get(name))
        raise ConfigError(f"{origins.get(name, name)}: {name} = {told}: {_plain(detail)}") from error
    for name in _ADDRESSES:
        if (value := values.get(name)) is not None and not is_address(str(value)):
            raise ConfigError(
                f"{origins.get(name, name)}: {name} = {in_short(value)} is not an http or https URL with a host, "
                "such as http://127.0.0.1:8000/v1"
            )
    for name, (kind, own) in _NAMED.items():
        value = values.get(name)
        if value is not None and value not in own and value not in names(kind):
            known = ", ".join([*own, *(each for each in names(kind) if each not in own)])
            raise ConfigError(
                f"{origins.get(name, name)}: {name} = {in_short(value)}: there is none of this name; use {known}, or install the "
                f"package that brings it (entry point harlm.{kind})"
            )
    return config


def _without_secret(name: str, value: object) -> object:
    """The value of a setting as it may be shown."""
    if value and name == _SECRET:
        return HIDDEN_VALUE
    return without_password(str(value)) if value and name == _STORE else encodable(value)


def _plain(detail: str) -> str:
    """What is wrong with a value, without the notation of a pattern and without the value itself."""
    if "matching regex" in detail:
        return "Expected text in UTF-8 without control characters"
    return detail.partition(" '")[0]


def _toml(value: object) -> str:
    if value is None:
        return "(unset)"
    if value == HIDDEN_VALUE:
        return HIDDEN_VALUE
    return msgspec.json.encode(value).decode()
