"""durable_rules itself: rule sets, sessions and facts, by its C module alone.

Its `Host` runs threads that walk through sessions which `delete_state` has freed; that is
what crashes after some thousand sessions. Without it, sessions can be made and deleted for as
long as one likes.
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import sys
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import TypeAlias, cast

from rules.engines.rete.definition import ruleset_json
from rules.engines.rete.errors import ReteLimitError, ReteMissingError
from rules.engines.rete.program import GO, START, FactType, Part

__all__ = ["MAX_FACTS", "MAX_SESSIONS", "Fact", "Network", "WorkingMemory", "load_engine"]

# A type by its code, the codes of objects, and the key of a value or None.
Fact: TypeAlias = tuple[int, tuple[int, ...], int | None]
Codes: TypeAlias = Mapping[FactType, int]

MAX_SESSIONS = 1000  # 1,024 is where durable_rules ends
MAX_FACTS = 50_000  # of one session, each about 10 kB
FNV_PRIME, FNV_OFFSET = 16_777_619, 2_166_136_261
ACCEPTED, UNREAD = 0, 1  # results of asserting a fact: kept, or of no use to any rule


def load_engine() -> ModuleType:
    """The C module of durable_rules.

    Raises:
        ReteMissingError: it is not installed, or cannot be loaded.
    """
    try:
        # On Python 3.13 it names a function that is gone. It is never called, so binding it
        # when it is called is enough.
        flags = sys.getdlopenflags() if hasattr(sys, "getdlopenflags") else None
        if flags is not None:
            sys.setdlopenflags(os.RTLD_LAZY)
        try:
            return importlib.import_module("durable_rules_engine")
        finally:
            if flags is not None:
                sys.setdlopenflags(flags)
    except ImportError as error:
        raise ReteMissingError(
            f"the rete engine needs durable_rules, which cannot be loaded: {error}; install it "
            "with `pip install rulax[rete]` (it is built from source, by a C compiler)"
        ) from None


class Network:
    """A part as a rule set of durable_rules."""

    def __init__(self, engine: ModuleType, part: Part, name: str, codes: Codes) -> None:
        """Args: as `load_engine` returns it; what to match; any name; the codes of facts."""
        self.part = part
        self._codes = codes
        self._engine = engine
        self._handle = engine.create_ruleset(name, ruleset_json(part.rules, codes))
        self._names = _Identifiers()
        self._free = [self._names[number] for number in reversed(range(MAX_SESSIONS))]

    def open(self) -> WorkingMemory:
        """A session without facts.

        Raises:
            ReteLimitError: MAX_SESSIONS are open.
        """
        if not self._free:
            raise ReteLimitError(f"{MAX_SESSIONS} sessions are open, which is as many as can be")
        return WorkingMemory(self, self._free.pop())


class WorkingMemory:
    """The facts of one case in one part.

    Attributes:
        facts: those asserted.
        found: those that the rules found.
    """

    def __init__(self, network: Network, sid: str) -> None:
        """Args: where; a name that no other open session has."""
        self.facts: set[Fact] = set()
        self.found: set[Fact] = set()
        self._network = network
        self._sid = sid
        self._count = 0
        # Deleting a session in which no action ever started frees what was never set, so
        # there is one for this fact.
        self._assert((network._codes[START], (), None))
        self._news = self._fire()

    def add(self, facts: Iterable[Fact]) -> None:
        """Asserts facts and all that follows from them.

        Raises:
            ReteLimitError: more facts than a session takes.
        """
        part = self._network.part
        for fact in facts:
            self.facts.add(fact)
            self._assert(fact)
        if part.barrier:
            self._assert((self._network._codes[GO], (), None))
        news = [*self._news, *self._fire()]
        while news:
            for fact in news:
                if fact[0] in part.feeds:
                    self._assert(fact)
            news = self._fire()
        self._news = []

    def close(self) -> None:
        """Forgets everything; the session cannot be used any more."""
        self._network._engine.delete_state(self._network._handle, self._sid)
        self._network._free.append(self._sid)

    def _assert(self, fact: Fact) -> None:
        code, terms, key = fact
        if self._count == MAX_FACTS:
            raise ReteLimitError(
                f"the case has more than {MAX_FACTS} facts, expected fewer; use another engine"
            )
        network, number = self._network, self._count
        self._count += 1
        arguments = "".join([f',"a{place}":{term}' for place, term in enumerate(terms)])
        value = "" if key is None else f',"v":{key}'
        # The first names are those of sessions; the engine takes one as a fact of its own.
        text = (
            f'{{"id":"{network._names[MAX_SESSIONS + number]}","sid":"{self._sid}","one":1,'
            f'"t":{code}{arguments}{value}}}'
        )
        result, self._state = network._engine.assert_fact(network._handle, text)
        if result not in (ACCEPTED, UNREAD):
            raise RuntimeError(f"durable_rules did not take the fact {text}: result {result}")

    def _fire(self) -> list[Fact]:
        """The facts that rules have found since the last time."""
        engine, handle = self._network._engine, self._network._handle
        started = engine.start_action_for_state(handle, self._state)
        message = started[1] if started else None
        news: list[Fact] = []
        while message:
            fact = self._read(message)
            if fact is not None and fact not in self.found:
                self.found.add(fact)
                news.append(fact)
            message = engine.complete_and_start_action(handle, self._state)
        return news

    def _read(self, message: str) -> Fact | None:
        """What a firing found: `{"RULE": {"PATTERN": FACT, ...}}`."""
        rule = message[2 : message.index('"', 2)]
        if rule == "start":
            return None
        head = self._network.part.rules[int(rule)].head
        if all(isinstance(term, int) for term in head.terms):
            return head.code, cast("tuple[int, ...]", head.terms), None
        matched = json.loads(message)[rule]
        terms = tuple(
            term if isinstance(term, int) else matched[term[0]][term[1]] for term in head.terms
        )
        return head.code, terms, None


class _Identifiers:
    """Names for sessions and facts: durable_rules knows them by 32 bits, so these differ."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._seen: set[int] = set()
        self._numbers = itertools.count()

    def __getitem__(self, number: int) -> str:
        while number >= len(self._names):
            name = str(next(self._numbers))
            hashes = {_fnv1a(name)}
            if len(self._names) < MAX_SESSIONS:  # the engine's own fact about a session
                hashes.add(_fnv1a(f"sid-{name}"))
            if self._seen.isdisjoint(hashes):
                self._seen |= hashes
                self._names.append(name)
        return self._names[number]


def _fnv1a(text: str) -> int:
    """The hash by which durable_rules knows names (Fowler, Noll and Vo, 32 bits)."""
    found = FNV_OFFSET
    for byte in text.encode():
        found = (found ^ byte) * FNV_PRIME & 0xFFFFFFFF
    return found
