import jax
import numpy as np
import pytest

import rules
from experiments.austen.automaton import TokenAutomaton
from experiments.austen.candidates import Candidates
from experiments.austen.writing import Writing
from experiments.experiment import located
from research.data.text.bpe import BytePairEncoding
from research.inference import Predictor
from research.models import Network, Transformer
from research.tasks import LanguageModel
from research.training.optimizers import adamw

FORBIDDEN = ("Darcy", "Bingley")
TEXT = (
    'Anne said, "I will go." Mr. Darcy went on--"Never!" cried she; and Bingley laughed (twice).\n'
    "Had it been 1815, they would have known the whole of it, and more.\n"
) * 4


@pytest.fixture(scope="session")
def encoding():
    return BytePairEncoding.fit(TEXT, size=330)


@pytest.fixture(scope="session")
def writing(encoding):
    ruleset = rules.with_params(
        rules.load(located("experiments/austen/austen.rules")),
        {"longest_sentence": 12, "longest_word": 8},
    )
    return Writing(
        decider=rules.compile(ruleset),
        candidates=Candidates.of(encoding.tokens),
        automaton=TokenAutomaton.of(FORBIDDEN, encoding.tokens),
        repeats=4,
    )


@pytest.fixture(scope="session")
def predictor(encoding):
    """A model that has learned nothing, and likes tokens of the training text."""
    network = Network.from_nnx(
        lambda rngs: Transformer(len(encoding), width=8, layers=1, heads=1, rngs=rngs)
    )
    variables = network.init(jax.random.key(0))
    table = np.array(variables.params["embedding"]["embedding"])
    table[:32], table[128:256] = 0, 0
    variables.params["embedding"]["embedding"] = 20 * table
    return Predictor(
        task=LanguageModel(network=network, optimizer=adamw(learning_rate=1e-3, steps=1)),
        variables=variables,
        prepare=lambda columns: columns["tokens"],
        calibration=None,
    )
