"""Many trees at once in XLA: which leaf each example reaches in each tree.

Two forms, equal in every leaf. By gathers, all examples go down one level at a time. By
comparisons, every inner node is compared for every example, and a node that sends an
example right takes the leaves on its left out of a bit set; of the leaves that remain the
first one is the example's (QuickScorer: Lucchese et al., SIGIR 2015; the same arithmetic as
the matrix products of Hummingbird: Nakandala et al., OSDI 2020, in bits instead of floats).
Comparisons have no indirect addresses, which vector units like, but cost the whole tree:
they are taken for trees that are small for their depth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, UInt

from research.models.classical.trees import Tree, stacked

_WORD = 32
_MOST_WORDS = 4  # every inner node is compiled by itself
# Operations of a comparison and of its words in the time of one gather on a CPU's vector
# unit, as measured with trees of 8 to 128 leaves.
_IN_A_LEVEL = 32
_ALL = np.uint32(0xFFFFFFFF)
_LOWEST, _HIGHEST = np.iinfo(np.int32).min, np.iinfo(np.int32).max


def arrays_of(trees: Sequence[Tree]) -> dict[str, np.ndarray]:
    """Arrays for `leaves`, by name: the trees, and what the better form needs.

    Raises:
        ArgumentError: when there is no tree, or they differ in their number of outputs.
    """
    deepest = max(tree.depth for tree in trees)
    arrays = {**stacked(trees), "depth": np.array(deepest, np.int32)}
    words = -(-max(len(tree.leaves) for tree in trees) // _WORD)
    inner = max(max(int((tree.feature >= 0).sum()) for tree in trees), 1)
    if words > _MOST_WORDS or inner * (1 + words) > _IN_A_LEVEL * deepest:
        return arrays
    arrays["inner"] = np.zeros((len(trees), inner), np.int32)
    arrays["kept"] = np.full((len(trees), inner, words), _ALL, np.uint32)
    arrays["leaves"] = np.zeros((len(trees), words * _WORD), np.int32)
    for row, tree in enumerate(trees):
        nodes = np.flatnonzero(tree.feature >= 0)
        arrays["inner"][row, : len(nodes)] = nodes
        arrays["kept"][row, : len(nodes)] = _kept(tree, words)[nodes]
        arrays["leaves"][row, : len(tree.leaves)] = tree.leaves
    return arrays


def _kept(tree: Tree, words: int) -> np.ndarray:
    """Bits `[M, words]` of the leaves that remain when an example goes right at a node."""
    below = np.zeros((tree.nodes, words * _WORD), bool)
    below[tree.leaves, np.arange(len(tree.leaves))] = True
    for node in np.flatnonzero(tree.feature >= 0)[::-1]:
        below[node] = below[tree.left[node]] | below[tree.right[node]]
    bits = np.packbits(~below[tree.left], axis=1, bitorder="little")
    return np.ascontiguousarray(bits).view("<u4").astype(np.uint32)


def leaves(trees: Mapping[str, Array], inputs: Float[Array, "B D"]) -> Int[Array, "T B"]:
    """The leaf, as an index of the tree's nodes, that each example reaches in each tree."""
    keys = _ordered(inputs)
    side = trees["feature"] + jnp.where(trees["missing_left"], 0, inputs.shape[1])
    column = jnp.where(trees["feature"] < 0, 0, side)
    limit = _key(trees["threshold"])
    if "kept" in trees:
        return _by_comparisons(trees, column, limit, keys)
    return _by_gathers(trees, column, limit, keys)


def totals(trees: Mapping[str, Array], leaves: Int[Array, "T B"]) -> Float[Array, "B K"]:
    """The sum over the trees of the values of these leaves."""

    def tree(sums: Array, one: tuple[Array, Array]) -> tuple[Array, None]:
        value, leaf = one
        return sums + jnp.take(value, leaf, axis=0, mode="clip"), None

    start = jnp.zeros((leaves.shape[1], trees["value"].shape[-1]), jnp.float32)
    return lax.scan(tree, start, (trees["value"], leaves))[0]


def _key(numbers: Float[Array, "*S"]) -> Int[Array, "*S"]:
    """Integers in the order of float32 numbers; for NaN, some.

    Compared as floats, numbers below 1e-38 would be taken for zero by many processors.
    """
    bits = lax.bitcast_convert_type(numbers.astype(jnp.float32), jnp.int32)
    return jnp.where(bits < 0, _LOWEST - bits, bits)


def _ordered(inputs: Float[Array, "B D"]) -> Int[Array, "E B"]:
    """Keys of all features twice (E is 2 D): missing ones the lowest, then the highest.

    So a node that sends missing values left compares in the first half, others in the second.
    """
    keys, missing = _key(inputs).T, jnp.isnan(inputs).T
    return jnp.concatenate([jnp.where(missing, _LOWEST, keys), jnp.where(missing, _HIGHEST, keys)])


def _by_gathers(
    trees: Mapping[str, Array],
    column: Int[Array, "T M"],
    limit: Int[Array, "T M"],
    keys: Int[Array, "E B"],
) -> Int[Array, "T B"]:
    count, nodes = column.shape
    batch = keys.shape[1]
    first = jnp.arange(count, dtype=jnp.int32)[:, None] * nodes
    # A node's children lie side by side, so that the comparison is part of the address.
    children = (jnp.stack([trees["right"], trees["left"]], -1) + first[..., None]).ravel()
    columns, limits, flat = column.ravel(), limit.ravel(), keys.ravel()
    examples = jnp.arange(batch, dtype=jnp.int32)

    def level(_: Array, node: Array) -> Array:
        key = jnp.take(flat, jnp.take(columns, node, mode="clip") * batch + examples, mode="clip")
        left = key <= jnp.take(limits, node, mode="clip")
        return jnp.take(children, node * 2 + left, mode="clip")

    reached = lax.fori_loop(0, trees["depth"], level, jnp.broadcast_to(first, (count, batch)))
    return reached - first


def _by_comparisons(
    trees: Mapping[str, Array],
    column: Int[Array, "T M"],
    limit: Int[Array, "T M"],
    keys: Int[Array, "E B"],
) -> Int[Array, "T B"]:
    batch = keys.shape[1]
    _, inner, words = trees["kept"].shape

    def tree(carry: None, one: tuple[Array, ...]) -> tuple[None, Array]:
        columns, limits, kept, leaf = one
        remain = [jnp.full(batch, _ALL)] * words
        # Unrolled, so that XLA makes one pass over the examples of all nodes.
        for node in range(inner):
            left = keys[columns[node]] <= limits[node]
            remain = [
                bits & jnp.where(left, _ALL, kept[node, word]) for word, bits in enumerate(remain)
            ]
        position = jnp.zeros(batch, jnp.int32)
        for word in reversed(range(words)):
            here = _first(remain[word]) + word * _WORD
            position = jnp.where(remain[word] != 0, here, position)
        return None, jnp.take(leaf, position, mode="clip")

    pick = trees["inner"]
    columns = jnp.take_along_axis(column, pick, axis=1)
    limits = jnp.take_along_axis(limit, pick, axis=1)
    return lax.scan(tree, None, (columns, limits, trees["kept"], trees["leaves"]))[1]


def _first(bits: UInt[Array, " B"]) -> Int[Array, " B"]:
    """Index of the lowest bit that is set."""
    return (_WORD - 1 - lax.clz(bits & (~bits + 1))).astype(jnp.int32)
