"""The guideline against its CLIPS original, and what is promised about the file."""

from __future__ import annotations

import dataclasses
import random
import re

import pytest

import rules
from experiments.cholesterol import compare, patients, program
from experiments.cholesterol.patients import TODAY, Patient
from research.data.sources import SourceError
from rules.testing.coverage import coverage

PATIENTS = 500  # `make guideline` compares 5,000
RANDOM_SEED = 11


@pytest.fixture(scope="module")
def guideline():
    return rules.load(compare.GUIDELINE)


@pytest.fixture(scope="module")
def oracle():
    pytest.importorskip("clips", reason="needs clipspy")
    from experiments.cholesterol.oracle import Oracle

    try:
        return Oracle(program.load_program())
    except SourceError as error:
        pytest.skip(f"needs the CLIPS example: {error}")


@pytest.fixture(scope="module")
def sample():
    try:
        return patients.read_patients(program.load_patients())
    except SourceError as error:
        pytest.skip(f"needs the CLIPS example: {error}")


def at_random(count):
    source = random.Random(RANDOM_SEED)
    return [patients.random_patient(source) for _ in range(count)]


def test_random_patients_end_where_clips_leaves_them(guideline, oracle):
    assert compare.compare(oracle, guideline, at_random(PATIENTS)) == []


@pytest.mark.parametrize("engine", ["reference", "python", "numpy"])
def test_every_engine_agrees_with_clips(guideline, oracle, engine):
    assert compare.compare(oracle, guideline, at_random(60), engine) == []


def test_each_measurement_on_and_around_each_threshold(guideline, oracle):
    base = Patient(sex="male", age=50, chol=250, hdl=45, ldl=140)
    values = {
        "chol": (-1, 1, 199, 200, 201, 238, 239, 240, 241),
        "hdl": (-1, 1, 34, 35, 36, 59, 60, 61),
        "ldl": (-1, 1, 99, 100, 101, 129, 130, 131, 159, 160, 161, 189, 190, 191),
        "age": (44, 45, 46),
    }
    kinds = [
        {"chd": chd, "smoking": smoking, "treatment": treatment, "treatment_date": TODAY - days}
        for chd in ("no", "yes")
        for smoking in ("no", "yes")
        for treatment, days in (("none", 0), ("diet", 180), ("diet", 181), ("drug", 181))
    ]
    found = [
        dataclasses.replace(base, **kind, **{slot: value})
        for kind in kinds
        for slot, numbers in values.items()
        for value in numbers
    ]
    assert compare.compare(oracle, guideline, found) == []


def test_each_date_on_and_around_its_limit(guideline, oracle):
    base = Patient(sex="female", age=70, chol=220, hdl=30, ldl=150)
    found = [
        dataclasses.replace(base, chd=chd, treatment=treatment, **{slot: TODAY - days})
        for chd in ("no", "yes")
        for treatment in ("none", "diet")
        for slot in ("chol_date", "hdl_date", "ldl_date", "treatment_date")
        for days in (0, 179, 180, 181, 1825, 1826, 1827, TODAY)
    ]
    assert compare.compare(oracle, guideline, found) == []


def test_the_tests_in_the_file_are_what_clips_says(guideline, oracle):
    compared = 0
    for test in guideline.tests:
        if "age" not in test.case:  # CLIPS takes a history that is not told as "no"
            continue
        patient = as_patient(test.case)
        outcome = next(item.outcome for item in test.expectations if hasattr(item, "outcome"))
        assert oracle(patient).state == outcome, test.title
        compared += 1
    assert compared >= 40


def test_the_patients_of_the_example_are_among_the_tests(guideline, sample):
    named = {
        test.title.partition(":")[0]: as_patient(test.case)
        for test in guideline.tests
        if re.match(r"p\d+\w?:", test.title)
    }
    assert len(sample) == 20
    assert named == sample


def test_every_rule_of_the_example_is_named(guideline, oracle):
    text = compare.GUIDELINE.read_text(encoding="utf-8")
    named = {tag for rule in guideline.rules for tag in rule.tags}
    for comment in re.findall(r"# .*?CLIPS: (.*)|# .*CLIPS: (.*)", text):
        for name in re.findall(r"[\w-]+", comment[0] or comment[1]):
            named |= {name, f"rule{name}"}
    assert len(oracle.rules) == 43
    assert oracle.rules - named == set()


def test_every_rule_and_condition_is_covered(guideline):
    assert all(run.passed for run in rules.run_tests(guideline))
    covered = coverage(guideline)
    assert (covered.rule_share, covered.condition_share) == (1.0, 1.0)


def test_no_findings(guideline):
    assert rules.check(guideline) == ()


def test_random_patients_are_often_on_a_threshold_and_often_incomplete():
    found = at_random(1000)
    for slot, value in (("hdl", 35), ("hdl", 60), ("ldl", 130), ("ldl", 160), ("ldl", 190)):
        assert sum(getattr(patient, slot) == value for patient in found) > 15
    for value in (200, 239, 240):
        assert sum(patient.chol == value for patient in found) > 15
    for slot in ("chol", "hdl", "ldl"):
        assert 80 < sum(getattr(patient, slot) == -1 for patient in found) < 200


def test_a_wrong_guideline_is_noticed(guideline, oracle):
    text = compare.GUIDELINE.read_text(encoding="utf-8")
    wrong = rules.parse(text.replace("if hdl < 35", "if hdl <= 35", 1))
    found = compare.compare(oracle, wrong, at_random(PATIENTS))
    assert found
    assert re.search(r"hdl=35.*: CLIPS \w+ by [\w-]+, here \w+ by \w+", str(found[0]))


def test_the_command(oracle, capsys):
    assert compare.main(["--patients", "20", "--seed", "3"]) == 0
    assert capsys.readouterr().out == "20 patients, 0 differences\n"
    with pytest.raises(SystemExit):
        compare.main(["--patients", "0"])
    assert "--patients: at least 1" in capsys.readouterr().err


def test_the_command_without_clipspy(monkeypatch, capsys):
    monkeypatch.setattr(compare.importlib.util, "find_spec", lambda _name: None)
    assert compare.main([]) == 2
    assert capsys.readouterr().err == "needs clipspy: pip install 'rulax[oracles]'\n"


def test_the_program_says_what_is_tried_offline(tmp_path):
    with pytest.raises(SourceError, match="apt-get download clips-common"):
        program.load_program(tmp_path, offline=True)
    with pytest.raises(SourceError, match="patdata1"):
        program.load_patients(tmp_path, offline=True)


def as_patient(case):
    """The patient of a test block, whose dates are days since 1970."""
    slots = {"sex": case["sex"], "age": case["age"], "treatment": case["treatment"]}
    slots |= {slot: case[name] for slot, name in patients.VALUES.items() if name in case}
    slots |= {slot: "yes" if case[name] else "no" for slot, name in patients.HISTORY.items()}
    slots |= {s: "yes" if (f,) in case["has"] else "no" for s, f in patients.FACTORS.items()}
    slots |= {
        slot: TODAY + case[name] - case["today"]
        for slot, name in patients.DATES.items()
        if name in case
    }
    return Patient(**slots)
