"""`Ruleset.sha256`: the same for the same rules, another for any change of meaning."""

from pathlib import Path

import pytest

import rules

TEXT = (Path(__file__).parents[1] / "example.rules").read_text()
IDENTITY = rules.parse(TEXT).sha256


def changed(old: str, new: str) -> str:
    assert TEXT.count(old) >= 1, old
    return rules.parse(TEXT.replace(old, new, 1)).sha256


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# A small credit policy", "# Another comment"),
        ("\n\n", "\n\n\n\n"),
        ("\n    outcome", " outcome"),
        ("income > 50_000", "income>50000"),
        ("income > 50_000", "income > 5e4"),
        ("p_default >= 0.4", "p_default >= 40%"),
        ("p_default >= 0.4", "p_default >= 0.40000000001"),
        ("p_default >= 0.4 and stretched", "((p_default) >= 0.4 and (stretched))"),
        ("purpose = education", 'purpose == "education"'),
        ('owner "fraud desk"', 'owner  "fraud desk"'),
        ('test "a sound case is approved"', 'test "another title"'),
        ("expect outcome = approve", "expect outcome != reject"),
    ],
)
def test_identity_does_not_change_with(old: str, new: str) -> None:
    assert changed(old, new) == IDENTITY


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ruleset credit", "ruleset credits"),
        ("version 3", "version 4"),
        ("float > 0", "float >= 0"),
        ("int in 18..120", "int in 18..121"),
        ("input p_fraud: prob", "input p_fraud: float"),
        ("business, other", "other, business"),
        ("income > 50_000", "income > 50_001"),
        ("income > 50_000", "income >= 50_000"),
        ("p_default >= 0.4", "p_default >= 0.4000001"),
        ("not strong", "strong"),
        ("{reject, refer", "{refer, reject"),
        ("default approve", "default refer"),
        ("unknown refer", "unknown reject"),
        ("priority 100", "priority 101"),
        ("tags \"risk burden\"", "tags \"risk\""),
        ("owner \"credit\"", "owner \"risk\""),
        ("outcome = reject", "outcome = refer"),
        ("{p_fraud:.0%}", "{p_fraud:.1%}"),
        ("signs of fraud", "sign of fraud"),
        ("rule fraud", "rule frauds"),
        ("years_to_67 < 5", "years_to_67 <= 5"),
    ],
)  # fmt: skip
def test_identity_changes_with(old: str, new: str) -> None:
    assert changed(old, new) != IDENTITY


def test_identity_does_not_depend_on_file_or_platform() -> None:
    assert rules.parse(TEXT, filename="elsewhere.rules").sha256 == IDENTITY
    assert rules.parse(TEXT.replace("\n", "\r\n")).sha256 == IDENTITY


def test_identity_is_stable() -> None:
    """A changed canonical form needs a new format number in `canonical_json`."""
    assert rules.parse("ruleset a version 1\ninput x: float\nderive y if x > 1").sha256 == (
        "c21a497eb5b3cd120679e19b43c2466dd1ce865e92b7f69046e35c8b30b63564"
    )
