"""Cases against the rule sets of durable_rules that a program needs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import ModuleType

from rules.engines import hit_policy
from rules.engines.decisions import DEFAULT
from rules.engines.rete.compile import condition_name
from rules.engines.rete.known import Known
from rules.engines.rete.network import Fact, Network, WorkingMemory
from rules.engines.rete.program import Part, Program
from rules.engines.values import Value
from rules.engines.world import Objects, World

__all__ = ["Answer", "Case", "Matcher"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What a rule set says about one case; as in `rules.engines.reference.Evaluation`.

    Attributes:
        outcome: None when the rule set decides nothing.
        rule: the rank of the deciding rule, or a status.
        truths: one per rule, by rank.
        violated: one per constraint.
        derived: values by name; a mapping by tuples of objects for names with parameters.
    """

    outcome: hit_policy.Outcome | None
    rule: int
    truths: tuple[bool | None, ...]
    violated: tuple[bool, ...]
    derived: Mapping[str, Value | Mapping[Objects, Value | None] | None]


class Matcher:
    """A program, and a rule set of durable_rules for each of its parts."""

    def __init__(self, engine: ModuleType, program: Program) -> None:
        """Args: as `load_engine` returns it; what to match."""
        self.program = program
        self.networks = {
            number: Network(engine, step, f"part {number}", program.codes)
            for number, step in enumerate(program.steps)
            if isinstance(step, Part)
        }

    def conclude(self, known: Known) -> Answer:
        """The decision that follows from the truths of all conditions."""
        ruleset = self.program.ruleset
        truths = tuple(
            known.truths[condition_name("rule", rank)] for rank in range(len(ruleset.ranked))
        )
        derived = {item.name: known.values[item.name] for item in ruleset.derived}
        if ruleset.decision is None:
            return Answer(outcome=None, rule=DEFAULT, truths=truths, violated=(), derived=derived)
        limits = [
            known.truths[condition_name("constraint", number)]
            for number in range(len(ruleset.constraints))
        ]
        outcomes = [rule.outcome for rule in ruleset.ranked]
        outcome, rule = hit_policy.decide(ruleset.decision, outcomes, truths)
        outcome, rule, violated = hit_policy.constrain(
            ruleset.decision, ruleset.constraints, limits, outcome, rule
        )
        return Answer(outcome=outcome, rule=rule, truths=truths, violated=violated, derived=derived)


class Case:
    """One case; its sessions are kept, so that what has been matched need not be again."""

    def __init__(self, matcher: Matcher) -> None:
        """Args: which program."""
        self._matcher = matcher
        self._sessions: dict[int, WorkingMemory] = {}

    def answer(self, world: World) -> Answer:
        """What follows from what is known now.

        A part is matched anew only where facts are gone, or new ones stand behind a negation.

        Args:
            world: params, inputs and objects, as `admit_case` returns them.

        Raises:
            ReteLimitError: more facts than a session takes.
        """
        program = self._matcher.program
        known = Known(program, world)
        for number, step in enumerate(program.steps):
            if isinstance(step, Part):
                known.take(step, self._match(number, step, known))
            else:
                known.compute(step)
        return self._matcher.conclude(known)

    def close(self) -> None:
        """Deletes the sessions."""
        while self._sessions:
            _, session = self._sessions.popitem()
            session.close()

    def _match(self, number: int, part: Part, known: Known) -> set[Fact]:
        facts = {fact: None for code, type_ in part.reads for fact in known.facts(code, type_)}
        session = self._sessions.get(number)
        if session is not None and session.facts == facts.keys():
            return session.found
        if session is not None and (part.barrier or not session.facts <= facts.keys()):
            self._sessions.pop(number).close()
            session = None
        if session is None:
            session = self._sessions[number] = self._matcher.networks[number].open()
        session.add([fact for fact in facts if fact not in session.facts])
        return session.found
