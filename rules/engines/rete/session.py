"""Facts about one case, told one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rules.engines.hit_policy import Outcome
from rules.engines.rete.matcher import Answer
from rules.engines.rete.server import Server
from rules.engines.values import Value
from rules.engines.world import Object, Objects, admit_case, entity_entries, relation_entries
from rules.errors import did_you_mean
from rules.language import ir

__all__ = ["Session"]


class Session:
    """One case that becomes known bit by bit.

    What has not been told is missing. A relation of which anything has been told is closed,
    and objects are present that anything has been told about: see `rules.engines.world`.

    Attributes:
        ruleset: what decides.
        case: what has been told, in the form of a case.
    """

    def __init__(self, ruleset: ir.Ruleset, server: Server, key: int, number: int) -> None:
        """Args: what decides; who answers; the program and the case there."""
        self.ruleset = ruleset
        self.case: dict[str, Any] = {}
        self._server = server
        self._key = key
        self._number = number
        self._inputs = {item.name: item for item in ruleset.inputs}
        self._answer: Answer | None = None

    def tell(self, name: str, *objects: Object, value: Value | None = True) -> None:
        """Tells a fact, in place of what was told before.

        Args:
            name: of an input or an entity.
            *objects: what it is about: as many as the relation has arguments, one for an
                entity, none for other inputs.
            value: of the input, or whether the object is present; None is unknown.

        Raises:
            ValueError: there is no such input, entity or object.
            TypeError: the value is of another kind, or the number of objects is wrong.
        """
        self._check(name, objects)
        if not objects:
            admit_case(self.ruleset, {name: value})
            self.case[name] = value
        else:
            self._put(name, {self._told_as(name, objects): value})
        self._answer = None

    def tell_case(self, case: Mapping[str, Any]) -> None:
        """Tells all facts of a case, as `rules.engines.world` reads it.

        Other names than those of inputs and entities are ignored, and so is None.

        Raises:
            ValueError, TypeError: as for `admit_case`; then nothing has been told.
        """
        admit_case(self.ruleset, case)
        for name, told in case.items():
            item = self._inputs.get(name)
            if told is None or (item is None and name not in self.ruleset.entity):
                continue
            if item is None or item.parameters:
                self._put(name, told)
            else:
                self.case[name] = told
        self._answer = None

    def retract(self, name: str, *objects: Object) -> None:
        """Takes back a fact, as if it had never been told; without objects all about a name.

        Raises:
            ValueError: it has not been told.
        """
        told = self.case.get(name)
        if objects and isinstance(told, dict):
            self._check(name, objects)
            (key,) = self._entries(name, {self._told_as(name, objects): None})
            if key in told:
                del told[key]
                if not told:
                    del self.case[name]
                self._answer = None
                return
        elif not objects and name in self.case:
            del self.case[name]
            self._answer = None
            return
        about = f"({', '.join(map(str, objects))})" if objects else ""
        raise ValueError(f"{name}{about} has not been told, so it cannot be retracted")

    def answer(self) -> Answer:
        """All that follows from what has been told so far.

        Raises:
            ValueError: what has been told about objects contradicts itself.
            ReteLimitError: it is more than durable_rules takes.
            ReteCrashError: durable_rules crashed on it, twice.
        """
        if self._answer is None:
            world = admit_case(self.ruleset, self.case)
            self._answer = self._server.ask(self._key, self._number, world)
        return self._answer

    def outcome(self) -> Outcome | None:
        """The decision so far; raises as `answer` does."""
        return self.answer().outcome

    def _put(self, name: str, told: Any) -> None:
        entries = self._entries(name, told)
        self.case.setdefault(name, {}).update(entries)

    def _entries(self, name: str, told: Any) -> Mapping[Any, Any]:
        if name in self.ruleset.entity:
            return entity_entries(self.ruleset.entity[name], told)
        return relation_entries(self.ruleset, self._inputs[name], told)

    def _told_as(self, name: str, objects: Objects) -> Any:
        return objects[0] if name in self.ruleset.entity else objects

    def _check(self, name: str, objects: Objects) -> None:
        """That a name can be told about so many objects."""
        if name in self._inputs:
            entities = self._inputs[name].parameters
        elif name in self.ruleset.entity and self.ruleset.entity[name].domain is None:
            entities = (name,)
        else:
            names = [*self._inputs, *self.ruleset.entity]
            hint = did_you_mean(name, names)
            raise ValueError(
                f"rule set {self.ruleset.name}: found {name}, expected the name of an input or of "
                f"an entity that cases list: {', '.join(names)}" + (f"; {hint}" if hint else "")
            )
        if len(objects) != len(entities):
            arguments = "".join(f"{entity.lower()}, " for entity in entities)
            raise TypeError(
                f"{name} is told about {len(entities)} objects, found {len(objects)}; write "
                f"tell({name!r}, {arguments}value=...)"
            )
