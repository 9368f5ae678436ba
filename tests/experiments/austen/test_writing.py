import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rules
from experiments.austen.candidates import CLOSING, EITHER, NONE, OPENING, Candidates
from experiments.austen.checks import broken
from experiments.austen.samples import continued
from experiments.austen.writing import Audit, forbidding
from research.inference.generation import Greedy, Sampling
from tests.experiments.austen.conftest import FORBIDDEN

PROMPTS = ["Anne", 'Mr. Elliot said, "I', "It was", "He went--"] * 6
SLOTS = 64


@pytest.fixture(scope="module")
def written(predictor, encoding, writing):
    def write(constraint, **changes):
        options = {"method": Sampling(temperature=1.0), "seed": 1, "new": 48, "length": SLOTS}
        return continued(
            predictor, encoding, PROMPTS, constraint=constraint, **{**options, **changes}
        )

    return write(writing.constraint), write(None)


def breaks(continuations, row):
    return broken(
        continuations.text(row),
        continuations.tokens(row),
        forbidden=FORBIDDEN,
        longest_sentence=12,
        longest_word=8,
        repeats=4,
    )


def audited(writing, continuations, candidates=None):
    generated = continuations.generated
    lengths = continuations.prompt_lengths
    return writing.audit(generated.tokens, generated.lengths, lengths, candidates)


def test_nothing_written_under_the_rules_breaks_one(written, writing):
    ruled, free = written
    assert [breaks(ruled, row) for row in range(len(PROMPTS))] == [[]] * len(PROMPTS)
    assert sum(bool(breaks(free, row)) for row in range(len(PROMPTS))) > len(PROMPTS) // 2
    assert not ruled.generated.stuck.any()
    assert (audited(writing, ruled).rule < 0).all()


def test_the_rules_intervened_only_where_they_forbid(written, writing):
    ruled, free = written
    audit = audited(writing, ruled, ruled.generated.wanted)
    differs = ruled.differing & audit.judged
    assert differs.any() and (audit.rule[differs] >= 0).all()
    assert (audit.rule[~differs] < 0).all()
    assert not free.differing.any() and free.cost == 0
    assert ruled.cost > 0


def test_the_first_rule_that_is_broken_is_found_in_free_texts(written, writing):
    _, free = written
    audit = audited(writing, free)
    for row in range(len(PROMPTS)):
        if breaks(free, row):
            assert (audit.rule[row] >= 0).any(), free.text(row)
    counts = forbidding(audit, writing.decider.rules)
    assert set(counts) == set(writing.decider.rules)
    assert sum(counts.values()) == (audit.rule >= 0).sum()


def test_greedy_texts_do_not_go_round_under_the_rules(predictor, encoding, writing):
    options = {"length": SLOTS, "new": 48, "method": Greedy(), "seed": 0}
    ruled = continued(predictor, encoding, ["Anne"], constraint=writing.constraint, **options)
    assert breaks(ruled, 0) == []
    assert ruled.text(0).startswith("Anne") and ruled.added(0) == ruled.text(0)[4:]


def test_audit_judges_after_the_prompt_and_before_the_end(writing, encoding):
    tokens = np.zeros((2, 10), np.int32)
    text = encoding.encode("\nin 18 18")
    tokens[:, : len(text)] = text
    audit = writing.audit(tokens, [len(text), len(text) - 1], [1, len(text) - 1])
    digits = writing.decider.rules.index("no_digits")
    assert (audit.rule[0] == digits).sum() >= 2
    assert audit.rule[0, 0] == -1 and (audit.rule[1] == -1).all()
    assert audit.judged.sum() == len(text) - 1


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["Anne", " went", '"', ' "', '."', ",", ".", "\n", "--", " Darcy", "dar", "cy", " 1815"]
        ),
        max_size=24,
    ).map("".join)
)
def test_a_text_is_sound_where_no_token_is_forbidden(writing, encoding, text):
    tokens = encoding.encode("\n" + text)[:SLOTS]
    padded = np.zeros((1, SLOTS), np.int32)
    padded[0, : len(tokens)] = tokens
    audit = writing.audit(padded, [len(tokens)], [1])
    read = encoding.decode(tokens).removeprefix("\n")
    found = broken(
        read,
        tokens.tolist(),
        forbidden=FORBIDDEN,
        longest_sentence=12,
        longest_word=8,
        repeats=4,
    )
    if found:
        assert (audit.rule >= 0).any(), (read, found)


def test_features_of_tokens():
    tokens = [b" word", b"ed", b',"', b' "', b'"', b'--"', b"\n", b" 12", b"\xc3", b"?!", b"')"]
    of = Candidates.of(tokens)
    assert of.quote.tolist()[:6] == [NONE, NONE, CLOSING, OPENING, EITHER, EITHER]
    assert of.letters.tolist() == [4, 2] + [0] * 9
    assert np.flatnonzero(of.joins).tolist() == [1]
    assert np.flatnonzero(of.digits).tolist() == [7]
    assert np.flatnonzero(of.foreign).tolist() == [8]
    assert np.flatnonzero(of.stops).tolist() == [9]
    assert np.flatnonzero(of.ended).tolist() == [6, 9]
    assert np.flatnonzero(of.only_quotes).tolist() == [4, 10]
    assert np.flatnonzero(of.signs).tolist() == [2, 3, 4, 5, 9, 10]


def test_rules_that_ask_for_more_are_refused(writing):
    ruleset = rules.parse(
        "ruleset other version 1\ninput mood: float\ndecide outcome in {allow, forbid}\n"
        "policy first default allow unknown forbid\n"
        'rule sad "Sad" outcome = forbid if mood < 0'
    )
    other = dataclasses.replace(writing, decider=rules.compile(ruleset))
    with pytest.raises(ValueError, match="mood"):
        other.check()


def test_counts_of_no_tokens():
    nothing = Audit(rule=np.full((1, 2), -1), judged=np.zeros((1, 2), bool))
    assert forbidding(nothing, ("a", "b")) == {"a": 0, "b": 0}
