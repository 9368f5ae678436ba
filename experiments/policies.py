"""The rule files of an experiment: read, and held against what the experiment needs."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import rules
from experiments.experiment import located
from research.workdir import Workdir
from rules import Ruleset
from rules.language.ir import Source

Policy = tuple[Ruleset, ...]


class PolicyError(Exception):
    """A rule file that can't decide for this experiment."""


def read_policy(paths: Iterable[str], *, expected: int) -> Policy:
    """Reads and checks rule files.

    Args:
        paths: relative to the current directory or to the checkout.
        expected: how many the experiment needs.

    Raises:
        PolicyError: when there are more or fewer, two of one name, or one is unreadable.
        RuleError: when one has errors.
    """
    files = list(paths)
    names = {Path(path).name for path in files}
    if len(files) != expected or len(names) != expected:
        raise PolicyError(
            f"config.policy names {', '.join(files) or 'no file'}: this experiment needs "
            f"{expected} rule file{'s' * (expected > 1)}"
            + (", of different names" if len(files) == expected else "")
        )
    return tuple(_read(located(path), path) for path in files)


def kept_policy(paths: Iterable[str], workdir: Workdir) -> Policy:
    """The copies that a workdir keeps of the rule files that decided last."""
    names = [Path(path).name for path in paths]
    return tuple(_read(workdir.require(n, made_by="--mode=decide --config=FILE"), n) for n in names)


def policy_files(policy: Policy) -> dict[str, str]:
    """The rule files and what they import, by name: the texts for a workdir to keep.

    Raises:
        PolicyError: two of the files have one name, and differ.
    """
    files: dict[str, str] = {}
    for ruleset in policy:
        for source in (Source(filename=ruleset.filename, text=ruleset.text), *ruleset.sources):
            if files.setdefault(source.filename, source.text) != source.text:
                raise PolicyError(
                    f"{ruleset.filename} imports another {source.filename} than the rest of the "
                    "policy: a workdir keeps the files side by side, rename one"
                )
    return files


def _read(file: Path, name: str) -> Ruleset:
    try:
        ruleset = rules.load(file)
    except OSError as error:
        raise PolicyError(f"{name} can't be read as a rule file: {error}") from None
    sources = tuple(
        dataclasses.replace(source, filename=_beside(file, source.filename))
        for source in ruleset.sources
    )
    # Named as in the workdir, so that a run says the same wherever its policy came from.
    return dataclasses.replace(ruleset, filename=file.name, sources=sources)


def _beside(file: Path, imported: str) -> str:
    path = Path(os.path.relpath(imported, file.parent))
    if len(path.parts) > 1:
        raise PolicyError(
            f"{file.name} imports {path.as_posix()}: a workdir keeps the rule files of a run side "
            "by side, so move it beside the file that imports it"
        )
    return path.name


@contextlib.contextmanager
def fitting(ruleset: Ruleset, outcomes: Iterable[str]) -> Iterator[None]:
    """Holds a rule set against an experiment.

    Args:
        ruleset: to decide by.
        outcomes: those that the experiment knows what to do with.

    Raises:
        PolicyError: for another outcome, and for what compiling finds inside the block: an
            input that the experiment doesn't have, or has as another kind.
    """
    known = tuple(outcomes)
    name = ruleset.filename
    if ruleset.decision is None:
        raise PolicyError(f"{name} decides nothing: add decide OUTCOME in {{{', '.join(known)}}}")
    strange = [outcome for outcome in ruleset.decision.outcomes if outcome not in known]
    if strange:
        raise PolicyError(
            f"{name} decides {', '.join(strange)}, this experiment knows {', '.join(known)}"
        )
    try:
        yield
    except (TypeError, ValueError) as error:
        raise PolicyError(f"{name} does not fit this experiment: {error}") from error
