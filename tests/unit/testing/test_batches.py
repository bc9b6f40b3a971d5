"""The batch interfaces of the test server: the official clients of OpenAI and Anthropic make, poll, read and cancel batches there."""

from __future__ import annotations

import pytest

from harlm.testing import BatchDesk, ChatServer, Request
from harlm.testing.batches import Fate
from harlm.testing.faults import Status, refusal
from tests.support.clients import NO_CLIENTS, clients_python
from tests.support.served import run_client

pytestmark = pytest.mark.skipif(clients_python() is None, reason=NO_CLIENTS)

_OPENAI = """
import io, json, sys, time, openai
client = openai.OpenAI(base_url=sys.argv[1], api_key="sk-1")
def line(name):
    body = {"model": "m", "messages": [{"role": "user", "content": name}]}
    return json.dumps({"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body})
data = "\\n".join(map(line, ["fine", "late", "wrong"])).encode()
file = client.files.create(file=io.BytesIO(data), purpose="batch")
batch = client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
if "cancel" in sys.argv:
    client.batches.cancel(batch.id)
while batch.status not in ("completed", "expired", "failed", "cancelled"):
    time.sleep(0.02)
    batch = client.batches.retrieve(batch.id)
counts = batch.request_counts
print(batch.status, counts.total, counts.completed, counts.failed)
for file in filter(None, (batch.output_file_id, batch.error_file_id)):
    for text in client.files.content(file).text.splitlines():
        told = json.loads(text)
        if told["error"] or told["response"]["status_code"] != 200:
            print(told["custom_id"], told["error"] and told["error"]["code"], told["response"] and told["response"]["status_code"])
        else:
            reply = openai.types.chat.ChatCompletion.model_validate(told["response"]["body"])
            print(told["custom_id"], reply.choices[0].message.content, reply.usage.total_tokens > 0)
"""
_ANTHROPIC = """
import sys, time, anthropic
client = anthropic.Anthropic(base_url=sys.argv[1], api_key="sk-1")
def request(name):
    return {"custom_id": name, "params": {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": name}]}}
batch = client.messages.batches.create(requests=[*map(request, ["fine", "late", "wrong"])])
if "cancel" in sys.argv:
    client.messages.batches.cancel(batch.id)
while batch.processing_status != "ended":
    time.sleep(0.02)
    batch = client.messages.batches.retrieve(batch.id)
counts = batch.request_counts
print(counts.processing, counts.succeeded, counts.errored, counts.canceled, counts.expired)
for told in client.messages.batches.results(batch.id):
    result = told.result
    if result.type == "succeeded":
        print(told.custom_id, result.message.content[0].text, result.message.usage.input_tokens > 0)
    else:
        print(told.custom_id, result.type, result.error.error.type if result.type == "errored" else "")
"""


def reply(request: Request) -> str | Status:
    return refusal(400, "no") if request.prompt == "wrong" else "yes"


def expires(request: Request) -> Fate:
    return "expired" if request.prompt == "late" else "served"


def test_the_client_of_openai() -> None:
    with ChatServer(reply, batches=BatchDesk(fate=expires)) as server:
        said = run_client(_OPENAI, server.base_url).splitlines()
    assert said[0] == "expired 3 1 2"
    assert sorted(said[1:]) == ["fine yes True", "late batch_expired None", "wrong None 400"]


def test_the_client_of_anthropic() -> None:
    with ChatServer(reply, batches=BatchDesk(fate=expires)) as server:
        said = run_client(_ANTHROPIC, server.url).splitlines()
    assert said[0] == "0 1 1 0 1"
    assert sorted(said[1:]) == ["fine yes True", "late expired ", "wrong errored invalid_request_error"]


@pytest.mark.parametrize(
    ("script", "path", "ended"),
    [(_OPENAI, "/v1", "cancelled 3 0 3"), (_ANTHROPIC, "", "0 0 0 3 0")],
    ids=["openai", "anthropic"],
)
def test_a_batch_can_be_cancelled(script: str, path: str, ended: str) -> None:
    batches = BatchDesk()
    batches.is_paused = True
    with ChatServer(reply, batches=batches) as server:
        said = run_client(script, f"{server.url}{path}", "cancel").splitlines()
    assert said[0] == ended
    assert batches.made[0].is_cancelled
