"""Optimizers as their papers write them: NumPy, float64, one parameter at a time.

`step(parameter, gradient, rate, decay)` returns the next parameter; `decay` is the weight
decay of this parameter.
"""

import numpy as np


class GradientDescent:
    def __init__(self, parameter):
        pass

    def step(self, w, g, rate, decay):
        return w - rate * (g + decay * w)


class HeavyBall:
    """Polyak, "Some methods of speeding up the convergence of iteration methods" (1964):
    the step before is part of the step, at a constant rate."""

    def __init__(self, parameter, momentum=0.9):
        self.before, self.momentum = parameter, momentum

    def step(self, w, g, rate, decay):
        after = w - rate * (g + decay * w) + self.momentum * (w - self.before)
        self.before = w
        return after


class Nesterov:
    """Nesterov (1983): a gradient step, then beyond it; the gradient is taken there."""

    def __init__(self, parameter, momentum=0.9):
        self.landed, self.momentum = parameter, momentum

    def step(self, w, g, rate, decay):
        landed = w - rate * (g + decay * w)
        after = landed + self.momentum * (landed - self.landed)
        self.landed = landed
        return after


class Adagrad:
    """Duchi, Hazan, Singer, "Adaptive Subgradient Methods" (2011), diagonal."""

    def __init__(self, parameter, initial=0.1, eps=1e-7):
        self.total, self.eps = np.full_like(parameter, initial), eps

    def step(self, w, g, rate, decay):
        g = g + decay * w
        self.total = self.total + g**2
        return w - rate * g / np.sqrt(self.total + self.eps)


class RMSprop:
    """Tieleman and Hinton, lecture 6.5 (2012)."""

    def __init__(self, parameter, decay=0.9, eps=1e-8):
        self.mean, self.decay, self.eps = np.zeros_like(parameter), decay, eps

    def step(self, w, g, rate, decay):
        g = g + decay * w
        self.mean = self.decay * self.mean + (1 - self.decay) * g**2
        return w - rate * g / np.sqrt(self.mean + self.eps)


class Adam:
    """Kingma and Ba (2015), algorithm 1."""

    def __init__(self, parameter, b1=0.9, b2=0.999, eps=1e-8):
        self.m, self.v, self.t = np.zeros_like(parameter), np.zeros_like(parameter), 0
        self.b1, self.b2, self.eps = b1, b2, eps

    def direction(self, g):
        self.t += 1
        self.m = self.b1 * self.m + (1 - self.b1) * g
        self.v = self.b2 * self.v + (1 - self.b2) * g**2
        m, v = self.m / (1 - self.b1**self.t), self.v / (1 - self.b2**self.t)
        return m / (np.sqrt(v) + self.eps)

    def step(self, w, g, rate, decay):
        return w - rate * self.direction(g + decay * w)


class AdamW(Adam):
    """Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019), algorithm 2,
    the decay times the learning rate."""

    def step(self, w, g, rate, decay):
        return w - rate * (self.direction(g) + decay * w)


class Lion:
    """Chen et al., "Symbolic Discovery of Optimization Algorithms" (2023), program 1."""

    def __init__(self, parameter, b1=0.9, b2=0.99):
        self.m, self.b1, self.b2 = np.zeros_like(parameter), b1, b2

    def step(self, w, g, rate, decay):
        direction = np.sign(self.b1 * self.m + (1 - self.b1) * g)
        self.m = self.b2 * self.m + (1 - self.b2) * g
        return w - rate * (direction + decay * w)


class Adafactor:
    """Shazeer and Stern (2018), algorithms 4 (matrices), 5 (vectors) and section 8: the
    relative step size, at least 1e-3."""

    def __init__(self, parameter, factored_from=128, parameter_scale=True, clip_rms=1.0):
        self.factored = parameter.ndim == 2 and min(parameter.shape) >= factored_from
        self.rows, self.columns, self.v, self.t = 0.0, 0.0, 0.0, 0
        self.relative, self.clip_rms = parameter_scale, clip_rms

    def step(self, w, g, rate, decay):
        self.t += 1
        keep = 1 - self.t**-0.8
        square = g**2 + 1e-30
        if self.factored:
            self.rows = keep * self.rows + (1 - keep) * square.sum(1)
            self.columns = keep * self.columns + (1 - keep) * square.sum(0)
            self.v = np.outer(self.rows, self.columns) / self.rows.sum()
        else:
            self.v = keep * self.v + (1 - keep) * square
        direction = g / np.sqrt(self.v)
        direction = direction / max(1.0, rms(direction) / self.clip_rms)
        scale = max(1e-3, rms(w)) if self.relative else 1.0
        return w - rate * (scale * direction + decay * w)


class Muon:
    """Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024): five
    quintic Newton-Schulz iterations on Nesterov momentum, whose bias is corrected as in
    Dozat, "Incorporating Nesterov Momentum into Adam" (2016); scaled to the root mean
    square .2 by Liu et al., "Muon is Scalable for LLM Training" (2025), equation 4."""

    def __init__(self, parameter, momentum=0.95, rms=0.2):
        self.m, self.t, self.momentum, self.rms = np.zeros_like(parameter), 0, momentum, rms

    def step(self, w, g, rate, decay):
        self.t += 1
        beta = self.momentum
        self.m = beta * self.m + (1 - beta) * g
        ahead = beta * self.m / (1 - beta ** (self.t + 1)) + (1 - beta) * g / (1 - beta**self.t)
        rows, columns = w.shape
        scale = np.sqrt(max(1, columns / rows))
        if self.rms is not None:
            scale = self.rms * np.sqrt(max(rows, columns))
        return w - rate * (scale * newton_schulz(ahead) + decay * w)


def newton_schulz(matrix):
    """The odd polynomial 3.4445 s - 4.7750 s^3 + 2.0315 s^5, five times, of the singular values
    of a matrix with Frobenius norm 1: here of the values themselves."""
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    values = values / (np.sqrt((values**2).sum()) + 1e-8)
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    return left @ np.diag(values) @ right


def rms(array):
    return np.sqrt((array**2).mean())


REFERENCES = {
    "gradient_descent": GradientDescent,
    "sgd": GradientDescent,
    "momentum": HeavyBall,
    "nesterov": Nesterov,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "lion": Lion,
    "adafactor": Adafactor,
    "muon": Muon,  # of matrices; the rest is AdamW's
}


def train(name, params, gradient, rates, *, options=(), decay=0.0, clip=None, factors=()):
    """The parameters after each step.

    Args:
        params: arrays by path; the kernels among them decay.
        gradient: of params.
        rates: one learning rate a step.
        clip: largest global norm of the gradient.
        factors: of the learning rate, by path.
    """
    options, factors = dict(options), dict(factors)
    params = {path: array.astype(np.float64) for path, array in params.items()}
    movers = {}
    for path, array in params.items():
        if name == "muon" and array.ndim != 2:
            movers[path] = AdamW(array)
        else:
            movers[path] = REFERENCES[name](array, **options)
    for rate in rates:
        gradients = gradient(params)
        norm = np.sqrt(sum((g**2).sum() for g in gradients.values()))
        shrink = clip / norm if clip is not None and norm > clip else 1.0
        params = {
            path: mover.step(
                params[path],
                shrink * gradients[path],
                rate * factors.get(path, 1.0),
                decay if params[path].ndim > 1 else 0.0,
            )
            for path, mover in movers.items()
        }
        yield params
