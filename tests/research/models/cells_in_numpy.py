"""The recurrent cells gate by gate: parameters and inputs [B, T, D] to outputs [B, T, H]."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _start(p, x):
    u = p["recurrent"]["kernel"]
    return u, np.zeros((len(x), len(u))), np.split(np.arange(u.shape[1]), u.shape[1] // len(u))


def vanilla(p, x):
    u, h, _ = _start(p, x)
    outputs = []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ p["input"]["kernel"] + p["input"]["bias"] + h @ u)
        outputs.append(h)
    return np.stack(outputs, 1)


def lstm(p, x):
    """As the equations stand in Gers et al. (2000)."""
    w, b = p["input"]["kernel"], p["input"]["bias"]
    u, h, gates = _start(p, x)
    c, outputs = h, []
    for t in range(x.shape[1]):
        i, f, g, o = (x[:, t] @ w[:, k] + b[k] + h @ u[:, k] for k in gates)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs, 1)


def gru(p, x):
    """As in torch.nn.GRU's documentation."""
    w, b, d = p["input"]["kernel"], p["input"]["bias"], p["recurrent"]["bias"]
    u, h, (reset, update, new) = _start(p, x)
    outputs = []
    for t in range(x.shape[1]):
        r = sigmoid(x[:, t] @ w[:, reset] + b[reset] + h @ u[:, reset] + d[reset])
        z = sigmoid(x[:, t] @ w[:, update] + b[update] + h @ u[:, update] + d[update])
        n = np.tanh(x[:, t] @ w[:, new] + b[new] + r * (h @ u[:, new] + d[new]))
        h = (1 - z) * n + z * h
        outputs.append(h)
    return np.stack(outputs, 1)
