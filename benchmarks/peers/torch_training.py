"""Training steps in PyTorch: eager, channels last, fused Adam, compiled."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from benchmarks.contest import Work
from benchmarks.models import start
from benchmarks.peers import torch_models as models


def cnn(*, batch: int, side: int = 28, **options: Any) -> Work:
    sizes, how = _split(options)
    network = models.SmallCNN(side=side, **sizes)
    return _classifier(network, start.images(batch, side=side, channels=1), **how)


def mlp(*, batch: int, features: int = 100, **options: Any) -> Work:
    sizes, how = _split(options)
    network = models.MLP(features=features, **sizes)
    return _classifier(network, start.features(batch, features), **how)


def recurrent(*, batch: int, length: int = 100, features: int = 128, **options: Any) -> Work:
    sizes, how = _split(options)
    network = models.Recurrent(features=features, **sizes)
    return _classifier(network, start.features(batch, length, features), **how)


def transformer(*, batch: int, length: int = 128, vocabulary: int = 256, **options: Any) -> Work:
    sizes, how = _split(options)
    network = models.GPT(length=length, vocabulary=vocabulary, **sizes)
    tokens = torch.from_numpy(start.tokens(batch, length=length, vocabulary=vocabulary)["inputs"])
    return _work(network, tokens[:, :-1], tokens[:, 1:].long(), **how)


def _split(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The network's sizes, and how to train it."""
    how = {"channels_last", "fused", "compiled", "count", "losses"}
    return (
        {name: value for name, value in options.items() if name not in how},
        {name: value for name, value in options.items() if name in how},
    )


def _classifier(network: nn.Module, examples: start.Examples, **how: Any) -> Work:
    inputs = torch.from_numpy(examples["inputs"])
    if inputs.ndim == 4:
        inputs = inputs.permute(0, 3, 1, 2).contiguous()
    return _work(network, inputs, torch.from_numpy(examples["labels"]).long(), **how)


def _work(
    network: nn.Module,
    inputs: torch.Tensor,
    labels: torch.Tensor,
    *,
    channels_last: bool = False,
    fused: bool = False,
    compiled: bool = False,
    count: int = 1,
    losses: int = start.LOSSES,
) -> Work:
    parameters = models.begin(network)
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
        inputs = inputs.to(memory_format=torch.channels_last)
    trained = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=start.LEARNING_RATE, fused=fused)
    forward = torch.compile(network) if compiled else network
    found: list[torch.Tensor] = []

    def step() -> None:
        found.clear()
        for _ in range(count):
            optimizer.zero_grad()
            loss = functional.cross_entropy(forward(inputs).flatten(0, -2), labels.flatten())
            loss.backward()
            optimizer.step()
            found.append(loss.detach())

    return start.work(
        step=step,
        loss=lambda: float(torch.stack(found).mean()),
        parameters=parameters,
        losses=losses,
    )


def dcgan(
    *,
    batch: int,
    side: int = 32,
    up: tuple[int, ...] = (256, 128, 64, 32),
    down: tuple[int, ...] = (64, 128, 256),
    latent: int = 100,
    channels_last: bool = False,
    pictures_for_each: bool = False,
    losses: int = start.LOSSES,
) -> Work:
    """As PyTorch's example, without the judge's gradients where only the generator moves.

    Its players share a step's pictures, the same work as ours; with `pictures_for_each` each has
    noise of its own, as in the paper (Goodfellow et al., algorithm 1).
    """
    torch.manual_seed(0)
    generator, judge = models.Generator(latent, side, up), models.Discriminator(side, down)
    parameters = models.begin(generator, "generator/") + models.begin(judge, "discriminator/")
    real = torch.from_numpy(start.images(batch, side=side, channels=3)["inputs"])
    real = real.permute(0, 3, 1, 2).contiguous()
    if channels_last:
        generator, judge = (
            part.to(memory_format=torch.channels_last) for part in (generator, judge)
        )
        real = real.to(memory_format=torch.channels_last)
    making, judging = (
        torch.optim.Adam(part.parameters(), lr=start.LEARNING_RATE) for part in (generator, judge)
    )
    told = [torch.zeros(()), torch.zeros(())]

    def step() -> None:
        with torch.set_grad_enabled(not pictures_for_each):
            images = generator(torch.randn(batch, latent))
        judging.zero_grad()
        found = functional.softplus(-judge(real)).mean()
        found = found + functional.softplus(judge(images.detach())).mean()
        found.backward()
        judging.step()
        making.zero_grad()
        judge.requires_grad_(False)
        if pictures_for_each:
            images = generator(torch.randn(batch, latent))
        fooled = functional.softplus(-judge(images)).mean()
        fooled.backward()
        judge.requires_grad_(True)
        making.step()
        told[:] = found.detach(), fooled.detach()

    return start.work(
        step=step, loss=lambda: float(sum(told)), parameters=parameters, losses=losses
    )
