"""Parts of image experiments that need no training: data, files of cases, networks, signs."""

import struct

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ml_collections import ConfigDict

from experiments.experiment import ExperimentError
from experiments.images.cases import read_pictures
from experiments.images.data import load
from experiments.images.network import build_augmentation, build_network
from experiments.images.settings import image_config
from experiments.images.strangers import strangers
from experiments.images.usable import Likeness, ink, usability
from research.arguments import ArgumentError
from research.data.tables import TableError
from tests.experiments.images import synthetic
from tests.research.models.arrays import filled


def config(**changes):
    settings = synthetic.get_config()
    settings.update_from_flattened_dict(changes)
    return settings


def test_parts_are_disjoint_and_the_test_pictures_do_not_depend_on_the_seed():
    first, second = (load(config(seed=seed), synthetic.EXPERIMENT.subject) for seed in (0, 1))
    assert {part: len(images) for part, images in first.parts.items()} == {
        "train": 300,
        "validation": 200,
        "test": 100,
    }

    def pictures(part):
        return {image.tobytes() for image in part.images}

    assert not pictures(first.parts["train"]) & pictures(first.parts["validation"])
    assert pictures(first.parts["train"]) != pictures(second.parts["train"])
    np.testing.assert_array_equal(first.parts["test"].images, second.parts["test"].images)
    published = synthetic.dataset().test
    np.testing.assert_array_equal(published.images[first.numbers], first.parts["test"].images)


@pytest.mark.parametrize("changes", [{"data.train": 500}, {"data.test": 0}])
def test_too_many_pictures_and_none(changes):
    with pytest.raises(ArgumentError, match="expected at least one of each and together at most"):
        load(config(**changes), synthetic.EXPERIMENT.subject)


@pytest.mark.parametrize("family", ["cnn", "resnet", "convnext", "separable"])
def test_every_family_takes_pixels_as_they_are(family):
    settings = image_config(steps=10, channels=(4, 6))
    settings.model.family, settings.model.blocks = family, 2
    network = build_network(settings, 3)
    variables = jax.eval_shape(network.init, jax.random.key(0))
    pixels = jnp.zeros((5, 28, 28, 1), jnp.uint8)
    outputs, _ = jax.eval_shape(lambda v: network.apply(v, pixels, False, None), variables)
    assert {name: leaf.shape for name, leaf in outputs.items()} == {
        "features": (5, 6),
        "logits": (5, 3),
    }


def test_an_unknown_family():
    with pytest.raises(ExperimentError, match="model.family is 'vgg', expected cnn, resnet"):
        build_network(config(**{"model.family": "vgg"}), 3)


def test_a_picture_and_its_mirror_image_are_read_alike():
    plain, mirrored = (build_network(config(**{"model.mirrored": on}), 3) for on in (False, True))
    variables = filled(plain)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1), np.uint8)

    def logits(network, pixels):
        return network.apply(variables, pixels, False, None)[0]["logits"]

    both = (logits(plain, pixels) + logits(plain, pixels[:, :, ::-1])) / 2
    np.testing.assert_allclose(logits(mirrored, pixels), both, rtol=1e-4, atol=1e-4)


def test_augmentation_keeps_pixels_as_they_are():
    changes = {"augmentation.shift": 2, "augmentation.flip": True, "augmentation.cutout": 6}
    pixels = np.random.default_rng(0).integers(1, 256, (8, 28, 28, 1), np.uint8)
    changed = build_augmentation(config(**changes))(jax.random.split(jax.random.key(0), 8), pixels)
    assert changed.dtype == np.uint8 and changed.shape == pixels.shape
    cut = (np.asarray(changed) == 0).sum((1, 2, 3))
    assert (cut > 0).all() and (cut <= 28 * 28 - 26 * 26 + 36).all()
    still = build_augmentation(config())(jax.random.split(jax.random.key(0), 8), pixels)
    np.testing.assert_array_equal(still, pixels)


def test_ink():
    pixels = np.zeros((2, 4, 5, 1), np.uint8)
    pixels[1, :2] = 7
    np.testing.assert_allclose(ink(pixels), [0, 0.5])


def test_the_distance_is_that_of_mahalanobis():
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, 4000)
    spread = np.array([[2.0, 0.0, 0.0], [1.5, 0.5, 0.0], [0.0, 0.0, 0.1]])
    centres = random.normal(size=(3, 3)) * 10
    features = centres[labels] + random.normal(size=(4000, 3)) @ spread.T
    likeness = Likeness.fit(features, labels)
    new = centres + np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.2]])
    precision = np.linalg.inv(spread @ spread.T)
    steps = new - centres
    expected = np.sqrt(np.einsum("bi,ij,bj->b", steps, precision, steps))
    found = likeness.distance(jnp.asarray(new, jnp.float32))
    np.testing.assert_allclose(found, expected, rtol=0.1, atol=0.1)
    again = Likeness.from_json(likeness.to_json()).distance(jnp.asarray(new, jnp.float32))
    np.testing.assert_allclose(again, found, rtol=1e-3, atol=1e-3)


def test_a_feature_that_never_moves_makes_no_distance_infinite():
    features = np.random.default_rng(0).normal(size=(100, 3)) * [1, 1, 0]
    likeness = Likeness.fit(features, np.arange(100) % 2)
    assert np.isfinite(likeness.distance(jnp.ones((2, 3)))).all()


def test_usability_is_set_by_own_pictures_only():
    own, foreign = -np.arange(1, 101, dtype=np.float32), np.array([-0.5, -1.5, -200.0])
    found = usability(own, foreign, refused=0.02)
    assert (own > found.far).sum() == 2
    assert found.foreign_refused == pytest.approx(2 / 3)
    assert found.auc == pytest.approx((100 + 99) / 300)
    assert usability(own, foreign[:1], refused=0.02).far == found.far


def test_strangers():
    own = synthetic.part(4, 0).images
    found = strangers(own, own[:2], "dot", seed=0)
    assert list(found) == ["a dot", "negative", "pixels in disorder", "noise", "blank"]
    np.testing.assert_array_equal(found["negative"].astype(int) + own, 255)
    disorder = found["pixels in disorder"]
    assert not np.array_equal(disorder, own)
    np.testing.assert_array_equal(np.sort(disorder.reshape(4, -1)), np.sort(own.reshape(4, -1)))
    assert found["blank"].sum() == 0
    assert found["noise"].std() > 50


def test_pictures_from_files(tmp_path):
    for pixels in ([[255] * 28] * 28, [255] * 784):
        (tmp_path / "cases.jsonl").write_text(f'{{"pixels": {pixels}}}\n' * 2)
        names, images = read_pictures(tmp_path / "cases.jsonl")
        assert names == ["1", "2"]
        assert images.dtype == np.uint8 and images.shape == (2, 28, 28, 1)
        assert images.min() == 255
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(
        struct.pack(">BBBB3I", 0, 0, 8, 3, 1, 28, 28) + bytes(784)
    )
    names, images = read_pictures(tmp_path / "t10k-images-idx3-ubyte")
    assert names == ["1"] and images.shape == (1, 28, 28, 1)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'{"image": [1]}\n', "has no column pixels: each row needs 28 x 28 numbers"),
        ("a.jsonl", b'{"pixels": [1, 2]}\n', "every row of pixels must hold 28 x 28 numbers"),
        ("a.jsonl", b'{"pixels": ["a"]}\n', "every row of pixels must hold 28 x 28 numbers"),
        ("a.jsonl", b'{"pixels": [' + b"256, " * 783 + b"0]}\n", "must be numbers from 0"),
        ("a-ubyte", b"\x00\x00\x0d\x01", "an IDX file of bytes begins with 00 00 08"),
        ("a-ubyte", b"\x00\x00\x08\x01\x00\x00\x00\x01a", r"has the shape \[1\], expected \[N, 28"),
    ],
)
def test_files_without_pictures(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TableError, match=message):
        read_pictures(tmp_path / name)


def test_the_configurations_are_plain_and_their_rules_are_there():
    from experiments.experiment import located
    from experiments.fashion import config as fashion
    from experiments.mnist import config as mnist

    for module in (fashion, mnist):
        settings = module.get_config()
        assert isinstance(settings, ConfigDict)
        assert all(located(path).is_file() for path in settings.policy)
