"""Forbidden words as an automaton over tokens: whatever tokens spell a word, it is seen."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_BOUNDARY = 0


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class TokenAutomaton:
    """An Aho-Corasick automaton (1975) whose steps are tokens instead of bytes.

    It finds words that begin with one of the given letters, in upper or lower case.

    Attributes:
        following: int32 `[S, V]`, the state after a token; state `start` is that of a text
            that begins, or goes on after anything but a letter.
        found: bool `[S, V]`, whether the token completes one.
        start: the first state.
    """

    following: NDArray[np.int32]
    found: NDArray[np.bool_]
    start: int

    @classmethod
    def of(cls, beginnings: Sequence[str], tokens: Sequence[bytes]) -> TokenAutomaton:
        """Builds it.

        Args:
            beginnings: such as "darcy", which finds "Darcy's", and not "medarcy"; ASCII letters.
            tokens: V, by their bytes.

        Raises:
            ValueError: when one is empty or has anything else in it.
        """
        for word in beginnings:
            if not (word.isascii() and word.isalpha()):
                raise ValueError(f"a forbidden word is {word!r}, expected letters a to z")
        moves, ends = _trie([(_BOUNDARY, *word.lower().encode()) for word in beginnings])
        start = moves[0].get(_BOUNDARY, 0)
        shape = len(moves), len(tokens)
        following, found = np.zeros(shape, np.int32), np.zeros(shape, bool)
        for number, token in enumerate(tokens):
            symbols = [_symbol(byte) for byte in token]
            for state in range(len(moves)):
                now = state
                for symbol in symbols:
                    now = moves[now].get(symbol, moves[0].get(symbol, 0))
                    found[state, number] |= ends[now]
                following[state, number] = now
        return cls(following=following, found=found, start=start)


def _symbol(byte: int) -> int:
    """A letter in lower case; all else is a boundary of words."""
    letter = bytes([byte])
    return letter.lower()[0] if letter.isalpha() else _BOUNDARY


def _trie(patterns: Sequence[Sequence[int]]) -> tuple[list[dict[int, int]], list[bool]]:
    """Moves of every state, failures resolved, and whether a pattern ends there."""
    moves: list[dict[int, int]] = [{}]
    ends = [False]
    for pattern in patterns:
        state = 0
        for symbol in pattern:
            if symbol not in moves[state]:
                moves[state][symbol] = len(moves)
                moves.append({})
                ends.append(False)
            state = moves[state][symbol]
        ends[state] = True
    failure = [0] * len(moves)
    queue = deque(moves[0].values())
    while queue:
        state = queue.popleft()
        fallback = moves[failure[state]]
        for symbol, child in moves[state].items():
            failure[child] = fallback.get(symbol, 0)
            ends[child] |= ends[failure[child]]
            queue.append(child)
        # Breadth first: the fallback's own moves are complete.
        moves[state] = {**fallback, **moves[state]}
    return moves, ends
