"""The CLIPS program itself, run by CLIPS: what the translation is compared with."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import clips

from experiments.cholesterol.patients import TODAY, Patient

# In place of date.clp, which asks the operating system for the day; the bounds are its own.
_DATES = (
    f"(deffunction get-now () {TODAY})",
    "(deffunction elapsed-time (?date) (- (get-now) ?date))",
    "(deffunction six-months (?date) (< 180 (elapsed-time ?date)))",
    "(deffunction five-years (?date) (< 1826 (elapsed-time ?date)))",
)
_PROMPT = "(read)"  # asks for a missing value; -1 is the program's own word for "none"
_MOST_RULES = 100  # far more than a patient takes


@dataclasses.dataclass(frozen=True, kw_only=True)
class End:
    """Where CLIPS leaves a patient.

    Attributes:
        state: the box.
        rule: what fired last.
        printed: all advice, as printed.
    """

    state: str
    rule: str
    printed: str


class Oracle:
    """The program, loaded once.

    Args:
        program: the text of project.clp.
    """

    def __init__(self, program: str) -> None:
        self._environment = clips.Environment()
        self._console = _Console()
        self._environment.add_router(self._console)
        for construct in (*_DATES, *_constructs(program.replace(_PROMPT, "-1"))):
            self._environment.build(construct)

    @property
    def rules(self) -> frozenset[str]:
        """The names of the rules."""
        return frozenset(rule.name for rule in self._environment.rules())

    def __call__(self, patient: Patient) -> End:
        """Runs the program on one patient."""
        environment = self._environment
        environment.reset()
        self._console.printed.clear()
        environment.assert_string(patient.to_clips())
        rule = ""
        for _ in range(_MOST_RULES):
            agenda = next(iter(environment.activations()), None)
            if agenda is None:
                break
            rule = agenda.name
            environment.run(1)
        (end,) = (fact for fact in environment.facts() if fact.template.name == "patient2")
        return End(state=str(end["state"]), rule=rule, printed="".join(self._console.printed))


class _Console(clips.Router):  # type: ignore[misc]
    """Keeps what the program prints."""

    def __init__(self) -> None:
        super().__init__("console", 40)
        self.printed: list[str] = []

    def query(self, name: str) -> bool:
        return name in ("stdout", "t", "wdisplay", "wwarning", "werror")

    def write(self, name: str, message: str) -> None:
        self.printed.append(message)


def _constructs(program: str) -> Iterator[str]:
    """The constructs of a program, which `Environment.build` takes one by one."""
    depth, quoted, start = 0, False, 0
    text = re.sub(r";[^\n]*", "", program)
    for place, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character == "(" and not quoted:
            start = place if depth == 0 else start
            depth += 1
        elif character == ")" and not quoted:
            depth -= 1
            if depth == 0:
                yield text[start : place + 1]
