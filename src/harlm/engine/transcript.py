"""The transcript of a node: what its root model wrote and was shown. Handles messages and their sizes.

The beginning never changes and turns are only added. Old turns are folded rarely and all together, so that
providers can serve the beginning of most prompts from their cache. A prompt never exceeds the opening
messages plus ``view_tokens`` plus ``history_tokens``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from harlm.engine import prompts
from harlm.memory import Memory
from harlm.memory.extract import Measure
from harlm.types import Message

_SHORT = 800  # characters of a message that is not worth cutting
_CHARACTERS = 3  # characters kept for each token of room when a message is cut, before it is measured again


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: its number from 1, the model's reply, and the message that showed the model its results."""

    number: int
    reply: Message
    shown: Message


class Transcript:
    """The messages of one node, kept within a bound by folding old turns into memory.

    Args:
        opening: the rules and the question.
        memory: where folded turns go.
        node, depth, question: name and depth of the node, and the question of its task.
        measure: an upper bound of the tokens of a text.
        history_tokens: the most tokens of the turns that are shown whole.
        view_tokens: the most tokens of the view of earlier turns.
        on_fold: called for each folding with the number of turns and the tokens before and after.
        on_turn: called for each turn that left the prompt with its handle, its text and its tokens.
    """

    def __init__(
        self,
        opening: Sequence[Message],
        memory: Memory,
        *,
        node: str,
        depth: int,
        question: str,
        measure: Measure,
        history_tokens: int,
        view_tokens: int,
        on_fold: Callable[[int, int, int], None] = lambda *_: None,
        on_turn: Callable[[str, str, int], None] = lambda *_: None,
    ) -> None:
        self._on_turn = on_turn
        self._opening = list(opening)
        self._memory = memory
        self._node = node
        self._depth = depth
        self._question = question
        self._measure = measure
        self._history_tokens = history_tokens
        self._view_tokens = view_tokens
        self._on_fold = on_fold
        self._view: str | None = None
        self._turns: list[Turn] = []
        self._count = 0

    @property
    def messages(self) -> list[Message]:
        """The prompt of the next call."""
        return [
            *(self._opening if self._view is None else prompts.with_view(self._opening, self._view)),
            *(message for turn in self._turns for message in (turn.reply, turn.shown)),
        ]

    def add(self, reply: str, shown: Message) -> None:
        """Add a turn. If the earlier turns do not fit next to it, they are folded first."""
        self._count += 1
        turn = self._fitting(Turn(self._count, Message(role="assistant", content=reply or "(empty)"), shown))
        if self._turns and sum(map(self._size, self._turns)) + self._size(turn) > self._history_tokens:
            self.fold()
        self._turns.append(turn)
        self._memory.next_turn(self._node)

    def fold(self) -> bool:
        """Move all turns into memory and show the view of them instead. Returns whether there were any."""
        if not self._turns:
            return False
        before = sum(map(self._size, self._turns))
        for turn in self._turns:
            text = f"{turn.reply.content}\n\n{turn.shown.content}"
            handle = self._memory.put(
                text,
                kind="turn",
                node=self._node,
                depth=self._depth,
                title=prompts.turn_title(turn.number, turn.reply.content),
            )
            self._on_turn(handle, text, self._memory.tokens_of(handle))
        folded, self._turns = len(self._turns), []
        view = self._memory.view(self._node, [self._question], self._view_tokens, self._measure)
        self._view = view or None
        self._on_fold(folded, before, self._measure(view) if view else 0)
        return True

    def shorten(self) -> bool:
        """Shorten a prompt that the provider refused as too long. Returns whether that was possible."""
        if len(self._turns) > 1:
            last = self._turns.pop()
            self.fold()
            self._turns.append(last)
            return True
        longest = max(self._turns[-1:], key=lambda turn: len(turn.shown.content), default=None)
        if longest is not None and len(longest.shown.content) >= _SHORT:
            cut = prompts.excerpt(longest.shown.content, len(longest.shown.content) // 4)
            self._turns[-1] = replace(longest, shown=replace(longest.shown, content=cut))
            return True
        had_view, self._view = self._view is not None, None
        return had_view

    def _fitting(self, turn: Turn) -> Turn:
        """``turn``, whose messages are cut in the middle if one is longer than half of the history."""
        room = self._history_tokens // 2
        return replace(turn, reply=self._cut(turn.reply, room), shown=self._cut(turn.shown, room))

    def _cut(self, message: Message, room: int) -> Message:
        content, characters = message.content, len(message.content)
        while self._measure(content) > room:
            characters = min(characters * 3 // 4, room * _CHARACTERS)
            content = prompts.excerpt(message.content, characters)
        return message if content is message.content else replace(message, content=content)

    def _size(self, turn: Turn) -> int:
        return self._measure(turn.reply.content) + self._measure(turn.shown.content)
