"""One training step, float32, Adam: the same weights, the same batch."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.contest import PEERS, Contestant, Row

# As launch.py starts a training; every contestant gets it.
VARIABLES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "JAX_PLATFORMS": "cpu"}
BATCHES = (32, 128)
DISPATCH = 100  # steps of a dispatch, where there are several
MODELS = "benchmarks.models."
TORCH, KERAS = "benchmarks.peers.torch_training:", "benchmarks.peers.keras_training:"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Network:
    """A network and who trains it.

    Attributes:
        name: In the table.
        module: Of `benchmarks.models`, ours and the plain one; of the peers, the function.
        options: Sizes that are not the contestants' own.
        torch: Other contestants of PyTorch's, with their options.
        keras: Function of the Keras contestant, None for none.
        tolerance: See `Row.tolerance`.
        goals: See `Row.goals`.
    """

    name: str
    module: str
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    torch: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    keras: str | None = None
    tolerance: float = 1e-3
    goals: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def contestants(self, batch: int) -> Iterator[Contestant]:
        """Ours, plain flax, PyTorch and Keras."""
        options = {"batch": batch, **self.options}
        yield Contestant(name="ours", entry=f"{MODELS}{self.module}:ours", options=options)
        yield Contestant(name="plain flax", entry=f"{MODELS}{self.module}:plain", options=options)
        for name, how in {"torch eager": {}, **self.torch}.items():
            yield Contestant(
                name=name,
                entry=f"{TORCH}{self.module}",
                options={**options, **how},
                environment=PEERS,
            )
        if self.keras:
            yield Contestant(
                name="Keras on JAX",
                entry=f"{KERAS}{self.keras}",
                options={"batch": batch},
                environment=PEERS,
                variables={"KERAS_BACKEND": "jax"},
            )

    def row(self, batch: int) -> Row:
        """Its row."""
        return Row(
            name=f"{self.name}, batch {batch}",
            unit="samples",
            amount=batch,
            tolerance=self.tolerance,
            contestants=tuple(self.contestants(batch)),
            goals=self.goals,
            variables=VARIABLES,
            block=0.4,
        )


LAYOUT = {"torch channels_last": {"channels_last": True}}
COMPILED = {"torch.compile": {"compiled": True}}
TWICE = {"torch eager, pictures for each player": {"pictures_for_each": True}}  # more than ours
NETWORKS = (
    Network(
        name="CNN",
        module="cnn",
        torch={**LAYOUT, **COMPILED},
        keras="cnn",
        goals={"torch eager": 1.5, "plain flax": 3.0},
    ),
    Network(
        name="DCGAN",
        module="dcgan",
        torch={**LAYOUT, **TWICE},
        tolerance=0.5,  # each draws its own noise
        goals={"torch eager": 1.1, "plain flax": 3.0},
    ),
    Network(
        name="RNN",
        module="recurrent",
        options={"cell": "rnn", "layers": 2},
        goals={"torch eager": 1.4, "plain flax": 1.8},
    ),
    Network(
        name="LSTM",
        module="recurrent",
        options={"cell": "lstm"},
        torch=COMPILED,
        keras="lstm",
        goals={"torch eager": 0.9},
    ),
    Network(name="GRU", module="recurrent", options={"cell": "gru"}),
    Network(
        name="Transformer",
        module="transformer",
        torch=COMPILED,
        keras="transformer",
        goals={"torch eager": 1.0},
    ),
)


def rows() -> tuple[Row, ...]:
    """Every network at every batch size; the MLP also with many steps in a dispatch."""
    return (
        *(network.row(batch) for network in NETWORKS for batch in BATCHES),
        *(mlp(batch, count) for count in (1, DISPATCH) for batch in BATCHES),
    )


def mlp(batch: int, count: int) -> Row:
    """The MLP, `count` steps in a dispatch."""
    options = {"batch": batch, "count": count}

    def torch(name: str, **how: Any) -> Contestant:
        return Contestant(name=name, entry=f"{TORCH}mlp", options=options | how, environment=PEERS)

    return Row(
        name=f"MLP, batch {batch}" + (f", {count} steps a dispatch" if count > 1 else ""),
        unit="samples",
        amount=batch * count,
        tolerance=1e-3,
        contestants=(
            Contestant(name="ours", entry=f"{MODELS}mlp:ours", options=options),
            Contestant(name="plain flax", entry=f"{MODELS}mlp:plain", options=options),
            torch("torch eager"),
            torch("torch fused Adam", fused=True),
            torch("torch.compile", compiled=True),
            Contestant(
                name="Keras on JAX",
                entry=f"{KERAS}mlp",
                options={**options, "copies": max(200, 5 * count)},
                environment=PEERS,
                variables={"KERAS_BACKEND": "jax"},
            ),
        ),
        goals={"torch eager": 15.0 if count > 1 else 3.0},
        variables=VARIABLES,
        block=0.4,
        note="PyTorch makes its steps one by one." if count > 1 else "",
    )
