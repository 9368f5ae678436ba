"""Texts as codes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from rules.encoding import decode_value, encode_column, missing_column, texts
from rules.encoding.texts import TextCodes
from rules.language import ir
from tests.rules.engines.building import compare, const, derives, ref, rule, ruleset

STRING = ir.StringType()


def same(text: str) -> ir.Compare:
    return compare(ref("land", STRING), "=", const(text, STRING))


def test_the_texts_of_a_rule_set_are_sorted() -> None:
    small = dataclasses.replace(
        ruleset(
            [rule("a", "reject", same("FR")), rule("b", "refer", same("DE"))],
            inputs={"land": STRING, "colour": ir.EnumType(("x", "y"))},
            derived=[derives("abroad", same("BE"))],
        ),
        params=(ir.Param(name="home", type=STRING, value="NL"),
                ir.Param(name="shade", type=ir.EnumType(("x", "y")), value="x")),
        constraints=(ir.Constraint(title="c", condition=same("AT"), allowed=("refer",)),),
    )  # fmt: skip
    assert texts(small) == ("AT", "BE", "DE", "FR", "NL")


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_known_texts_come_first(kind: pa.DataType) -> None:
    codes = TextCodes(("DE", "FR"))
    land = ir.Input(name="land", type=STRING)
    first = encode_column(land, pa.array(["US", "FR", None, "US"]).cast(kind), texts=codes)
    assert first.tolist() == [2, 1, -1, 2] and first.dtype == np.int32
    assert encode_column(land, ["CH", "US"], texts=codes).tolist() == [3, 2]
    assert codes.texts == ("DE", "FR", "US", "CH")


def test_texts_are_not_numbers() -> None:
    with pytest.raises(TypeError, match="row 1: input land: found 5, expected a text"):
        encode_column(ir.Input(name="land", type=STRING), [5])


def test_decoding() -> None:
    known = ("DE", "FR")
    found = [decode_value(STRING, code, known) for code in np.array([1, -1, 5], np.int32)]
    assert found == ["FR", None, "text 5"]


def test_no_column_holds_objects() -> None:
    kind = ir.ObjectType("Guarantor")
    with pytest.raises(TypeError, match="which no column holds"):
        encode_column(ir.Input(name="g", type=kind), [1])
    with pytest.raises(TypeError, match="no column holds objects"):
        decode_value(kind, np.int32(1))
    assert missing_column(ir.BOOL, (2, 3)).shape == (2, 3)
