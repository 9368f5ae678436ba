import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from research.models import (
    CNN,
    Generator,
    Network,
    Precision,
    SequenceClassifier,
    Transformer,
    apply_precision,
)
from tests.research.models.arrays import filled

IMAGES = np.random.default_rng(0).normal(size=(6, 4, 4, 1)).astype(np.float32)
KEYS = jax.random.split(jax.random.key(1), 6)


def cnn():
    return Network.from_nnx(
        lambda rngs: CNN((4, 4, 1), channels=(3,), outputs=2, dropout=0.2, rngs=rngs)
    )


def types(tree):
    return {str(leaf.dtype) for leaf in jax.tree.leaves(tree)}


def operands(jaxpr):
    """Types of what is multiplied as matrices or convolved, at any depth."""
    for equation in jaxpr.eqns:
        if equation.primitive.name in ("dot_general", "conv_general_dilated"):
            yield from (str(variable.aval.dtype) for variable in equation.invars)
        for value in jax.tree.leaves(equation.params, is_leaf=lambda v: hasattr(v, "eqns")):
            inner = getattr(value, "jaxpr", value)
            if hasattr(inner, "eqns"):
                yield from operands(inner)


def spying(seen):
    """A network that notes in which types it is called."""
    network = cnn()

    def apply(variables, inputs, train, keys):
        seen.append((types(variables.params), types(variables.statistics), types(inputs)))
        return network.apply(variables, inputs["images"], train, keys)

    return Network(init=network.init, apply=apply)


@pytest.mark.parametrize(("params", "compute"), [("float32", "float16"), ("bfloat16", "bfloat16")])
def test_types_of_everything(params, compute):
    seen = []
    precision = Precision(params=params, compute=compute, output="float16")
    network = apply_precision(spying(seen), precision)
    variables = network.init(jax.random.key(0))
    assert types(variables.params) == {params}
    assert types(variables.statistics) == {"float32"}
    inputs = {"images": IMAGES, "labels": np.arange(6, dtype=np.int32)}

    def loss(params):
        outputs, statistics = network.apply(variables._replace(params=params), inputs, True, KEYS)
        return outputs["logits"].astype(jnp.float32).sum(), (outputs, statistics)

    gradient, (outputs, statistics) = jax.jit(jax.grad(loss, has_aux=True))(variables.params)
    assert seen == [({compute}, {"float32"}, {compute, "int32"})]
    assert types(gradient) == {params}
    assert types(outputs) == {"float16"}
    assert types(statistics) == {"float32"}
    assert all(np.isfinite(np.float32(leaf)).all() for leaf in jax.tree.leaves(gradient))


def test_float32_changes_nothing():
    network = apply_precision(cnn(), Precision())
    variables = network.init(jax.random.key(0))
    jax.tree.map(np.testing.assert_array_equal, variables, cnn().init(jax.random.key(0)))
    actual, expected = (
        jax.jit(lambda v, x, keys, n=n: n.apply(v, x, True, keys))(variables, IMAGES, KEYS)
        for n in (network, cnn())
    )
    jax.tree.map(np.testing.assert_array_equal, actual, expected)


@pytest.mark.parametrize(
    ("build", "inputs"),
    [
        (lambda rngs: CNN((4, 4, 1), channels=(3,), outputs=2, rngs=rngs), IMAGES),
        (
            lambda rngs: Generator(3, image=(4, 4, 1), channels=(4, 3), rngs=rngs),
            IMAGES[:, 0, :3, 0],
        ),
        (
            lambda rngs: SequenceClassifier(
                vocabulary=5,
                features=4,
                hidden=4,
                outputs=2,
                bidirectional=True,
                pooling="attention",
                rngs=rngs,
            ),
            np.array([[1, 2, 3, 0], [4, 0, 0, 0]], np.int32),
        ),
        (
            lambda rngs: Transformer(5, width=8, layers=1, heads=2, rngs=rngs),
            np.array([[1, 2, 3, 0], [4, 0, 0, 0]], np.int32),
        ),
    ],
    ids=["cnn", "gan", "rnn", "transformer"],
)
@pytest.mark.parametrize("compute", ["bfloat16", "float16"])
def test_every_model_computes_in_half_the_bits(build, inputs, compute):
    network = Network.from_nnx(build)
    variables = filled(network)
    lowered = apply_precision(network, Precision(compute=compute, output=compute))
    outputs, expected = jax.jit(
        lambda v, x: [n.apply(v, x, False, None)[0] for n in (lowered, network)]
    )(variables, inputs)
    close = functools.partial(np.testing.assert_allclose, rtol=0.1, atol=0.05)
    jax.tree.map(lambda a, b: close(np.float32(a), b), outputs, expected)
    # That outputs fit does not say that they were computed so.
    traced = jax.make_jaxpr(lambda v, x: lowered.apply(v, x, False, None))(variables, inputs)
    # Attention in float16 is for GPUs only.
    attends = "layers" in variables.params
    also = {"float32"} if attends and compute == "float16" else set()
    assert set(operands(traced.jaxpr)) == {compute} | also


def test_other_types_are_refused():
    with pytest.raises(ValueError, match="compute is 'float8', expected one of float32, bfloat16"):
        Precision(compute="float8")
