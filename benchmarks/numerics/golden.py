"""What PyTorch computes, for tests/research/models/test_numerics.py.

Its own environment (requirements-peers.txt): python benchmarks/numerics/golden.py

Each file tests/golden/numerics/NAME.npz has `inputs`, `outputs`, `weights` (of the loss: the
sum of outputs times weights), `params/...` and the loss's gradients `gradient/inputs` and
`gradient/params/...`, all laid out as in this project: channels last, kernels `[in, out]`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from layouts import conv, dense, flat, images, images_back, transposed
from torch import nn

FOLDER = Path(__file__).parents[2] / "tests" / "golden" / "numerics"
Arrays = dict[str, np.ndarray]


def save(
    name: str,
    inputs: torch.Tensor,
    run: Callable[[torch.Tensor], torch.Tensor],
    params: dict[str, tuple[torch.Tensor, Callable[[torch.Tensor], torch.Tensor]]],
    *,
    turn: Callable[[torch.Tensor], torch.Tensor] = flat,
    **more: np.ndarray,
) -> None:
    """Runs it and keeps everything; `turn` and the params' functions change the layout."""
    inputs.requires_grad_()
    outputs = run(inputs)
    weights = torch.randn(outputs.shape)
    (outputs * weights).sum().backward()
    arrays = {
        "inputs": turn(inputs),
        "outputs": turn(outputs) if outputs.ndim == inputs.ndim else outputs,
        "weights": turn(weights) if outputs.ndim == inputs.ndim else weights,
        "gradient/inputs": turn(inputs.grad),
    }
    for path, (param, layout) in params.items():
        arrays[f"params/{path}"] = layout(param)
        arrays[f"gradient/params/{path}"] = layout(param.grad)
    kept = {key: value.detach().numpy().copy() for key, value in arrays.items()}
    np.savez_compressed(FOLDER / f"{name}.npz", **kept, **more)


def randomised(module: nn.Module) -> nn.Module:
    """With biases and scales that are not 0 and 1."""
    with torch.no_grad():
        for param in module.parameters():
            if param.ndim == 1:
                param.copy_(torch.randn_like(param) * 0.5 + 0.2)
    return module


def recurrent(name: str, kind: type[nn.RNNBase]) -> None:
    """Over packed sequences, padded again: lengths 5, 2 and 4."""
    layer = randomised(kind(4, 3, batch_first=True))
    lengths = torch.tensor([5, 2, 4])

    def run(inputs: torch.Tensor) -> torch.Tensor:
        packed = nn.utils.rnn.pack_padded_sequence(
            inputs, lengths, batch_first=True, enforce_sorted=False
        )
        return nn.utils.rnn.pad_packed_sequence(layer(packed)[0], batch_first=True)[0]

    params = {
        "input/kernel": (layer.weight_ih_l0, dense),
        "input/bias": (layer.bias_ih_l0, flat),
        "recurrent/kernel": (layer.weight_hh_l0, dense),
    }
    if kind is nn.GRU:
        params["recurrent/bias"] = (layer.bias_hh_l0, flat)
    else:  # there is one bias here
        nn.init.zeros_(layer.bias_hh_l0)
    save(name, torch.randn(3, 5, 4), run, params, lengths=lengths.numpy())


def norm_params(prefix: str, norm: nn.Module) -> dict:
    return {f"{prefix}scale": (norm.weight, flat), f"{prefix}bias": (norm.bias, flat)}


def convolutions() -> None:
    for name, options in {
        "conv_stride": {"kernel_size": 4, "stride": 2, "padding": 1},
        "conv_dilation": {"kernel_size": 3, "padding": 2, "dilation": 2},
        "conv_depthwise": {"kernel_size": 3, "padding": 1, "groups": 4, "out_channels": 4},
    }.items():
        layer = nn.Conv2d(**{"in_channels": 4, "out_channels": 3} | options)
        params = {"kernel": (layer.weight, conv), "bias": (layer.bias, flat)}
        save(name, torch.randn(2, 4, 6, 8), layer, params, turn=images)
    for name, options in {
        "conv_transpose_4": {"kernel_size": 4, "stride": 2, "padding": 1},
        "conv_transpose_3": {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1},
    }.items():
        layer = nn.ConvTranspose2d(4, 3, **options)
        params = {"kernel": (layer.weight, transposed), "bias": (layer.bias, flat)}
        save(name, torch.randn(2, 4, 3, 4), layer, params, turn=images)


def norms() -> None:
    norm = randomised(nn.BatchNorm2d(4, eps=1e-5, momentum=0.1))
    norm.train()
    save(
        "batch_norm_train",
        torch.randn(3, 4, 2, 3) * 2 + 1,
        norm,
        norm_params("", norm),
        turn=images,
    )
    norm = randomised(nn.BatchNorm2d(4, eps=1e-5)).eval()
    norm.running_mean.copy_(torch.randn(4))
    norm.running_var.copy_(torch.rand(4) + 0.5)
    save(
        "batch_norm_eval",
        torch.randn(3, 4, 2, 3),
        norm,
        norm_params("", norm),
        turn=images,
        mean=norm.running_mean.numpy(),
        var=norm.running_var.numpy(),
    )
    norm = randomised(nn.LayerNorm(6, eps=1e-6))
    save("layer_norm", torch.randn(3, 6), norm, norm_params("", norm))
    save("gelu", torch.linspace(-4, 4, 33), nn.GELU(), {})
    save("gelu_tanh", torch.linspace(-4, 4, 33), nn.GELU(approximate="tanh"), {})


def attention() -> None:
    width, heads = 8, 2
    for name, causal in (("attention", False), ("attention_causal", True)):
        layer = nn.MultiheadAttention(width, heads, bias=False, batch_first=True)
        mask = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1) if causal else None
        thirds = layer.in_proj_weight

        def run(inputs: torch.Tensor, layer=layer, mask=mask) -> torch.Tensor:
            return layer(inputs, inputs, inputs, attn_mask=mask, need_weights=False)[0]

        def part(index: int) -> Callable[[torch.Tensor], torch.Tensor]:
            return lambda whole: whole[index * width : (index + 1) * width].T.reshape(
                width, heads, -1
            )

        params = {
            f"{label}/kernel": (thirds, part(index))
            for index, label in enumerate(("query", "key", "value"))
        }
        params["output/kernel"] = (
            layer.out_proj.weight,
            lambda weight: weight.T.reshape(heads, -1, width),
        )
        save(name, torch.randn(2, 5, width), run, params)


def residual(name: str, plan: list[tuple[int, int, int]], channels: int) -> None:
    """A block of ResNet in training: kernels, strides and widths, and a 1x1 shortcut."""
    stages, width = [], channels
    for kernel, stride, made in plan:
        layer = nn.Conv2d(width, made, kernel, stride, kernel // 2, bias=False)
        stages.append((layer, randomised(nn.BatchNorm2d(made))))
        width = made
    stride = max(stride for _, stride, _ in plan)
    shortcut = nn.Conv2d(channels, width, 1, stride, bias=False)
    shortcut_norm = randomised(nn.BatchNorm2d(width))

    def run(inputs: torch.Tensor) -> torch.Tensor:
        hidden = inputs
        for index, (layer, norm) in enumerate(stages):
            hidden = norm(layer(hidden))
            hidden = hidden if index == len(stages) - 1 else torch.relu(hidden)
        return torch.relu(hidden + shortcut_norm(shortcut(inputs)))

    params = {}
    for index, (layer, norm) in enumerate(stages):
        params[f"branch/{index}/convolution/kernel"] = (layer.weight, conv)
        params |= norm_params(f"branch/{index}/norm/", norm)
    params["shortcut/convolution/kernel"] = (shortcut.weight, conv)
    params |= norm_params("shortcut/norm/", shortcut_norm)
    save(name, torch.randn(4, channels, 8, 8), run, params, turn=images)


def convnext() -> None:
    width = 4
    depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
    norm = randomised(nn.LayerNorm(width, eps=1e-6))
    expand, contract = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
    scale = torch.full((width,), 0.3, requires_grad=True)

    def run(inputs: torch.Tensor) -> torch.Tensor:
        hidden = norm(images(depthwise(inputs)))
        hidden = contract(nn.functional.gelu(expand(hidden))) * scale
        return inputs + images_back(hidden)

    params = {
        "depthwise/kernel": (depthwise.weight, conv),
        "depthwise/bias": (depthwise.bias, flat),
        **norm_params("norm/", norm),
        "expand/kernel": (expand.weight, dense),
        "expand/bias": (expand.bias, flat),
        "contract/kernel": (contract.weight, dense),
        "contract/bias": (contract.bias, flat),
        "layer_scale": (scale, flat),
    }
    save("convnext_block", torch.randn(2, width, 5, 6), run, params, turn=images)


def generator_block() -> None:
    layer = nn.ConvTranspose2d(6, 4, 4, 2, 1, bias=False)
    norm = randomised(nn.BatchNorm2d(4))
    params = {"upsample/kernel": (layer.weight, transposed), **norm_params("norm/", norm)}
    save(
        "dcgan_block",
        torch.randn(3, 6, 4, 4),
        lambda inputs: torch.relu(norm(layer(inputs))),
        params,
        turn=images,
    )


def spectral() -> None:
    """A step of training from torch's own first directions, which are kept.

    With dim=1, torch begins with the side of the inputs, as here.
    """
    plain = nn.Linear(5, 4, bias=False)
    layer = nn.utils.parametrizations.spectral_norm(plain, n_power_iterations=1, dim=1)
    norm = layer.parametrizations.weight[0]
    left, right = norm._u.clone(), norm._v.clone()
    layer.train()
    inputs = torch.randn(3, 5)
    layer(inputs)
    after = norm._u.clone(), norm._v.clone()
    norm._u.copy_(left)
    norm._v.copy_(right)
    save(
        "spectral_norm",
        inputs,
        layer,
        {"layer/kernel": (layer.parametrizations.weight.original, dense)},
        left=left.numpy(),
        right=right.numpy(),
        left_after=after[0].numpy(),
        right_after=after[1].numpy(),
    )


def initialisers() -> None:
    """Standard deviations and largest values over a `[200, 300]` dense and a conv kernel."""
    arrays: Arrays = {}
    for name, fill in {
        "he_normal": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
        "he_uniform": lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu"),
        "he_normal_fan_out": lambda w: nn.init.kaiming_normal_(
            w, mode="fan_out", nonlinearity="relu"
        ),
        "glorot_uniform": nn.init.xavier_uniform_,
        "glorot_normal": nn.init.xavier_normal_,
    }.items():
        for label, shape in {"dense": (300, 200), "conv": (60, 40, 5, 5)}.items():
            filled = fill(torch.empty(shape))
            arrays[f"{name}/{label}"] = np.array([filled.std().item(), filled.abs().max().item()])
    square = nn.init.orthogonal_(torch.empty(40, 40))
    arrays["orthogonal"] = (square @ square.T).numpy()
    np.savez_compressed(FOLDER / "initialisers.npz", **arrays)


def main() -> None:
    """Writes all files."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    for name, kind in (("lstm", nn.LSTM), ("gru", nn.GRU), ("rnn", nn.RNN)):
        recurrent(name, kind)
    convolutions()
    norms()
    attention()
    residual("residual_block", [(3, 2, 6), (3, 1, 6)], channels=4)
    residual("bottleneck", [(1, 1, 4), (3, 2, 4), (1, 1, 16)], channels=4)
    convnext()
    generator_block()
    spectral()
    initialisers()


if __name__ == "__main__":
    main()
