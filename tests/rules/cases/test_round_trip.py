"""Random cases, encoded and decoded: the same cases."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import pytest

from rules.cases import decode_case, encode_cases
from rules.engines.agree import cases as random_cases
from rules.engines.agree import generate
from rules.engines.world import World, admit_case
from tests.effort import examples


def plain(world: World) -> tuple[Any, Any]:
    values = {
        name: dict(value) if isinstance(value, Mapping) else value
        for name, value in world.values.items()
    }
    return {name: dict(found) for name, found in world.objects.items()}, values


@pytest.mark.parametrize("seed", range(examples(30)))
def test_an_encoded_case_is_the_same_case(seed: int) -> None:
    ruleset = generate(seed)
    made = random_cases(ruleset, seed, 6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        encoded = encode_cases(ruleset, made, missing_columns="unknown")
    for row, case in enumerate(made):
        assert repr(plain(admit_case(ruleset, encoded.case(row)))) == repr(
            plain(admit_case(ruleset, case))
        )


@pytest.mark.parametrize("seed", range(examples(30)))
def test_decoded_columns_encode_to_the_same_columns(seed: int) -> None:
    ruleset = generate(seed)
    if any(item.size is None for item in ruleset.entities):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        encoded = encode_cases(ruleset, random_cases(ruleset, seed, 6), missing_columns="unknown")
    columns = encoded.columns
    for row in range(encoded.count):
        case = decode_case(ruleset, columns, row, texts_by_code=encoded.texts)
        again = encode_cases(ruleset, case, missing_columns="unknown")
        assert decode_case(ruleset, again.columns, 0, texts_by_code=again.texts) == case
