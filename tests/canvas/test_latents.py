import numpy as np
import pytest
import tensorflow as tf
from support.scalar_canvas import scalar_normal

from locogan_keras.canvas import graph_latents
from locogan_keras.canvas.latents import global_latent, latent_field, local_latent, threefry

# Known answers of Random123's own test file: key, counter, result.
KNOWN_ANSWERS = [
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
]

# Frozen: (seed, channel, row, column) -> local value. Another number is another world.
FROZEN_LOCAL = [
    ((0, 0, 0, 0), -1.0654524564743042),
    ((1, 1, 2, 3), -0.7338699102401733),
    ((4294967295, 1, -1, -2147483648), -1.6925599575042725),
    ((123456789, 0, 2147483647, -7), 0.7869964838027954),
]


@pytest.mark.parametrize(("key", "counter", "expected"), KNOWN_ANSWERS)
def test_threefry_gives_the_published_answers(key, counter, expected):
    ours = threefry(key, [np.uint32(word) for word in counter])
    assert tuple(int(word) for word in ours) == expected
    in_graph = graph_latents.threefry(
        [tf.constant(word, tf.uint32) for word in key],
        [tf.constant(word, tf.uint32) for word in counter],
    )
    assert tuple(int(word) for word in in_graph) == expected


@pytest.mark.parametrize(("address", "value"), FROZEN_LOCAL)
def test_local_values_are_frozen(address, value):
    seed, channel, row, column = address
    field = local_latent(seed, channel + 1, row, column, 1, 1)
    assert field[0, 0, channel] == np.float32(value)


def test_global_values_are_frozen():
    np.testing.assert_array_equal(
        global_latent(7, 3),
        np.float32([0.0703929215669632, -0.9760876297950745, -1.0429366827011108]),
    )


def test_every_value_is_that_of_its_own_address(rng):
    for _ in range(50):
        seed = int(rng.integers(2**32))
        row, column = (int(cell) for cell in rng.integers(-(2**31), 2**31, size=2))
        field = local_latent(seed, 2, row, column, 1, 1)[0, 0]
        expected = [scalar_normal(seed, channel, row, column) for channel in range(2)]
        np.testing.assert_array_equal(field, expected)
        expected = [scalar_normal(seed, -1 - channel, 0, 0) for channel in range(3)]
        np.testing.assert_array_equal(global_latent(seed, 3), expected)


def test_a_window_is_a_slice_of_the_world():
    world = latent_field(3, -20, -30, 40, 50)
    window = latent_field(3, -7, 5, 11, 13)
    np.testing.assert_array_equal(window, world[13 : 13 + 17, 35 : 35 + 19])


def test_a_period_repeats_local_values_to_the_bit():
    field = latent_field(5, -9, 4, 20, 30, period=(4, 7))
    np.testing.assert_array_equal(field[4:], field[:-4])
    np.testing.assert_array_equal(field[:, 7:], field[:, :-7])
    free = latent_field(5, 0, 0, 4, 7)[3:-3, 3:-3]
    np.testing.assert_array_equal(latent_field(5, 0, 0, 4, 7, period=(4, 7))[3:-3, 3:-3], free)


def test_a_line_has_one_value():
    lines, cells = (
        local_latent(5, 4, -9, 4, 20, 30, line_channels=(2, 1)),
        local_latent(5, 4, -9, 0, 20, 1),
    )
    # Of a row, the value that the cell of column 0 would have.
    np.testing.assert_array_equal(lines[..., :2], np.broadcast_to(cells[..., :2], (20, 30, 2)))
    column = local_latent(5, 3, 0, 4, 1, 30)[..., 2]
    np.testing.assert_array_equal(lines[..., 2], np.broadcast_to(column, (20, 30)))
    np.testing.assert_array_equal(lines[..., 3], local_latent(5, 4, -9, 4, 20, 30)[..., 3])


def test_values_are_independent_standard_normals():
    field = local_latent(11, 2, -100, -100, 300, 300).astype(np.float64)
    assert abs(field.mean()) < 0.01
    assert abs(field.std() - 1) < 0.01
    assert abs((field**4).mean() - 3) < 0.1
    neighbours = [(field[1:] * field[:-1]), (field[:, 1:] * field[:, :-1]), field.prod(axis=-1)]
    assert all(abs(product.mean()) < 0.01 for product in neighbours)
    assert np.unique(field).size > 0.99 * field.size


def test_graphs_draw_the_same_numbers():
    seeds = np.array([0, 1, 2**32 - 1], np.uint32)
    fields = graph_latents.latent_fields(
        tf.constant(seeds),
        tf.range(-4, 4),
        tf.range(2**31 - 9, 2**31, dtype=tf.int64),
        global_channels=16,
        local_channels=2,
    )
    for seed, field in zip(seeds, fields.numpy(), strict=True):
        expected = latent_field(int(seed), -1, 2**31 - 6, 2, 3)
        np.testing.assert_array_equal(field, expected)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seeds_out_of_range_are_refused(seed):
    with pytest.raises(ValueError, match=f"seed={seed}"):
        latent_field(seed, 0, 0, 1, 1)
