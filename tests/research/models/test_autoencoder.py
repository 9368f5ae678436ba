import numpy as np
import pytest

from research.arguments import ArgumentError
from research.models import Network
from research.models.autoencoder import Autoencoder
from tests.research.models.arrays import filled


def network(**options):
    return Network.from_nnx(
        lambda rngs: Autoencoder((2, 3, 1), hidden=(5,), code=2, rngs=rngs, **options)
    )


@pytest.mark.parametrize("bounded", [True, False])
def test_equals_numpy(bounded):
    net = network(bounded=bounded)
    variables = filled(net)
    inputs = np.random.default_rng(0).random((4, 2, 3, 1)).astype(np.float32)

    def through(layers, rows):
        for index in range(2):
            held = layers[str(index)]
            rows = rows @ np.asarray(held["kernel"]) + np.asarray(held["bias"])
            if index == 0:
                rows = 0.5 * rows * (1 + np.tanh(np.sqrt(2 / np.pi) * (rows + 0.044715 * rows**3)))
        return rows

    code = through(variables.params["encoder"], inputs.reshape(4, 6))
    made = through(variables.params["decoder"], code)
    made = 1 / (1 + np.exp(-made)) if bounded else made
    outputs, _ = net.apply(variables, inputs, False, None)
    np.testing.assert_allclose(outputs["features"], code, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(outputs["reconstruction"], made.reshape(4, 2, 3, 1), rtol=1e-3)


def test_a_code_of_nothing_is_refused():
    with pytest.raises(ArgumentError, match=r"code 0, expected positive"):
        Network.from_nnx(lambda rngs: Autoencoder((4,), hidden=(3,), code=0, rngs=rngs))
