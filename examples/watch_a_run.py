"""Watch a run in progress: every event is typed, and the last one has the answer."""

from harlm import HARLM
from harlm.events import Answered, CallFinished, CellFinished, Routed

for event in HARLM(mode="repl").stream(
    "How many lines contain the word error?", "ok\nerror: disk\nerror: net\n"
):
    match event:
        case Routed(mode=mode):
            print("mode:", mode)
        case CallFinished(call=call, latency_s=seconds):
            print(f"call {call} took {seconds:.3f} s")
        case CellFinished(turn=turn, output=output):
            print(f"turn {turn} printed {len(output)} characters")
        case Answered(answer=answer):
            print("answer:", answer.text.splitlines()[0])
