"""The `rete` engine: rule sets matched by durable_rules, in a process of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from rules.engines.hit_policy import Outcome
from rules.engines.rete.compile import compile_program
from rules.engines.rete.matcher import Answer
from rules.engines.rete.server import Server
from rules.engines.rete.session import Session
from rules.engines.world import World, admit_case
from rules.language import ir
from rules.language.settings import refuse_undated

__all__ = ["Rete", "Verdict"]

CHUNK = 256  # cases that go to the process at once


class Verdict(NamedTuple):
    """The outcome, and the rank of the deciding rule or a status; as in `Evaluation`."""

    outcome: Outcome | None
    rule: int


class Rete:
    """A rule set in durable_rules; use it in a `with` statement, or close it.

    Attributes:
        ruleset: what decides.
    """

    def __init__(self, ruleset: ir.Ruleset, *, server: Server | None = None) -> None:
        """Compiles a rule set, and starts the process.

        Args:
            ruleset: a checked rule set.
            server: a process to share with other rule sets; else one of its own.

        Raises:
            ValueError: nothing says for which day to decide.
            ReteLimitError: the rule set is beyond what durable_rules takes.
            ReteMissingError: durable_rules is not installed.
        """
        refuse_undated(ruleset)
        self.ruleset = ruleset
        self._server = Server() if server is None else server
        self._shared = server is not None
        self._numbers = itertools.count()
        program = compile_program(ruleset)
        try:
            self._key = self._server.add(program)
        except BaseException:
            if not self._shared:
                self._server.close()
            raise

    def __enter__(self) -> Rete:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process, unless it is shared."""
        self._server.remove(self._key)
        if not self._shared:
            self._server.close()

    def open(self) -> Session:
        """A case of which nothing is known yet."""
        return Session(self.ruleset, self._server, self._key, next(self._numbers))

    def decide(self, cases: Iterable[Mapping[str, Any]]) -> Iterator[Verdict]:
        """The decisions for cases, in their order; arguments and errors as for `evaluate`."""
        for answer in self.evaluate(cases):
            yield Verdict(answer.outcome, answer.rule)

    def evaluate(self, cases: Iterable[Mapping[str, Any]]) -> Iterator[Answer]:
        """All that follows for each of many cases, in their order.

        Args:
            cases: as for `rules.engines.reference.evaluate`; taken as answers are asked for.

        Raises:
            Exception: as `attempt` returns it, at the first case that has no answer.
        """
        for number, answer in enumerate(self.attempt(cases), start=1):
            if isinstance(answer, Exception):
                answer.add_note(f"in case {number}")
                raise answer
            yield answer

    def attempt(self, cases: Iterable[Mapping[str, Any]]) -> Iterator[Answer | Exception]:
        """The same as `evaluate`, with an error in place of an answer, so that all are answered.

        A TypeError or ValueError tells what is wrong with a case, a ReteLimitError that it is
        more than durable_rules takes, a ReteCrashError that durable_rules crashed on it, twice.
        """
        for chunk in _chunks(cases):
            admitted = [self._admit(case) for case in chunk]
            worlds = [item for item in admitted if isinstance(item, World)]
            answers = iter(self._server.decide(self._key, worlds))
            for item in admitted:
                yield next(answers) if isinstance(item, World) else item

    def _admit(self, case: Mapping[str, Any]) -> World | Exception:
        try:
            return admit_case(self.ruleset, case)
        except (TypeError, ValueError) as error:
            return error


def _chunks(cases: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    left = iter(cases)
    while chunk := list(itertools.islice(left, CHUNK)):
        yield chunk
