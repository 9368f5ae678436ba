"""What every augmentation keeps to: an example and its key decide, nothing else."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, PartitionSpec

from research.data import augmentation as aug

BATCH = {
    "keys": jax.random.split(jax.random.key(3), 16),
    "images": np.random.default_rng(1).uniform(size=(16, 7, 9, 2)).astype(np.float32),
    "tokens": np.random.default_rng(2).integers(0, 50, (16, 12)).astype(np.int32),
    "targets": np.eye(16, 5, dtype=np.float32),
}
OTHER = BATCH | {"keys": jax.random.split(jax.random.key(4), 16)}


# All of them in one program, barely optimised: compiling takes most of the time here.
compiled = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})


def every_one(batch):
    keys, images = batch["keys"], batch["images"]
    tokens, targets = batch["tokens"], batch["targets"]
    chained = aug.chain(aug.flip, partial(aug.noise, scale=0.1), aug.flip)
    return {
        "crop": aug.crop(keys, images, size=(5, 6), padding=2, mode="reflect"),
        "shift": aug.shift(keys, images, pixels=2),
        "flip": aug.flip(keys, images),
        "cutout": aug.cutout(keys, images, size=4),
        "noise": aug.noise(keys, images, scale=0.1),
        "spec_augment": aug.spec_augment(keys, images[..., 0], time_width=4, frequency_width=3),
        "mask_tokens": aug.mask_tokens(keys, tokens, mask=3, vocabulary=50),
        "drop_tokens": aug.drop_tokens(keys, tokens, rate=0.3, replacement=1),
        "chain": chained(keys, images),
        "mixup": aug.mixup(keys, images, targets, alpha=0.4),
    }


every = compiled(every_one)


def same(found, expected):
    for name in expected:
        jax.tree.map(
            partial(np.testing.assert_array_equal, err_msg=name), found[name], expected[name]
        )


def test_the_place_in_the_batch_does_not_matter():
    places = np.arange(16).reshape(8, 2)[::-1].ravel()  # pairs stay pairs, for mixup
    moved, whole = every(jax.tree.map(lambda x: x[places], BATCH)), every(BATCH)
    same(moved, jax.tree.map(lambda x: x[places], whole))


def test_eight_devices_with_two_examples_each_do_what_one_does():
    alone = every(BATCH)
    mesh = jax.make_mesh((8,), ("data",), (AxisType.Auto,))
    share = PartitionSpec("data")
    mapped = compiled(jax.shard_map(every_one, mesh=mesh, in_specs=share, out_specs=share))
    same(mapped(BATCH), alone)
    same(every(jax.device_put(BATCH, jax.NamedSharding(mesh, share))), alone)


def test_other_keys_give_something_else():
    first, second = every(BATCH), every(OTHER)
    for name in first:
        leaves = jax.tree.leaves(first[name]), jax.tree.leaves(second[name])
        assert not np.array_equal(leaves[0][0], leaves[1][0]), name


def test_equal_examples_are_changed_differently():
    alike = {name: jnp.broadcast_to(BATCH[name][:1], BATCH[name].shape) for name in BATCH}
    changed = every(alike | {"keys": BATCH["keys"]})
    del changed["mixup"]  # has nothing to mix here
    for name, tree in changed.items():
        assert len(np.unique(jax.tree.leaves(tree)[0], axis=0)) > 1, name


def test_half_precision_stays():
    half = {name: BATCH[name].astype(jnp.bfloat16) for name in ("images", "targets")}
    outputs = jax.eval_shape(every_one, BATCH | half)
    for name in outputs:
        if "tokens" not in name:
            assert all(leaf.dtype == jnp.bfloat16 for leaf in jax.tree.leaves(outputs[name])), name


def test_chain_gives_each_change_keys_of_its_own():
    seen = []

    def watch(keys, inputs):
        seen.append(keys)
        return inputs + 1

    out = aug.chain(watch, watch)(BATCH["keys"], np.zeros(16))
    assert (out == 2).all()
    for number in (0, 1):
        np.testing.assert_array_equal(
            jax.random.key_data(seen[number][5]),
            jax.random.key_data(jax.random.fold_in(BATCH["keys"][5], number)),
        )


def test_an_empty_chain_changes_nothing():
    assert aug.chain()(BATCH["keys"], BATCH["images"]) is BATCH["images"]


def test_all_is_covered():
    assert {*every(BATCH), "MaskedTokens"} == {*aug.__all__}
