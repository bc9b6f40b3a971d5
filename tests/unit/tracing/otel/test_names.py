"""The names of telemetry: a snapshot, since dashboards depend on them."""

from __future__ import annotations

import pytest

from harlm.tracing.otel import names
from harlm.tracing.otel.names import KNOWN, LATEST, NEWEST, convention_of, model_of, provider_of

SNAPSHOT = """
error.type gen_ai.agent.name gen_ai.conversation.id gen_ai.input.messages gen_ai.operation.name gen_ai.output.messages
gen_ai.provider.name gen_ai.request.model gen_ai.response.finish_reasons gen_ai.retrieval.query.text
gen_ai.token.modality gen_ai.token.type gen_ai.tool.call.arguments gen_ai.tool.call.result gen_ai.tool.name gen_ai.tool.type
gen_ai.usage.cache_read.input_tokens gen_ai.usage.input_tokens gen_ai.usage.output_tokens gen_ai.usage.reasoning.output_tokens
harlm.branch harlm.call harlm.call.early harlm.call.role harlm.cell.calls harlm.cell.calls.claimed harlm.cell.calls.early
harlm.cell.calls.wasted harlm.cell.output_characters harlm.cell.pattern harlm.cell.turn harlm.cell.waiting_s harlm.child
harlm.citations harlm.confidence harlm.context.characters harlm.context.documents harlm.context.tokens harlm.cost.usd
harlm.critical_path_s harlm.depth harlm.error.message harlm.fallback harlm.folded harlm.hedge harlm.hedge.after_s harlm.limit
harlm.limit.allowed harlm.limit.used harlm.limit_reached harlm.link harlm.mode harlm.model harlm.model.instead harlm.node
harlm.node.parent harlm.parallelism harlm.race harlm.race.branches harlm.race.stopped_by harlm.race.winner harlm.retry
harlm.retry.attempt harlm.retry.wait_s harlm.reused harlm.root harlm.route.basis harlm.route.mode harlm.route.probability
harlm.run.cost harlm.run.duration harlm.run.id harlm.run.resumed harlm.sandbox.tier harlm.search.hits harlm.semconv.version
harlm.status harlm.strategy harlm.usage.cached_tokens harlm.usage.calls harlm.usage.estimated harlm.usage.input_tokens
harlm.usage.output_tokens
"""

OF_CONVENTIONS = {
    KNOWN: """semantic-conventions 1.41.0; https://opentelemetry.io/schemas/1.41.0; gen_ai.workflow.name;
gen_ai.usage.cache_creation.input_tokens; gen_ai.client.operation.duration; gen_ai.client.token.usage; """,
    NEWEST: """semantic-conventions-genai 0.1.0; None; gen_ai.agent.name; gen_ai.usage.cache_write.input_tokens;
gen_ai.client.inference.duration; None; gen_ai.client.inference.usage.input_tokens gen_ai.client.inference.usage.output_tokens
gen_ai.client.inference.usage.cache_read.input_tokens gen_ai.client.inference.usage.cache_write.input_tokens
gen_ai.client.inference.usage.reasoning.output_tokens""",
}


def test_a_name_changes_only_on_purpose() -> None:
    """A change breaks dashboards: write it into the changelog, then here."""
    written = {
        value
        for value in vars(names).values()
        if isinstance(value, str) and "." in value and " " not in value
    }
    ours = {
        value
        for value in written
        if value.startswith(("gen_ai.", "harlm.", "error.")) and "tracing" not in value
    }
    assert sorted(ours) == sorted(SNAPSHOT.split())


@pytest.mark.parametrize("convention", OF_CONVENTIONS, ids=lambda each: each.version)
def test_the_names_of_a_pinned_version(convention: names.Convention) -> None:
    counters = " ".join(name for _, name in convention.token_counters)
    told = [
        convention.version,
        str(convention.schema_url),
        convention.workflow,
        convention.cache_write,
        convention.duration,
        str(convention.tokens),
        counters,
    ]
    assert "; ".join(told).split() == OF_CONVENTIONS[convention].split()


@pytest.mark.parametrize(
    ("chosen", "opted_in", "used"),
    [
        ("default", "", KNOWN),
        ("default", "http,database", KNOWN),
        ("default", f"http, {LATEST}", NEWEST),
        (LATEST, "", NEWEST),
    ],
)
def test_the_newest_names_are_asked_for(chosen: str, opted_in: str, used: names.Convention) -> None:
    assert convention_of(chosen, opted_in) is used


@pytest.mark.parametrize(
    ("full", "provider", "model"),
    [
        ("openai/gpt-5", "openai", "gpt-5"),
        ("gemini/flash", "gcp.gemini", "flash"),
        ("openrouter/meta/llama", "openrouter", "meta/llama"),
        ("local/home/me/secret/m.gguf", "local", "m.gguf"),
        ("mine", "harlm", "mine"),
    ],
)
def test_a_full_name_is_split(full: str, provider: str, model: str) -> None:
    assert (provider_of(full), model_of(full)) == (provider, model)
