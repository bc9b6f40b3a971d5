"""Programs of others talk to the server: OpenAI's SDK, the ``llm`` command, LangChain."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harlm.testing import ChatServer
from tests.support.clients import NO_CLIENTS, clients_python
from tests.support.served import (
    ANSWER,
    Served,
    asking_of,
    run_client,
    says,
    served,
)

pytestmark = pytest.mark.skipif(clients_python() is None, reason=NO_CLIENTS)
_PREPARED = """
import json, sys, openai
client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="secret-key-1")
asked = dict(model="harlm/docs", messages=[{"role": "user", "content": "Which service still uses TLS 1.1?"}])
"""


@pytest.fixture
def server(clean_environment: Path) -> Iterator[Served]:
    with ChatServer(says) as model, served(asking_of(model, cache=False), keys=["secret-key-1"]) as running:
        yield running


def openai(server: Served, script: str) -> str:
    return run_client(_PREPARED + script, server.url)


def test_openai_lists_models_and_gets_a_reply(server: Served) -> None:
    said = openai(
        server,
        """
print([each.id for each in client.models.list()], client.models.retrieve("harlm/docs").id)
got = client.chat.completions.create(**asked)
message = got.choices[0].message
print(message.content, got.choices[0].finish_reason, got.usage.prompt_tokens > 0)
(cited,) = message.annotations
print(cited.type, cited.filename, cited.place, message.content[cited.start_index:cited.end_index], cited.quote)
print(got.harlm["status"], got.harlm["mode"], len(got.harlm["citations"]))
""",
    )
    assert said.splitlines() == [
        "['harlm/docs', 'harlm/auto'] harlm/docs",
        f"{ANSWER} stop True",
        "file_citation docs/tls.md docs/tls.md:1 [docs/tls.md:1] Only billing still uses TLS 1.1.",
        "ok direct 1",
    ]


def test_openai_streams_with_usage(server: Served) -> None:
    said = openai(
        server,
        """
chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
print("".join(each.choices[0].delta.content or "" for each in chunks if each.choices))
print(chunks[-1].usage.total_tokens > 0, chunks[-2].choices[0].finish_reason, chunks[-2].harlm["status"])
print(chunks[-2].choices[0].delta.annotations[0]["place"])
with client.chat.completions.stream(**asked) as stream:
    print(stream.get_final_completion().choices[0].message.content)
""",
    )
    assert said.splitlines() == [ANSWER, "True stop ok", "docs/tls.md:1", ANSWER]


def test_openai_uses_the_responses_api(server: Served) -> None:
    said = openai(
        server,
        """
asked = dict(model="harlm/docs", input="Which service still uses TLS 1.1?", instructions="Be brief.")
got = client.responses.create(**asked)
(part,) = got.output[0].content
print(got.output_text, got.status, got.usage.total_tokens > 0, part.annotations[0].filename, part.annotations[0].index)
with client.responses.stream(**asked) as stream:
    kinds = [each.type for each in stream]
    print(stream.get_final_response().output_text, kinds[0], kinds[-1])
try:
    client.responses.create(**asked, previous_response_id="resp_1")
except openai.BadRequestError as error:
    print(error.param)
""",
    )
    assert said.splitlines() == [
        f"{ANSWER} completed True docs/tls.md {len(ANSWER)}",
        f"{ANSWER} response.created response.completed",
        "previous_response_id",
    ]


def test_openai_raises_what_its_users_know(server: Served) -> None:
    said = openai(
        server,
        """
def tried(client, **changed):
    try:
        client.chat.completions.create(**{**asked, **changed})
    except openai.APIStatusError as error:
        print(type(error).__name__, error.status_code, error.code, error.param)

tried(openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="wrong-key-9"))
tried(client, model="harlm/../../etc/passwd")
tried(client, n=2)
tried(client, tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}])
image = {"type": "image_url", "image_url": {"url": "http://127.0.0.1:1/x.png"}}
tried(client, messages=[{"role": "user", "content": [image]}])
""",
    )
    assert said.splitlines() == [
        "AuthenticationError 401 invalid_api_key None",
        "NotFoundError 404 model_not_found model",
        "BadRequestError 400 None n",
        "BadRequestError 400 unsupported_parameter tools",
        "BadRequestError 400 unsupported_content messages[0].content[0].type",
    ]


def test_openai_parses_a_typed_reply(clean_environment: Path) -> None:
    def typed(request: object) -> str:
        return '{"service": "billing", "version": 1.1}'

    with ChatServer(typed) as model, served(asking_of(model), keys=["secret-key-1"]) as server:
        said = openai(
            server,
            """
from pydantic import BaseModel
class Found(BaseModel):
    service: str
    version: float
got = client.chat.completions.parse(**asked, response_format=Found)
print(repr(got.choices[0].message.parsed))
got = client.responses.parse(model="harlm/docs", input="Which service?", text_format=Found)
print(repr(got.output_parsed))
""",
        )
    assert said.splitlines() == ["Found(service='billing', version=1.1)"] * 2


def test_openai_is_told_of_a_failure_inside_a_stream(clean_environment: Path) -> None:
    with ChatServer(says) as model, served(asking_of(model), keys=["secret-key-1"]) as server, model.down():
        said = openai(
            server,
            """
try:
    list(client.chat.completions.create(**asked, stream=True, metadata={"harlm_mode": "direct"}))
except openai.APIError as error:
    print(type(error).__name__, error.code)
""",
        )
    assert said.split() == ["APIError", "model_unavailable"]


def test_langchain_answers_streams_and_fails(server: Served) -> None:
    said = run_client(
        """
import sys, openai
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
asked = [SystemMessage("Be brief."), HumanMessage("Which service still uses TLS 1.1?")]
model = ChatOpenAI(model="harlm/docs", base_url=sys.argv[1] + "/v1", api_key="secret-key-1", stream_usage=True, temperature=0)
got = model.invoke(asked)
print(got.content, got.usage_metadata["total_tokens"] > 0)
whole = None
for piece in model.stream(asked):
    whole = piece if whole is None else whole + piece
print(whole.content, whole.usage_metadata["total_tokens"] > 0)
got = ChatOpenAI(model="harlm/docs", base_url=sys.argv[1] + "/v1", api_key="secret-key-1", use_responses_api=True).invoke(asked)
print(got.text)
try:
    ChatOpenAI(model="harlm/none", base_url=sys.argv[1] + "/v1", api_key="secret-key-1").invoke(asked)
except openai.NotFoundError as error:
    print(error.code)
""",
        server.url,
    )
    assert said.splitlines() == [f"{ANSWER} True", f"{ANSWER} True", ANSWER, "model_not_found"]


def test_the_llm_command_answers_streams_and_logs_usage(server: Served, tmp_path: Path) -> None:
    extra = [
        {"model_id": name, "model_name": asked, "api_base": f"{server.url}/v1", "api_key_name": "harlm"}
        for name, asked in (("handbook", "harlm/docs"), ("nothing", "harlm/nothing"))
    ]
    (tmp_path / "extra-openai-models.yaml").write_text(json.dumps(extra))  # JSON is YAML too
    python = clients_python()
    assert python is not None

    def llm(*arguments: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            [str(python.parent / "llm"), *arguments],
            env={**clean, "LLM_USER_PATH": str(tmp_path)}, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    (tmp_path / "keys.json").write_text(json.dumps({"harlm": "secret-key-1"}))
    question = "Which service still uses TLS 1.1?"
    assert llm("-m", "handbook", question).stdout.strip() == ANSWER
    assert llm("-m", "handbook", "--no-stream", question).stdout.strip() == ANSWER
    logged = json.loads(llm("logs", "list", "-n", "2", "--json").stdout)
    assert [each["input_tokens"] > 0 and each["output_tokens"] > 0 for each in logged] == [True, True]
    failed = llm("-m", "nothing", question)
    assert failed.returncode != 0
    assert "there is no model" in failed.stderr
    assert "Traceback" not in failed.stderr
