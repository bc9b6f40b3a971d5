"""Cells that call the host: functions with arguments of odd kinds and great sizes, and frames made by hand."""

from __future__ import annotations

from collections.abc import Mapping

FUNCTIONS: Mapping[str, str] = {
    "llm_query": "llm_query({0})",
    "llm_query model": "llm_query('x', model={0})",
    "llm_query_batched": "llm_query_batched([{0}])",
    "rlm_query": "rlm_query({0}, 'text')",
    "rlm_query context": "rlm_query('q', {0})",
    "rlm_query_batched": "rlm_query_batched(['q'], [{0}])",
    "context.search": "context.search({0}, 3)",
    "context.search k": "context.search('fox', {0})",
    "context.grep": "context.grep({0})",
    "context.read": "context.read({0})",
    "context.near": "context.near({0})",
    "context.outline": "context.outline({0})",
    "memory.search": "memory.search({0})",
    "memory.search k": "memory.search('fox', {0})",
    "memory.expand": "memory.expand({0})",
    "memory.expand question": "memory.expand(handle, question={0})",
    "memory.expand max_tokens": "memory.expand(handle, max_tokens={0})",
    "memory.note": "memory.note({0})",
    "FINAL_VAR": "FINAL_VAR({0})",
}
"""Calls with one place for an argument."""

ENDS_THE_CELL = "FINAL_VAR"
"""The one after which nothing else of a cell runs."""

ODD = (
    "b'x'", "{1: 2}", "{'a': b'x'}", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "float('nan')",
    "float('inf')", "2**64", "-2**70", "None", "True", "'\\ud800'", "'\\x00'", "''", "object()", "print", "(x for x in 'ab')",
    "{1, 2}", "1j", "range(10**9)", "type", "__import__('datetime').datetime.now()", "bytearray(b'x')", "...", "[]", "{}",
)  # fmt: skip
"""Arguments of kinds that no function takes."""

HUGE: Mapping[str, str] = {
    "letters": "'x' * 9_000_000",
    "words": "' '.join('w%d' % n for n in range(1_000_000))",
    "blanks": "' ' * 9_000_000",
    "lines": "'a\\n' * 3_000_000",
    "digits": "'1' * 5_000_000",
    "other letters": "'\\u4e2d' * 3_000_000",
    "a list": "['x'] * 900_000",
    "a dict": "dict.fromkeys(map(str, range(300_000)), 1)",
    "a number": "10**4_000",
}
"""Arguments that are larger than anyone means."""

_BY_HAND = """
import os
def m(s):
    s = s.encode(); return bytes([0xa0 | len(s)]) + s
def write(body):
    body = len(body).to_bytes(4, "little") + body
    while body: body = body[os.write(3, body):]
def call(number, function, *arguments):
    write(b"\\x84" + m("op") + m("call") + m("id") + b"\\xce" + number.to_bytes(4, "big") + m("function") + m(function)
          + m("arguments") + b"\\xde" + len(arguments).to_bytes(2, "big") + b"".join(m(k) + v for k, v in arguments))
def many(one, count): return b"\\xdd" + count.to_bytes(4, "big") + one * count
def text(size, one=b"x"): return b"\\xdb" + (size * len(one)).to_bytes(4, "big") + one * size
"""

FRAMES: Mapping[str, str] = {
    "sixteen lists of a million": "call(10**6, 'budget', *[('k%d' % k, many(b'\\x80', 999_990)) for k in range(16)])",
    "one list of a million lists": "call(10**6, 'budget', ('k', many(many(b'\\x80', 15), 800_000)))",
    "a million numbers": "call(10**6, 'places', ('document', b'\\x00'), ('offsets', many(b'\\x05', 999_999)))",
    "the largest text": "call(10**6, 'llm_query', ('prompt', text(15_000_000)))",
    "the largest name": "call(10**6, 'extent', ('document', b'\\x00'), ('part', text(15_000_000, b' ')))",
    "a part with many digits": "call(10**6, 'extent', ('document', b'\\x00'), ('part', text(4_000_000, b'1')))",
    "a query of a million words": "call(10**6, 'search', ('query', text(2_000_000, b'ab ')), ('k', b'\\x05'), ('document', b'\\xc0'))",
    "a map of a hundred thousand": (
        "call(10**6, 'budget', ('k', b'\\xdf' + (10**5).to_bytes(4, 'big') + b''.join(b'\\xce' + n.to_bytes(4, 'big') + b'\\x00' for n in range(10**5))))"
    ),
    "numbers just below the size": "call(10**6, 'places', ('document', b'\\x00'), ('offsets', many(b'\\x05', 250_000)))",
    "a name just below the size": "call(10**6, 'extent', ('document', b'\\x00'), ('part', text(250_000, b' ')))",
    "digits just below the size": "call(10**6, 'extent', ('document', b'\\x00'), ('part', text(250_000, b'1')))",
    "words just below the size": "call(10**6, 'search', ('query', text(80_000, b'ab ')), ('k', b'\\x05'), ('document', b'\\xc0'))",
    "a handle just below the size": "call(10**6, 'memory_expand', ('handle', text(250_000)), ('question', b'\\xc0'), ('max_tokens', b'\\xc0'))",
    "lists just below the size": "call(10**6, 'budget', *[('k%d' % k, many(b'\\x80', 15_000)) for k in range(16)])",
    "many small calls": "for n in range(20_000): call(10**6 + n, 'budget')",
    "many refused calls": "for n in range(20_000): call(10**6 + n, 'memory_note', ('text', b'\\x05'))",
}
"""Frames for the host, of at most 16 MB."""


def by_hand(kind: str) -> str:
    """A cell that writes these frames itself."""
    return f"{_BY_HAND}\n{FRAMES[kind]}"


def tried(calls: list[str], *, repeat: int = 1) -> str:
    """A cell that makes these calls, and prints the kind of error of each."""
    lines = ["handle = memory.note('a note about foxes. ' * 50)", f"for _ in range({repeat}):"]
    for call in calls:
        lines += [
            " try:",
            f"  {call}; print('done')",
            " except Exception as error: print(type(error).__name__)",
        ]
    return "\n".join(lines)
