from __future__ import annotations

from pathlib import Path

import pytest

from harlm import HARLM, assembly, events, storing
from harlm.config import Config, overridden
from harlm.engine import Node
from harlm.errors import CodeError, ConfigError, DeadlineExceeded
from harlm.loading import load
from harlm.models.anthropic import AnthropicMessages
from harlm.models.choosing import ModelChoice
from harlm.models.gemini import GeminiContent
from harlm.models.openai import OpenAIChat
from harlm.testing import EventLog, ScriptedModel
from harlm.tools.toolset import toolset_of
from tests.support.mcp_servers import hostile


async def root_of(
    config: Config,
    environment: dict[str, str] | None = None,
    *,
    root: ModelChoice | None = None,
    sub: ModelChoice | None = None,
) -> Node:
    async with assembly.open_run(config, environment=environment or {}, root=root, sub=sub) as node:
        return node


def named(model: str, **flags: object) -> Config:
    return overridden(Config(), {"models.root": model, "tracing.home": str(Path.cwd()), **flags})


@pytest.mark.parametrize(
    ("model", "environment", "kind", "url", "key", "window"),
    [
        (
            "openai/x",
            {"OPENAI_API_KEY": "k"},
            OpenAIChat,
            "https://api.openai.com/v1/chat/completions",
            "k",
            128_000,
        ),
        (
            "openai/x",
            {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://h/v1/"},
            OpenAIChat,
            "http://h/v1/chat/completions",
            "k",
            32_768,
        ),
        (
            "openai/x@http://h/v1",
            {"OPENAI_API_KEY": "k"},
            OpenAIChat,
            "http://h/v1/chat/completions",
            None,
            32_768,
        ),
        ("http://h/v1#x", {}, OpenAIChat, "http://h/v1/chat/completions", None, 32_768),
        ("ollama/x", {}, OpenAIChat, "http://127.0.0.1:11434/v1/chat/completions", None, 8_192),
        (
            "ollama/x",
            {"OLLAMA_HOST": "box:1234"},
            OpenAIChat,
            "http://box:1234/v1/chat/completions",
            None,
            32_768,
        ),
        (
            "openrouter/a/b",
            {"OPENROUTER_API_KEY": "k"},
            OpenAIChat,
            "https://openrouter.ai/api/v1/chat/completions",
            "k",
            128_000,
        ),
        (
            "anthropic/x",
            {"ANTHROPIC_API_KEY": "k"},
            AnthropicMessages,
            "https://api.anthropic.com/v1/messages",
            "k",
            200_000,
        ),
        (
            "gemini/x",
            {"GOOGLE_API_KEY": "k"},
            GeminiContent,
            "https://generativelanguage.googleapis.com/v1beta/models/x:generateContent",
            "k",
            1_000_000,
        ),
    ],
)
async def test_models_are_made_from_their_names(
    model: str, environment: dict[str, str], kind: type, url: str, key: str | None, window: int
) -> None:
    made = (await root_of(named(model), environment)).models.root
    assert type(made) is kind
    assert made.address == url  # type: ignore[attr-defined] # what an adapter hides and this test is about
    assert (key or "no key") in str(made._headers) or key is None  # type: ignore[attr-defined]
    assert key is not None or not any(value == "k" for value in made._headers.values())  # type: ignore[attr-defined]
    assert made.window == window


async def test_a_key_of_a_provider_is_never_sent_to_an_address_in_a_name() -> None:
    made = (await root_of(named("openai/x@http://evil/v1"), {"OPENAI_API_KEY": "sk-real"})).models.root
    assert "sk-real" not in str(vars(made))


async def test_a_key_in_the_settings_is_used_for_every_address() -> None:
    config = named("openai/x@http://h/v1", **{"models.api_key": "given"})
    assert "Bearer given" in str((await root_of(config)).models.root._headers)  # type: ignore[attr-defined]


@pytest.mark.parametrize("model", ["openai/x", "anthropic/x", "gemini/x", "openrouter/x"])
async def test_a_missing_key_names_the_variable(model: str) -> None:
    with pytest.raises(ConfigError, match=rf"{model} needs a key: set \w+_API_KEY"):
        await root_of(named(model))


async def test_offline_refuses_models_that_need_a_network() -> None:
    with pytest.raises(ConfigError, match="needs a network, and the run is offline"):
        await root_of(named("openai/x", **{"models.offline": True}), {"OPENAI_API_KEY": "k"})
    assert (
        await root_of(named("offline/extractive", **{"models.offline": True}))
    ).models.root.name == "offline/extractive"


async def test_a_window_in_the_settings_is_used() -> None:
    assert (await root_of(named("ollama/x", **{"models.window": 64_000}))).models.root.window == 64_000


async def test_callables_and_model_objects_are_accepted() -> None:
    scripted = ScriptedModel([])
    node = await root_of(named("offline/extractive"), root=lambda prompt: "x", sub=scripted)
    assert node.models.root.name == "callable/<lambda>"
    assert node.models.sub is scripted
    with pytest.raises(ConfigError, match="is not a model"):
        await root_of(named("offline/extractive"), root=7)  # type: ignore[arg-type] # that is the test


async def test_the_sub_model_is_the_root_model_unless_named() -> None:
    node = await root_of(named("offline/extractive"))
    assert node.models.sub is node.models.root
    other = await root_of(named("offline/extractive", **{"models.sub": "ollama/small"}))
    assert other.models.sub.name == "ollama/small"


class FullDisk:
    """A sink that can take nothing more."""

    def emit(self, event: events.Event) -> None:
        raise OSError(28, "No space left on device")


async def test_a_run_continues_without_a_failing_sink() -> None:
    log = EventLog()
    async with assembly.open_run(
        named("offline/extractive"), environment={}, sinks=[FullDisk(), log]
    ) as node:
        node.emit(events.Noted(message="one"))
        node.emit(events.Noted(message="two"))
    messages = [event.message for event in log.of(events.Noted)]
    assert messages[-1] == "two"
    assert "No space left on device" in " ".join(messages)
    assert len(messages) == 3


async def test_a_key_for_harlm_goes_to_one_address_only() -> None:
    config = named("http://127.0.0.1:1/v1#local", **{"models.api_key": "sk-local"})
    node = await root_of(config, {"ANTHROPIC_API_KEY": "sk-anthropic"}, sub="anthropic/x")
    assert "sk-local" in str(vars(node.models.root))
    assert "sk-anthropic" in str(vars(node.models.sub))
    assert "sk-local" not in str(vars(node.models.sub))
    with pytest.raises(ConfigError, match="anthropic/x needs a key"):
        await root_of(config, {}, sub="anthropic/x")


@pytest.mark.parametrize("address", ["::bad::", "http://", "ftp://box", "http://box:99999999"])
async def test_an_address_that_cannot_be_used_is_named(address: str) -> None:
    with pytest.raises(ConfigError, match=r"OLLAMA_HOST"):
        await root_of(named("ollama/x"), {"OLLAMA_HOST": address})


def test_a_question_over_a_folder_around_the_home_reads_no_stored_runs(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("The fee is 40 euros.", encoding="utf-8")
    client = HARLM(model="offline/extractive", home=tmp_path / "home", settings=Config())
    client.ask("What is the fee?", tmp_path)
    assert [each.name for each in load(tmp_path).documents] == ["note.txt"]


def test_a_home_that_takes_no_ignore_file_costs_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Config) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storing, "leave_out_own_files", full)
    HARLM(model="offline/extractive", home=tmp_path, settings=Config()).ask(
        "What is the fee?", "The fee is 40."
    )
    (run,) = (tmp_path / "runs").iterdir()
    assert (run / "result.json").exists()


async def test_tools_of_a_run_have_names_and_those_of_servers_end_with_it() -> None:
    pytest.importorskip("mcp", reason="harlm[mcp] is not installed")

    def double(x: int) -> int:
        return 2 * x

    tools = toolset_of([double], [hostile("thousands", name="theirs")])
    async with assembly.open_run(named("offline/extractive"), environment={}, tools=tools) as node:
        assert list(node.run.tools)[:2] == ["double", "t0"]
        assert len(node.run.tools) == 201
        assert len(node.run.opening_notes) == 1
        listed = node.run.tools["t0"]
        assert await listed.call({}) == '["t0", {}]'
    with pytest.raises(CodeError, match="has ended"):
        await listed.call({})


async def test_the_time_of_a_run_counts_while_servers_start() -> None:
    pytest.importorskip("mcp", reason="harlm[mcp] is not installed")
    config = named("offline/extractive", **{"budget.seconds": 0.4})
    with pytest.raises(DeadlineExceeded):
        async with assembly.open_run(config, environment={}, tools=toolset_of([], [hostile("silent")])):
            pass
