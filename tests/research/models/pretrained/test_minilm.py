from pathlib import Path

import jax
import numpy as np
import pytest

from research.data.sources import SourceError
from research.models import Network
from research.models.pretrained import minilm, safetensors

GOLDEN = np.load(Path(__file__).parents[3] / "golden" / "minilm.npz")
SENTENCES = [str(sentence) for sentence in GOLDEN["sentences"]]


@pytest.fixture(scope="module")
def model():
    try:
        return minilm.load()
    except SourceError as error:
        pytest.skip(f"needs MiniLM's weights: {error}")


def test_parameters_are_the_architectures(model):
    expected = jax.eval_shape(Network.from_nnx(minilm.encoder).init, jax.random.key(0))
    found = model.variables
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    shapes = [
        jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), tree) for tree in (found, expected)
    ]
    assert shapes[0] == shapes[1]
    # 22.7 million, without the pooler, which embeddings don't use, and the two token types.
    assert sum(leaf.size for leaf in jax.tree.leaves(found.params)) == 22_565_376 - 2 * 384


def test_embeddings_equal_an_independent_runtime(model):
    """torch and transformers in float64 (`produced_by` in the file): 2e-7 was measured."""
    embedded = model.embed(SENTENCES)
    np.testing.assert_allclose(embedded, GOLDEN["embeddings"], rtol=0, atol=2e-6)
    np.testing.assert_allclose(np.linalg.norm(embedded, axis=1), 1, rtol=1e-5)
    similar = embedded @ embedded.T
    assert abs(similar[0, 1] - 0.7553) < 1e-4 and similar[0, 2:4].max() < 0.15
    # Each layer on its own, so that no error hides behind another.
    inputs = model.tokenizer.encode(SENTENCES[:5])._asdict()
    outputs = jax.jit(lambda v, i: model.network.apply(v, i, False, None)[0])(
        model.variables, inputs
    )
    for row, length in enumerate(inputs["lengths"]):
        means = outputs["layers"][row, :, :length].mean(1)
        np.testing.assert_allclose(means, GOLDEN["layers"][row, 1:], rtol=1e-3, atol=1e-5)


def test_a_text_is_embedded_as_it_is_alone(model):
    texts = [SENTENCES[i % 5] for i in range(70)]
    np.testing.assert_allclose(
        model.embed(texts), model.embed(SENTENCES[:5])[np.arange(70) % 5], rtol=0, atol=2e-6
    )
    assert model.embed([]).shape == (0, 384)


def test_other_weights_are_refused(model):
    weights = safetensors.read(minilm.WEIGHTS.path())
    name = "encoder.layer.3.attention.self.key.weight"
    with pytest.raises(ValueError, match=f"the weights lack {name}: another model's"):
        minilm.params({key: array for key, array in weights.items() if key != name})
    with pytest.raises(ValueError, match=rf"{name} has the shape \[384\], expected \[384, 384\]"):
        minilm.params(weights | {name: weights[name][0]})
