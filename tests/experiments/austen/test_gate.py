import dataclasses
import math

import numpy as np
import pytest

import rules
from experiments.austen import gate
from experiments.austen.passages import Library, Passages
from experiments.austen.surprise import surprises
from experiments.decisions import Program
from experiments.experiment import located
from tests.experiments.austen.conftest import TEXT

SLOTS = 24


@pytest.fixture(scope="module")
def program(predictor):
    ruleset = rules.load(located("experiments/austen/passage.rules"))
    scores = gate.TokenScores(
        task=predictor.task,
        variables=predictor.variables,
        prepare=predictor.prepare,
        calibration=None,
    )
    return Program(
        predictor=scores, decider=rules.compile(ruleset, fired=True), present=gate.present
    )


@pytest.fixture(scope="module")
def library():
    return Library.of(TEXT)


def test_bits_are_those_of_the_tokens_that_are_read(program, predictor, encoding, library):
    texts = ["Anne went", "Bingley laughed (twice). Never, cried Anne, had it been known!" * 2]
    cases = gate.columns(texts, encoding, library, slots=SLOTS)
    decided = program(cases)
    for row, text in enumerate(texts):
        tokens = encoding.encode("\n" + text)[:SLOTS]
        nats = predictor.task.nats(predictor.variables, np.asarray(tokens)[None])
        characters = len(encoding.decode(tokens)) - 1
        assert cases["characters"][row] == characters <= len(text)
        expected = float(nats.sum()) / math.log(2) / characters
        np.testing.assert_allclose(decided.seen["bits"][row], expected, rtol=1e-4)
    assert set(decided.predictions) == {"nats"}
    assert decided.seen["words"].tolist() == [2, 20]


def known(kinds):
    return Passages(texts=("",) * len(kinds), kinds=tuple(kinds))


class Told:
    """A program that has decided: bits as told, and no rule but `doubtful` where they count."""

    def __init__(self, program, bits, doubtful):
        names = program.decider.rules
        self.decider = program.decider
        self.rule = np.where(doubtful, names.index("doubtful"), names.index("memorised"))
        self.seen = {"bits": np.asarray(bits, np.float32)}

    def __call__(self, cases):
        decisions = dataclasses.make_dataclass("Made", ["rule"])(self.rule)
        return dataclasses.make_dataclass("Done", ["seen", "decisions"])(self.seen, decisions)


def test_passages_are_trusted_as_far_as_the_budget_goes(program, monkeypatch):
    bits = np.r_[np.linspace(1, 2, 100), np.linspace(2.5, 3, 100), 0.5]
    kinds = ["real"] * 100 + ["shuffled"] * 100 + ["copied"]
    told = Told(program, bits, np.arange(201) < 200)
    monkeypatch.setattr(gate, "with_plain", lambda program, plain: told)
    plain = gate.trusted(program, {}, known(kinds), budget=0.05)
    assert 2 <= plain <= 2.55
    narrow = gate.trusted(program, {}, known(["shuffled"] * 201), budget=0.05)
    assert narrow == 0
    nothing = Told(program, bits, np.zeros(201, bool))
    monkeypatch.setattr(gate, "with_plain", lambda program, plain: nothing)
    assert gate.trusted(program, {}, known(kinds), budget=0.05) == 0


def test_without_trust_nothing_is_accepted(program, encoding, library):
    cases = gate.columns([TEXT[:120]] * 2, encoding, library, slots=SLOTS)
    cases["copied"][:] = cases["repeated"][:] = 0
    cases["words"][:] = 50
    for plain, outcome in ((0.0, "human"), (100.0, "accept")):
        decided = gate.with_plain(program, plain)(cases)
        outcomes = [program.decider.outcomes[code] for code in decided.decisions.outcome]
        assert outcomes == [outcome] * 2


def test_surprise_is_told_by_token_and_sentence(program, encoding):
    text = 'He came. "Go!" said Anne.\n' + "Anne " * 60 + "\nNever"
    first, last = surprises(text, program, encoding, slots=SLOTS)
    assert first.text == 'He came. "Go!" said Anne.' and last.text == "Never"
    assert [s.text for s in first.sentences] == ["He came.", ' "Go!"', " said Anne."]
    assert sum(len(s.nats) for s in first.sentences) == len(first.nats)
    assert first.bits == pytest.approx(sum(first.nats) / math.log(2) / len(first.text))
    assert last.perplexity == pytest.approx(math.exp(np.mean(last.nats)))
    assert surprises("Anne " * 60, program, encoding, slots=SLOTS) == []
