"""Two small problems, each with its loss in JAX and its gradient by hand in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np

random = np.random.default_rng(7)
START = {"dense/bias": random.normal(size=3), "dense/kernel": random.normal(size=(4, 3))}

# Curvatures from 1 to 100.
CURVATURE = dict(
    zip(START, np.split(random.permutation(np.geomspace(1, 100, 15)), [3]), strict=True)
)
CURVATURE["dense/kernel"] = CURVATURE["dense/kernel"].reshape(4, 3)
TARGET = {path: array + random.choice([-1, 1], array.shape) for path, array in START.items()}

# Features whose scales differ by 30.
INPUTS = random.normal(size=(64, 4)) * np.geomspace(0.1, 3, 4)
LABELS = (INPUTS @ random.normal(size=(4, 3)) + random.gumbel(size=(64, 3))).argmax(1)
ONE_HOT = np.eye(3)[LABELS]


def quadratic(params):
    return sum(
        0.5 * (jnp.asarray(CURVATURE[path]) * (array - jnp.asarray(TARGET[path])) ** 2).sum()
        for path, array in params.items()
    )


def quadratic_gradient(params):
    return {path: CURVATURE[path] * (array - TARGET[path]) for path, array in params.items()}


def logistic(params):
    logits = jnp.asarray(INPUTS) @ params["dense/kernel"] + params["dense/bias"]
    return -(jax.nn.log_softmax(logits) * ONE_HOT).sum(1).mean()


def logistic_gradient(params):
    logits = INPUTS @ params["dense/kernel"] + params["dense/bias"]
    odds = np.exp(logits - logits.max(1, keepdims=True))
    error = (odds / odds.sum(1, keepdims=True) - ONE_HOT) / len(INPUTS)
    return {"dense/bias": error.sum(0), "dense/kernel": INPUTS.T @ error}


PROBLEMS = {
    "quadratic": (quadratic, quadratic_gradient),
    "logistic": (logistic, logistic_gradient),
}


def nested(params):
    return {"dense": {path.removeprefix("dense/"): array for path, array in params.items()}}


def flat(params):
    return {f"dense/{name}": array for name, array in params["dense"].items()}
