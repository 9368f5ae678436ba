"""What can go wrong with a data set that was fetched."""

from __future__ import annotations


class DatasetError(Exception):
    """A package that reads the data set is absent, or its content is not the expected one."""


def needs_package(package: str, dataset: str) -> DatasetError:
    """The error for a data set whose reader is not installed."""
    return DatasetError(
        f"the {dataset} data is read with {package}, which is not installed: "
        "pip install 'rulax[datasets]'"
    )
