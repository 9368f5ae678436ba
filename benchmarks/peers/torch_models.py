"""The networks in PyTorch; their parts are named as ours, from whose weights they start."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from benchmarks.models.start import weight


class SmallCNN(nn.Module):
    def __init__(
        self, *, side: int = 28, channels: Sequence[int] = (32, 64), hidden: int = 128
    ) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            [nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise((1, *channels))]
        )
        small = side // 2 ** len(channels)
        self.dense = nn.Linear(small**2 * channels[-1], hidden)
        self.dense.reads_images = (small, small, channels[-1])
        self.readout = nn.Linear(hidden, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        for convolution in self.convolutions:
            images = functional.max_pool2d(functional.relu(convolution(images)), 2)
        return self.readout(functional.relu(self.dense(images.flatten(1))))


class MLP(nn.Module):
    def __init__(self, *, features: int = 100, hidden: Sequence[int] = (64, 64)) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in pairwise((features, *hidden))])
        self.readout = nn.Linear(hidden[-1], 10)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            inputs = functional.gelu(layer(inputs), approximate="tanh")
        return self.readout(inputs)


class Recurrent(nn.Module):
    def __init__(
        self, *, cell: str, layers: int = 1, features: int = 128, hidden: int = 256
    ) -> None:
        super().__init__()
        kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell]
        self.rnn = kind(features, hidden, num_layers=layers, batch_first=True)
        if cell != "gru":  # a second bias that is added to the first; ours have one
            for layer in range(layers):
                getattr(self.rnn, f"bias_hh_l{layer}").requires_grad_(False)
        self.readout = nn.Linear(hidden, 10)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.readout(self.rnn(inputs)[0][:, -1])


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))
        for layer in (self.query, self.key, self.value):
            layer.writes_heads = heads

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        query, key, value = (
            layer(hidden).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        attended = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.output(attended.transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width, eps=1e-6)
        self.attention = Attention(width, heads)
        self.feed_forward_norm = nn.LayerNorm(width, eps=1e-6)
        self.feed_forward = nn.ModuleDict(
            {"up": nn.Linear(width, 4 * width), "down": nn.Linear(4 * width, width)}
        )

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        hidden = hidden + self.attention(self.attention_norm(hidden))
        up = self.feed_forward["up"](self.feed_forward_norm(hidden))
        return hidden + self.feed_forward["down"](functional.gelu(up, approximate="tanh"))


class GPT(nn.Module):
    def __init__(
        self,
        *,
        layers: int = 4,
        width: int = 128,
        heads: int = 4,
        length: int = 128,
        vocabulary: int = 256,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(length, width)
        self.layers = nn.ModuleList([Block(width, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.readout = nn.Linear(width, vocabulary, bias=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        hidden = self.embedding(tokens) + self.positions.weight[: tokens.shape[1]]
        for layer in self.layers:
            hidden = layer(hidden)
        return self.readout(self.norm(hidden))


class Up(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.norm(self.upsample(images)))


class Generator(nn.Module):
    def __init__(self, latent: int, side: int, up: Sequence[int]) -> None:
        super().__init__()
        small = side // 2 ** (len(up) - 1)
        self.smallest = (up[0], small, small)
        self.project = nn.Linear(latent, small * small * up[0], bias=False)
        self.project.writes_images = (small, small, up[0])
        self.norm = nn.BatchNorm2d(up[0])
        self.blocks = nn.ModuleList([Up(a, b) for a, b in pairwise(up)])
        self.readout = nn.Conv2d(up[-1], 3, 3, padding=1)

    def forward(self, noise: torch.Tensor) -> torch.Tensor:
        hidden = functional.relu(self.norm(self.project(noise).unflatten(-1, self.smallest)))
        for block in self.blocks:
            hidden = block(hidden)
        return torch.tanh(self.readout(hidden))


class Down(nn.Module):
    def __init__(self, inputs: int, outputs: int, *, norm: bool) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 4, 2, 1, bias=not norm)
        self.norm = nn.BatchNorm2d(outputs) if norm else nn.Identity()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return functional.leaky_relu(self.norm(self.convolution(images)), 0.2)


class Discriminator(nn.Module):
    def __init__(self, side: int, down: Sequence[int]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            [Down(a, b, norm=index > 0) for index, (a, b) in enumerate(pairwise((3, *down)))]
        )
        small = side // 2 ** len(down)
        self.readout = nn.Linear(small * small * down[-1], 1)
        self.readout.reads_images = (small, small, down[-1])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            images = block(images)
        return self.readout(images.flatten(1))[:, 0]


def begin(module: nn.Module, prefix: str = "") -> int:
    """Gives a network our starting values, in its own layouts; says how many are trained."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            owner, _, last = name.rpartition(".")
            layer = module.get_submodule(owner)
            parameter.copy_(_value(prefix + owner.replace(".", "/"), last, parameter, layer))
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def _value(path: str, last: str, parameter: torch.Tensor, layer: nn.Module) -> torch.Tensor:
    shape = tuple(parameter.shape)

    def given(name: str, *shape: int) -> torch.Tensor:
        return torch.from_numpy(weight(f"{path}/{name}", shape))

    if isinstance(layer, nn.RNNBase):
        if "bias" in last:
            return torch.zeros(shape)
        which = "input" if "_ih_" in last else "recurrent"
        index = last.rpartition("_l")[2]
        return given(f"layers/{index}/forward/{which}/kernel", *reversed(shape)).T
    if last == "bias":
        return torch.zeros(shape)
    if isinstance(layer, nn.LayerNorm | nn.BatchNorm2d):
        return torch.ones(shape)
    if isinstance(layer, nn.Embedding):
        return given("embedding", *shape)
    if isinstance(layer, nn.ConvTranspose2d):  # PyTorch mirrors the kernel
        inputs, outputs, height, width = shape
        return given("kernel", height, width, inputs, outputs).permute(2, 3, 0, 1).flip(2, 3)
    if isinstance(layer, nn.Conv2d):
        outputs, inputs, height, width = shape
        return given("kernel", height, width, inputs, outputs).permute(3, 2, 0, 1)
    outputs, inputs = shape
    if heads := getattr(layer, "writes_heads", None):
        return given("kernel", inputs, heads, outputs // heads).reshape(inputs, outputs).T
    kernel = given("kernel", inputs, outputs)
    if size := getattr(layer, "reads_images", None):  # flattened as C, H, W here
        return kernel.reshape(*size, outputs).permute(3, 2, 0, 1).reshape(shape)
    if size := getattr(layer, "writes_images", None):
        return kernel.reshape(inputs, *size).permute(3, 1, 2, 0).reshape(shape)
    return kernel.T
