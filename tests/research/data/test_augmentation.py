import jax
import jax.numpy as jnp
import numpy as np

from research.data import augmentation


def test_shift_moves_each_image_on_its_own():
    images = jnp.zeros((64, 5, 5, 1)).at[:, 2, 2].set(1.0)
    moved = augmentation.shift(jax.random.key(0), images, pixels=1)
    places = {tuple(np.argwhere(np.asarray(image[..., 0]))[0]) for image in moved}
    assert places == {(row, column) for row in (1, 2, 3) for column in (1, 2, 3)}
    assert (moved.sum(axis=(1, 2, 3)) == 1).all()


def test_shift_fills_with_zeros():
    moved = augmentation.shift(jax.random.key(0), jnp.ones((32, 4, 4, 2)), pixels=2)
    assert set(np.unique(moved)) == {0.0, 1.0}
    assert moved.shape == (32, 4, 4, 2)


def test_noise_has_its_scale_and_differs_by_example():
    noisy = augmentation.noise(jax.random.key(0), jnp.zeros((100, 8, 8, 1)), scale=0.5)
    assert abs(float(np.std(noisy)) - 0.5) < 0.02
    assert not np.array_equal(noisy[0], noisy[1])


def test_the_same_key_gives_the_same():
    images = jax.random.normal(jax.random.key(1), (4, 6, 6, 1))
    for change in (
        lambda key: augmentation.shift(key, images, pixels=1),
        lambda key: augmentation.noise(key, images, scale=0.1),
    ):
        np.testing.assert_array_equal(change(jax.random.key(2)), change(jax.random.key(2)))
