"""The description of the server's routes at ``/openapi.json``, made from the structs of requests and replies."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from harlm import __version__
from harlm.server.bodies import ChatRequest, ResponsesRequest
from harlm.server.replies import ChatCompletion, ErrorBody, ListedModel, ModelList, ResponseObject

_STRUCTS = (ChatRequest, ResponsesRequest, ChatCompletion, ResponseObject, ModelList, ListedModel, ErrorBody)
_JSON = "application/json"
_FAILURES = {
    "400": "The request cannot be answered as it is.",
    "401": "No API key, or a wrong one.",
    "402": "The budget of the key or of the run is spent.",
    "403": "A page of another site asks, and no keys are set.",
    "404": "There is no such model.",
    "408": "The body did not arrive.",
    "413": "The body is too large.",
    "422": "Nothing supports an answer, or none follows the schema.",
    "429": "Too many runs at once; Retry-After says when to try again.",
    "500": "The run failed.",
    "502": "A model failed.",
    "503": "A model is unavailable, or the server is shutting down.",
    "504": "The time of the run has passed.",
}


def description(*, has_keys: bool) -> dict[str, object]:
    """The document.

    Args:
        has_keys: whether clients need a key.
    """
    _, components = msgspec.json.schema_components(
        _STRUCTS, schema_hook=_any_value, ref_template="#/components/schemas/{name}"
    )
    document: dict[str, object] = {
        "openapi": "3.1.0",
        "info": {"title": "HARLM", "version": __version__, "summary": "Questions over corpora, as chats."},
        "paths": _paths(),
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }
    return {**document, "security": [{"key": []}]} if has_keys else document


def _any_value(kind: type) -> dict[str, object]:
    """The schema of a field that may hold anything."""
    if kind is object:
        return {"description": "any value"}
    raise NotImplementedError


def _paths() -> dict[str, object]:
    failures = ("401", "403", "503")
    model = {"name": "model", "in": "path", "required": True, "schema": {"type": "string"}}
    found = _route("One model", "ListedModel", failures=("404", *failures))
    return {
        "/v1/models": {"get": _route("The models that can be asked", "ModelList", failures=failures)},
        "/v1/models/{model}": {"get": {**found, "parameters": [model]}},
        "/v1/chat/completions": {
            "post": _route("Answer a chat", "ChatCompletion", "ChatRequest", tuple(_FAILURES))
        },
        "/v1/responses": {
            "post": _route("Answer a request", "ResponseObject", "ResponsesRequest", tuple(_FAILURES))
        },
        "/healthz": {"get": {**_plain("Whether the server answers", "application/json"), "security": []}},
        "/metrics": {"get": _plain("Counters, in the format of Prometheus", "text/plain")},
    }


def _route(
    what: str, reply: str, body: str | None = None, failures: tuple[str, ...] = ()
) -> dict[str, object]:
    content: dict[str, object] = {_JSON: {"schema": _ref(reply)}}
    if body is not None:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    route: dict[str, object] = {
        "summary": what,
        "responses": {
            "200": {"description": what, "content": content},
            **{
                status: {"description": _FAILURES[status], "content": {_JSON: {"schema": _ref("ErrorBody")}}}
                for status in failures
            },
        },
    }
    if body is not None:
        route["requestBody"] = {"required": True, "content": {_JSON: {"schema": _ref(body)}}}
    return route


def _plain(what: str, media: str) -> dict[str, object]:
    ok = {"description": what, "content": {media: {}}}
    refused = {"description": _FAILURES["401"], "content": {_JSON: {"schema": _ref("ErrorBody")}}}
    return {"summary": what, "responses": {"200": ok, "401": refused}}


def _ref(name: str) -> Mapping[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
