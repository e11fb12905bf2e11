"""Latent fields made of several seeds: variance kept, ends exact."""

import dataclasses

import numpy as np
import pytest

from locogan_keras.canvas.latents import latent_field
from locogan_keras.canvas.plans import Blend, Latents, Seeded, blended

ROWS, COLUMNS = np.arange(-3, 61)[:, None], np.arange(-8, 72)[None, :]


def latents(seed):
    return Latents(Seeded(seed), Seeded(seed), 3, 2)


def constant(amount):
    return lambda rows, columns: amount


def test_a_seed_alone_is_its_field_to_the_bit():
    expected = latent_field(7, 0, -5, 58, 74, global_channels=3, local_channels=2)
    np.testing.assert_array_equal(latents(7)(ROWS, COLUMNS), expected)


def test_the_ends_of_a_blend_are_its_fields_to_the_bit():
    first, second = latents(1), latents(2)
    for amount, expected in [(0, first), (1, second)]:
        blend = blended(first, second, constant(amount))
        np.testing.assert_array_equal(blend(ROWS, COLUMNS), expected(ROWS, COLUMNS))


@pytest.mark.parametrize("amount", [0.1, 0.5, 0.8])
def test_a_blend_keeps_the_variance(amount):
    first, second = latents(1), latents(2)
    values = blended(first, second, constant(amount))(ROWS, COLUMNS)
    share = np.hypot(1 - amount, amount)
    expected = ((1 - amount) * first(ROWS, COLUMNS) + amount * second(ROWS, COLUMNS)) / share
    np.testing.assert_allclose(values, expected, atol=1e-6)
    # Over 10,240 values the deviation is known to 0.7 %.
    assert abs(values[..., 3:].std() - 1) < 0.03
    plain = (1 - amount) * first(ROWS, COLUMNS) + amount * second(ROWS, COLUMNS)
    assert plain[..., 3:].std() < 0.95


def test_a_blend_of_a_seed_with_itself_is_that_seed_to_the_bit():
    blend = blended(latents(5), latents(5), constant(0.3))
    np.testing.assert_array_equal(blend(ROWS, COLUMNS), latents(5)(ROWS, COLUMNS))


def test_shares_of_nested_blends_have_length_one():
    plan = Blend(Blend(Seeded(1), Seeded(2), constant(0.4)), Seeded(1), constant(0.7))
    shares = plan.shares(ROWS, COLUMNS)
    assert set(shares) == {Seeded(1), Seeded(2)}
    np.testing.assert_allclose(sum(share**2 for share in shares.values()), 1.0)


def test_plans_are_apart():
    field = dataclasses.replace(latents(3), local=Seeded(4))(ROWS, COLUMNS)
    np.testing.assert_array_equal(field[..., :3], latents(3)(ROWS, COLUMNS)[..., :3])
    np.testing.assert_array_equal(field[..., 3:], latents(4)(ROWS, COLUMNS)[..., 3:])


@dataclasses.dataclass(frozen=True)
class Numbered:
    """A plan of another kind, whose every value tells its channel and its address."""

    def shares(self, rows, columns):
        return {self: np.ones(np.broadcast_shapes(rows.shape, columns.shape))}

    def values(self, channels, rows, columns):
        return np.float32(channels + 10 * rows[..., None] + 1000 * columns[..., None])


def test_a_plan_needs_no_seed():
    field = dataclasses.replace(latents(1), local=Numbered())
    addresses = np.arange(4)[:, None], np.arange(5)[None]
    local = field(ROWS[:4], COLUMNS[:, :5], addresses)[..., 3:]
    assert local[2, 3].tolist() == [3020, 3021]
    master = Latents(Numbered(), Numbered(), 3, 2)(ROWS, COLUMNS)[..., :3]
    np.testing.assert_array_equal(master, np.broadcast_to([-1, -2, -3], master.shape))


def test_plans_of_two_kinds_blend():
    first, second = latents(1), Latents(Numbered(), Numbered(), 3, 2)
    values = blended(first, second, constant(0.25))(ROWS, COLUMNS)
    expected = (0.75 * first(ROWS, COLUMNS) + 0.25 * second(ROWS, COLUMNS)) / np.hypot(0.75, 0.25)
    np.testing.assert_allclose(values, expected, rtol=1e-6)


def test_shares_go_by_the_cell_and_values_by_the_address():
    right = blended(latents(1), latents(2), lambda rows, columns: (columns >= 0) + 0.0 * rows)
    values = right(ROWS, COLUMNS, (ROWS + 5, COLUMNS - 40))
    for seed, here in ((1, slice(0, 8)), (2, slice(8, None))):
        expected = latents(seed)(ROWS + 5, COLUMNS[:, here] - 40)
        np.testing.assert_array_equal(values[:, here], expected)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seeds_out_of_range_are_named(seed):
    with pytest.raises(ValueError, match=f"seed={seed}"):
        Seeded(seed)
