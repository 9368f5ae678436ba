"""Patients: at random, from the text of the CLIPS example, and as cases of the rules."""

from __future__ import annotations

import dataclasses
import datetime
import random
import re
from typing import Any

TODAY = 34_500  # as in the example, whose patients have been treated for 100 or 300 days
_TODAY = datetime.date(1994, 6, 16)  # in days since 1900, as the program counts them

HISTORY = {  # slot of CLIPS: input of the rules
    "pm": "premature_menopause",
    "et": "estrogen_therapy",
    "chd": "heart_disease",
}
FACTORS = {
    "smoking": "smoking",
    "htn": "hypertension",
    "dm": "diabetes",
    "h_chd": "family_history",
}
VALUES = {"chol": "cholesterol", "hdl": "hdl", "ldl": "ldl"}
DATES = {
    "chol_date": "cholesterol_on",
    "hdl_date": "hdl_on",
    "ldl_date": "ldl_on",
    "treatment_date": "treated_since",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Patient:
    """A `patient1` of the CLIPS program, with its names and its defaults.

    Attributes:
        chol: total cholesterol in mg/dl; -1 where it was not measured; so for HDL and LDL.
        chol_date: in days since 1900; None leaves the default of the program, today.
    """

    sex: str = "female"
    age: int = 0
    h_chd: str = "no"
    htn: str = "no"
    smoking: str = "no"
    dm: str = "no"
    chd: str = "no"
    et: str = "no"
    pm: str = "no"
    chol: int = -1
    hdl: int = -1
    ldl: int = -1
    chol_date: int | None = None
    hdl_date: int | None = None
    ldl_date: int | None = None
    treatment: str = "none"
    treatment_date: int | None = None

    def to_clips(self) -> str:
        """The fact to assert."""
        slots = (
            f"({name.replace('_', '-')} {value})"
            for name, value in dataclasses.asdict(self).items()
            if value is not None
        )
        return f"(patient1 {' '.join(slots)})"

    def to_case(self) -> dict[str, Any]:
        """The same as a case of `guideline.rules`: what was not measured is missing."""
        told = dataclasses.asdict(self)
        return {
            "today": _TODAY,
            "age": self.age,
            "sex": self.sex,
            "treatment": self.treatment,
            "has": [factor for slot, factor in FACTORS.items() if told[slot] == "yes"],
            **{name: told[slot] == "yes" for slot, name in HISTORY.items()},
            **{name: told[slot] for slot, name in VALUES.items() if told[slot] != -1},
            **{name: _date(told[slot]) for slot, name in DATES.items() if told[slot] is not None},
        }


def read_patients(text: str) -> dict[str, Patient]:
    """The patients asserted in a file of the example, by name."""
    found = {}
    for block in re.sub(r";[^\n]*", "", text).split("(assert")[1:]:
        slots = {k.replace("-", "_"): v for k, v in re.findall(r"\(([\w-]+)\s+([\w-]+)\)", block)}
        name = slots.pop("name")
        values: dict[str, Any] = {
            slot: int(value) if re.fullmatch(r"-?\d+", value) else value
            for slot, value in slots.items()
        }
        found[name] = Patient(**values)
    return found


def random_patient(source: random.Random) -> Patient:
    """A patient with values all over the ranges, and often at or next to a threshold.

    A measurement is missing in one of eight; a date is old in about one of eight.
    """

    def answer() -> str:
        return source.choice(("yes", "no"))

    def value(low: int, high: int, *thresholds: int) -> int:
        match source.randrange(8):
            case 0:
                return -1
            case 1 | 2 | 3:
                return source.choice(thresholds) + source.choice((-1, 0, 1))
            case _:
                return source.randint(low, high)

    def date(*days: int) -> int | None:
        if source.randrange(3):
            return None
        return TODAY - source.choice((0, 1, 90, 400, *days, *days))

    return Patient(
        sex=source.choice(("male", "female")),
        age=source.choice((44, 45, 46, 64, 65, 66, source.randint(18, 95))),
        h_chd=answer(),
        htn=answer(),
        smoking=answer(),
        dm=answer(),
        chd=source.choice(("yes", "no", "no")),
        et=answer(),
        pm=answer(),
        chol=value(120, 340, 200, 239, 240),
        hdl=value(20, 90, 35, 60),
        ldl=value(60, 230, 100, 130, 159, 160, 190),
        chol_date=date(1825, 1826, 1827),
        hdl_date=date(1825, 1826, 1827),
        ldl_date=date(1825, 1826, 1827),
        treatment=source.choice(("none", "none", "diet", "drug")),
        treatment_date=date(179, 180, 181, 182, 2000),
    )


def _date(day: int) -> datetime.date:
    return _TODAY - datetime.timedelta(days=TODAY - day)
