from fractions import Fraction

import numpy as np
import pytest

from locogan_keras.canvas.graph_positions import window_positions as graph_window_positions
from locogan_keras.canvas.positions import cell_centres, check_frame, position_map, window_positions


def test_centres_are_those_of_cells_of_16_pixels():
    expected = [Fraction(2 * (16 * cell + 8), 100) - 1 for cell in range(-5, 20)]
    np.testing.assert_array_equal(
        cell_centres(-5, 25, 100), np.float32([float(e) for e in expected])
    )


def test_minus_one_and_one_are_the_edges_of_the_frame():
    centres = cell_centres(0, 8, 128)
    assert centres[0] == -1 + 8 / 64
    assert centres[-1] == 1 - 8 / 64


def test_a_window_of_the_map_is_its_slice_to_the_bit(rng):
    whole = position_map(-40, -50, 100, 120, (130, 77))
    for _ in range(20):
        top, left = (int(cell) for cell in rng.integers(-30, 30, size=2))
        height, width = (int(length) for length in rng.integers(1, 20, size=2))
        window = position_map(top, left, height, width, (130, 77))
        rows, columns = top + 40, left + 50
        expected = whole[rows : rows + height + 6, columns : columns + width + 6]
        np.testing.assert_array_equal(window, expected)


def test_whole_frames_are_subtracted_on_periodic_axes_only():
    near = position_map(1, 2, 3, 4, (192, 192), (False, True))
    far = position_map(1, 2 + 12 * 10**7, 3, 4, (192, 192), (False, True))
    np.testing.assert_array_equal(near, far)
    lower = position_map(13, 2, 3, 4, (192, 192), (False, True))
    np.testing.assert_allclose(lower[..., 0], near[..., 0] + 2, atol=1e-6)


def test_no_map_jumps_inside():
    steps = np.diff(position_map(10, 11, 9, 9, (192, 192), (True, True)), axis=1)[..., 1]
    np.testing.assert_allclose(steps, 2 / 12, atol=1e-6)


def test_a_training_window_sees_the_positions_of_the_picture():
    frame = (128, 192)
    window = (32 / 128, 48 / 192, 64 / 128, 64 / 192)
    ours = window_positions(window, count=4, border=3)
    np.testing.assert_allclose(ours, position_map(2, 3, 4, 4, frame), atol=1e-7)
    pixels = window_positions(window, count=64, border=0)
    expected = 2 * (48 + np.arange(64) + 0.5) / 192 - 1
    np.testing.assert_allclose(pixels[5, :, 1], expected, atol=1e-7)


def test_graphs_compute_the_same_windows(rng):
    windows = rng.uniform(0, 1, size=(5, 4)).astype(np.float32)
    ours = graph_window_positions(windows, 4, 3)
    expected = np.stack([window_positions(window, 4, 3) for window in windows])
    np.testing.assert_allclose(ours, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("frame", "encoding"),
    [((100, 128), "torus"), ((128, 100), "cylinder"), ((0, 128), "linear"), ((64, 64), "sphere")],
)
def test_frames_that_cannot_be_are_refused(frame, encoding):
    with pytest.raises(ValueError, match="Received"):
        check_frame(frame, encoding)


def test_a_linear_axis_takes_any_frame():
    check_frame((100, 128), "cylinder")
    check_frame((1, 7), "linear")
