"""All names of spans, attributes and metrics that telemetry uses.

Two versions of OpenTelemetry's conventions for generative AI are pinned. Both are under development, so a change is made here and
nowhere else; a snapshot test holds every name.
"""

from __future__ import annotations

from dataclasses import dataclass

LATEST = "gen_ai_latest_experimental"
"""The value of ``OTEL_SEMCONV_STABILITY_OPT_IN`` and of ``tracing.otel_semconv`` that chooses the newer names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """The names in which the pinned versions differ.

    Attributes:
        version: of the conventions; written on the root span of every trace.
        schema_url: of the instrumentation scope; ``None`` if the version has none.
        workflow: the attribute with the name of a whole run.
        cache_write: the attribute with the input tokens that a provider wrote to its cache.
        duration: the histogram of the seconds of calls.
        tokens: the histogram of tokens by ``TOKEN_TYPE``; ``None`` if tokens are counted by ``token_counters``.
        token_counters: counters of tokens by what they count.
    """

    version: str
    schema_url: str | None
    workflow: str
    cache_write: str
    duration: str
    tokens: str | None
    token_counters: tuple[tuple[str, str], ...]


KNOWN = Convention(
    version="semantic-conventions 1.41.0",
    schema_url="https://opentelemetry.io/schemas/1.41.0",
    workflow="gen_ai.workflow.name",
    cache_write="gen_ai.usage.cache_creation.input_tokens",
    duration="gen_ai.client.operation.duration",
    tokens="gen_ai.client.token.usage",
    token_counters=(),
)
"""The last version before these conventions moved to a repository of their own: what dashboards know."""

NEWEST = Convention(
    version="semantic-conventions-genai 0.1.0",
    schema_url=None,
    workflow="gen_ai.agent.name",
    cache_write="gen_ai.usage.cache_write.input_tokens",
    duration="gen_ai.client.inference.duration",
    tokens=None,
    token_counters=(
        ("input", "gen_ai.client.inference.usage.input_tokens"),
        ("output", "gen_ai.client.inference.usage.output_tokens"),
        ("cache_read", "gen_ai.client.inference.usage.cache_read.input_tokens"),
        ("cache_write", "gen_ai.client.inference.usage.cache_write.input_tokens"),
        ("reasoning", "gen_ai.client.inference.usage.reasoning.output_tokens"),
    ),
)
"""The first version of that repository."""

SCOPE = "harlm"
"""The instrumentation scope, and the name of the service if the environment gives none."""

# -- operations: the first word of a span's name ------------------------------------------------------------

INVOKE_WORKFLOW = "invoke_workflow"
INVOKE_AGENT = "invoke_agent"
CHAT = "chat"
EXECUTE_TOOL = "execute_tool"
RETRIEVAL = "retrieval"
RACE = "harlm.race"

WORKFLOW = "harlm"
ROOT_AGENT, CHILD_AGENT, BRANCH_AGENT = "harlm.root", "harlm.child", "harlm.branch"
PYTHON = "python"
TOOL_EXTENSION, TOOL_FUNCTION = "extension", "function"

# -- attributes of the conventions --------------------------------------------------------------------------

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
AGENT_NAME = "gen_ai.agent.name"
CONVERSATION = "gen_ai.conversation.id"
REQUEST_MODEL = "gen_ai.request.model"
FINISH_REASONS = "gen_ai.response.finish_reasons"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHE_READ = "gen_ai.usage.cache_read.input_tokens"
REASONING = "gen_ai.usage.reasoning.output_tokens"
TOOL_NAME = "gen_ai.tool.name"
TOOL_TYPE = "gen_ai.tool.type"
TOKEN_TYPE = "gen_ai.token.type"  # noqa: S105 - the name of an attribute
MODALITY = "gen_ai.token.modality"
ERROR_TYPE = "error.type"
OTHER_ERROR = "_OTHER"

# -- attributes with content, which are written only if the user has asked for them -------------------------

INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"
TOOL_ARGUMENTS = "gen_ai.tool.call.arguments"
TOOL_RESULT = "gen_ai.tool.call.result"
QUERY_TEXT = "gen_ai.retrieval.query.text"
ERROR_MESSAGE = "harlm.error.message"

CONTENT = (INPUT_MESSAGES, OUTPUT_MESSAGES, TOOL_ARGUMENTS, TOOL_RESULT, QUERY_TEXT, ERROR_MESSAGE)
"""Every attribute that holds text of the user's, of documents, models or tools."""

# -- attributes of HARLM ------------------------------------------------------------------------------------

SEMCONV = "harlm.semconv.version"
RUN = "harlm.run.id"
RESUMED = "harlm.run.resumed"
NODE, PARENT_NODE, DEPTH = "harlm.node", "harlm.node.parent", "harlm.depth"
MODE, STRATEGY, STATUS = "harlm.mode", "harlm.strategy", "harlm.status"
DOCUMENTS, CHARACTERS, CONTEXT_TOKENS = (
    "harlm.context.documents",
    "harlm.context.characters",
    "harlm.context.tokens",
)
ROUTE_MODE, ROUTE_PROBABILITY, ROUTE_BASIS = (
    "harlm.route.mode",
    "harlm.route.probability",
    "harlm.route.basis",
)
CALL, ROLE, EARLY = "harlm.call", "harlm.call.role", "harlm.call.early"
COST = "harlm.cost.usd"
ESTIMATED = "harlm.usage.estimated"
RUN_CALLS, RUN_INPUT, RUN_OUTPUT, RUN_CACHED = (
    "harlm.usage.calls",
    "harlm.usage.input_tokens",
    "harlm.usage.output_tokens",
    "harlm.usage.cached_tokens",
)
CONFIDENCE, CITATIONS = "harlm.confidence", "harlm.citations"
PARALLELISM, CRITICAL_PATH = "harlm.parallelism", "harlm.critical_path_s"
TURN = "harlm.cell.turn"
OUTPUT_CHARACTERS, WAITING = "harlm.cell.output_characters", "harlm.cell.waiting_s"
CELL_CALLS, CELL_EARLY, CELL_CLAIMED, CELL_WASTED, PATTERN = (
    "harlm.cell.calls",
    "harlm.cell.calls.early",
    "harlm.cell.calls.claimed",
    "harlm.cell.calls.wasted",
    "harlm.cell.pattern",
)
HITS = "harlm.search.hits"
WINNER, STOPPED_BY, BRANCHES = "harlm.race.winner", "harlm.race.stopped_by", "harlm.race.branches"
TIER = "harlm.sandbox.tier"
MODEL, INSTEAD = "harlm.model", "harlm.model.instead"
ATTEMPT, WAIT, AFTER = "harlm.retry.attempt", "harlm.retry.wait_s", "harlm.hedge.after_s"
LIMIT, USED, ALLOWED = "harlm.limit", "harlm.limit.used", "harlm.limit.allowed"
LINK = "harlm.link"
LINK_EARLY, LINK_BRANCH = "early_call", "branch"

# -- span events --------------------------------------------------------------------------------------------

RETRIED, HEDGED, FELL_BACK = "harlm.retry", "harlm.hedge", "harlm.fallback"
REUSED, LIMIT_REACHED, FOLDED = "harlm.reused", "harlm.limit_reached", "harlm.folded"

# -- metrics of HARLM ---------------------------------------------------------------------------------------

RUN_DURATION, RUN_COST = "harlm.run.duration", "harlm.run.cost"

_PROVIDERS = {"gemini": "gcp.gemini", "azure": "azure.ai.openai"}


def provider_of(model: str) -> str:
    """The provider of a model by its full name, as the conventions name it."""
    provider = model.partition("/")[0] if "/" in model else WORKFLOW
    return _PROVIDERS.get(provider, provider)


def model_of(model: str) -> str:
    """The name of a model without its provider; of a local file without its folder."""
    provider, slash, name = model.partition("/")
    if not slash:
        return model
    return name.rpartition("/")[2] if provider == "local" else name


def convention_of(chosen: str, opted_in: str) -> Convention:
    """The names to use.

    Args:
        chosen: the setting ``tracing.otel_semconv``.
        opted_in: the variable ``OTEL_SEMCONV_STABILITY_OPT_IN``, a list with commas that all libraries share.
    """
    named = {each.strip() for each in opted_in.split(",")}
    return NEWEST if chosen == LATEST or (chosen == "default" and LATEST in named) else KNOWN
