import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.textures import SIZE, bricks, levels

from locogan_keras.data.patterns.autocorrelation import autocorrelation, flattened
from locogan_keras.data.patterns.kinds import whole_cells
from locogan_keras.data.patterns.lattice import Lattice, drawn, measured
from locogan_keras.data.patterns.lattice_choice import agreement
from locogan_keras.data.pictures import read_picture

EXAMPLES = Path(__file__).parents[2] / "examples"


def jpeg(picture, quality):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def lit(picture):
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    return levels(picture * (1 - 0.4 * x / x.max() - 0.2 * y / y.max())[..., None])


def filtered(response, seed):
    """Noise of a spectrum `response(y, x)`, in cycles for each pixel."""
    noise = np.fft.fft2(np.random.default_rng(seed).normal(size=SIZE))
    y, x = np.meshgrid(*map(np.fft.fftfreq, SIZE), indexing="ij")
    values = np.fft.ifft2(noise * response(np.abs(y), np.abs(x))).real
    return levels(128 + 40 * values / values.std())


@pytest.mark.parametrize(
    ("brick", "bond", "frame", "points"),
    [
        ((17.3, 41.3), 0.5, (2 * 17.3, 41.3), 2),
        ((13.7, 44.9), 1 / 3, (3 * 13.7, 44.9), 3),
        ((23.7, 31.3), 0, (23.7, 31.3), 1),
        ((8.3, 11.9), 0.5, (16.6, 11.9), 2),
    ],
)
def test_bonds(brick, bond, frame, points):
    lattice = measured(bricks(brick, bond))
    assert lattice.confidence > 0.9
    np.testing.assert_allclose(lattice.frame, frame, rtol=2e-3)
    # The vectors are primitive: nothing repeats between them.
    area = abs(np.linalg.det(lattice.vectors))
    np.testing.assert_allclose(area, frame[0] * frame[1] / points, rtol=4e-3)
    steps = lattice.vectors @ np.linalg.inv(np.diag(frame)) * points
    np.testing.assert_allclose(steps, np.rint(steps), atol=0.02)


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda wall: jpeg(wall, 30),
        lambda wall: lit(wall),
        lambda wall: levels(wall + 40 * np.random.default_rng(1).normal(size=wall.shape)),
        lambda wall: np.rot90(wall, 2),
    ],
    ids=["jpeg", "light", "noise", "turned"],
)
def test_spoilt_walls(spoilt):
    lattice = measured(spoilt(bricks((17.3, 41.3), 0.5)))
    assert lattice.confidence > 0.8
    np.testing.assert_allclose(lattice.frame, (34.6, 41.3), rtol=5e-3)


def test_courses_out_of_line():
    lattice = measured(bricks((14.4, 36), 0.5, jitter=1.5))
    assert lattice.is_regular
    np.testing.assert_allclose(lattice.frame, (28.8, 36), rtol=5e-3)


@pytest.mark.parametrize(("bright", "bond", "courses"), [((40, 0, 0), 0, 3), ((40, 0), 0.5, 2)])
def test_courses_of_other_colours_make_the_period_longer(bright, bond, courses):
    lattice = measured(bricks((13, 31), bond, bright=bright))
    assert lattice.is_regular
    np.testing.assert_allclose(lattice.frame, (courses * 13, 31), rtol=2e-3)


def test_a_pattern_of_colours_only():
    y, x = np.mgrid[:160, :190]
    red = 80.0 * ((y // 14 + x // 19) % 2)
    # Of one luminance.
    picture = levels(np.stack([60 + red, 150 - red * 0.299 / 0.587, np.full(x.shape, 90)], -1))
    assert np.ptp(np.asarray(Image.fromarray(picture).convert("L"))) <= 1
    lattice = measured(picture)
    assert lattice.confidence > 0.9
    np.testing.assert_allclose(lattice.frame, (28, 38), rtol=2e-3)


def test_planks_repeat_along_one_axis(rng):
    x = np.arange(250)
    grain = 15 * np.repeat(rng.normal(size=(1, 250)), 230, axis=0) + 10 * rng.normal(size=SIZE)
    lattice = measured(levels(120 + grain - 90 * (x % 25.6 < 3)))
    assert lattice.confidence > 0.5
    assert lattice.frame[0] is None
    np.testing.assert_allclose(lattice.frame[1], 25.6, rtol=5e-3)
    np.testing.assert_allclose(lattice.vectors, [(0, lattice.frame[1])], atol=1e-9)


def test_bricks_with_bonds_at_random_repeat_in_courses_only():
    lattice = measured(bricks((15.5, 42), 0.5, jitter=100))
    assert lattice.confidence > 0.5
    assert lattice.frame[1] is None
    np.testing.assert_allclose(lattice.frame[0], 15.5, rtol=5e-3)


IRREGULAR = {
    "constant": lambda: levels(np.full(SIZE, 99.0)),
    "gradient": lambda: levels(np.add.outer(np.arange(180) * 0.5, np.arange(200) * 0.4)),
    "jpeg": lambda: jpeg(IRREGULAR["gradient"](), 10),
    "white": lambda: filtered(lambda y, x: 1, 0),
    "pink": lambda: filtered(lambda y, x: 1 / np.maximum(np.hypot(y, x), 0.005), 0),
    "blocks": lambda: jpeg(IRREGULAR["pink"](), 10),
    "clouds": lambda: filtered(lambda y, x: np.maximum(np.hypot(y, x), 0.005) ** -2, 1),
    "stones": lambda: filtered(lambda y, x: np.exp(-(((np.hypot(y, x) - 0.06) / 0.01) ** 2)), 0),
    "ripples": lambda: filtered(
        lambda y, x: np.exp(-(((y - 0.06) / 0.008) ** 2 + (x / 0.02) ** 2)), 0
    ),
    "grain": lambda: filtered(lambda y, x: (y < 0.004) / np.maximum(x, 0.004) ** 0.7 + 0.05, 0),
}


@pytest.mark.parametrize("name", IRREGULAR)
def test_irregular_pictures(name):
    assert measured(IRREGULAR[name]()).confidence < 0.2


# The bricks are seen from aside: their courses are of different heights.
@pytest.mark.parametrize("name", ["brick_grey", "gravel_grey", "sunset"])
def test_photos_without_a_lattice(name):
    assert measured(read_picture(EXAMPLES / f"{name}.png")).confidence < 0.2


def test_few_periods_lower_the_confidence():
    few = measured(bricks((30, 100), 0.5, size=(150, 250)))
    assert 0 < few.confidence < 0.5
    np.testing.assert_allclose(few.frame, (60, 100), rtol=5e-3)


def test_less_than_two_periods_are_none():
    lattice = measured(bricks((70, 150), 0.5, size=(230, 280)))
    assert not lattice.is_regular
    assert lattice.frame[1] is None


@pytest.mark.parametrize(("angle", "most"), [(1, 0.4), (12, 0)])
def test_walls_that_lean_have_vectors_but_no_frame_to_rely_on(angle, most):
    lattice = measured(bricks((16, 40), 0.5, angle=angle))
    assert lattice.confidence <= most
    lengths = np.linalg.norm(lattice.vectors, axis=1)
    np.testing.assert_allclose(lengths, np.hypot(16, 20), rtol=5e-3)


def test_a_photo_that_tiles_has_a_whole_number_of_frames():
    height, width = measured(bricks((256 / 14, 256 / 6), 0.5, size=(256, 256))).frame
    assert height == pytest.approx(256 / 7, rel=1e-12)
    assert width == pytest.approx(256 / 6, rel=1e-12)


def test_large_pictures_are_measured_in_their_own_pixels():
    small = bricks((17.3, 41.3), 0.5)
    large = np.asarray(Image.fromarray(small).resize((500, 460)))
    np.testing.assert_allclose(measured(large).frame, (2 * 34.6, 2 * 41.3), rtol=4e-3)


def test_tiny_pictures_have_none():
    assert measured(bricks((5, 8), 0.5, size=(31, 90))) == Lattice()


@pytest.mark.parametrize("shift", [(0, 0), (3, -5), (-11, 0), (0, 12)])
def test_the_autocorrelation_is_that_of_what_overlaps(shift, rng):
    field = rng.normal(size=(17, 19, 1)) + np.arange(19)[:, None]
    down, right = shift
    first = field[max(0, -down) : 17 - max(0, down), max(0, -right) : 19 - max(0, right)]
    second = field[max(0, down) : 17 + min(0, down), max(0, right) : 19 + min(0, right)]
    expected = np.corrcoef(first.ravel(), second.ravel())[0, 1]
    ours = autocorrelation(field)
    assert ours.shape == (23, 25)
    np.testing.assert_allclose(ours[11 + down, 12 + right], expected, atol=1e-5)


def test_light_does_not_matter_to_the_flattened():
    wall = bricks((16, 40), 0.5, noise=0)
    ours, theirs = flattened(wall), flattened(lit(wall))
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.97


def test_agreement_is_of_one_part_with_others(rng):
    field = np.tile(rng.normal(size=(8, 10, 1)), (12, 12, 1))
    np.testing.assert_allclose(agreement(field, np.diag([8.0, 10.0])), 1, atol=1e-6)
    np.testing.assert_allclose(
        agreement(field, np.array([[8.0, 0]])), field.mean(1).std() / field.std(), atol=0.06
    )
    assert abs(agreement(rng.normal(size=field.shape), np.diag([8.0, 10.0]))).max() < 0.1


@pytest.mark.parametrize(
    ("frame", "size", "image_size", "expected"),
    [
        # Two courses by one brick of a photo known to become 32 x 48 at 384 pixels.
        ((1024 / 12, 128), (1024, 1024), 384, ((384, 384), (32, 48))),
        ((None, 102.4), (1024, 1024), 469, ((480, 480), (None, 48))),
        ((6.0, None), (96, 120), 384, ((85, 107), (16, None))),
        ((100.0, 100.0), (300, 800), 300, ((288, 768), (96, 96))),
    ],
)
def test_whole_cells(frame, size, image_size, expected):
    assert whole_cells(frame, size, image_size) == expected


def test_whole_cells_fit_all_over_the_photo(rng):
    for _ in range(25):
        frame, size = rng.uniform(20, 200, size=2), rng.integers(256, 1000, size=2)
        wanted = int(rng.integers(128, 512))
        target, cells = whole_cells(tuple(frame), tuple(size), wanted)
        factors = np.divide(target, size)
        assert max(factors) / min(factors) < 1.07
        assert 0.6 < min(target) / min(wanted, *size) < 1.7
        assert not np.any(np.remainder(cells, 16))
        periods = np.rint(cells / (frame * factors))
        drift = np.abs(size / frame * cells / periods - target)
        assert np.all(periods >= 1)
        assert np.all(drift <= 0.5 + 1e-9)


def test_whole_cells_need_a_period():
    with pytest.raises(ValueError, match=r"frame=\(None, None\)"):
        whole_cells((None, None), (512, 512), 384)


def test_a_scaled_wall_repeats_in_whole_cells():
    wall = bricks((17.3, 41.3), 0.5, size=(240, 240))
    lattice = measured(wall)
    target, frame = whole_cells(lattice.frame, wall.shape[:2], 210)
    scaled = np.asarray(Image.fromarray(wall).resize(target[::-1], Image.Resampling.LANCZOS))
    again = np.array(measured(scaled).frame)
    counts = np.rint(frame / again)
    np.testing.assert_allclose(counts * again, frame, rtol=3e-3)


def test_the_drawing():
    picture = np.zeros((90, 100, 3), np.uint8)
    lattice = Lattice(((15.0, 20.0), (-15.0, 20.0)), (30.0, 40.0), 1.0)
    ours = drawn(picture, lattice)
    assert ours.dtype == np.uint8
    assert ours.shape == picture.shape
    assert not picture.any()
    np.testing.assert_array_equal(ours[30, 7], (0, 255, 255))
    np.testing.assert_array_equal(ours[7, 80], (0, 255, 255))
    np.testing.assert_array_equal(ours[15, 20], (255, 0, 255))
    np.testing.assert_array_equal(ours[22, 30], (0, 0, 0))
    np.testing.assert_array_equal(drawn(picture, Lattice()), picture)


def test_tensorflow_stays_out():
    code = "import sys, locogan_keras.data.patterns.lattice, locogan_keras.data.patterns.kinds\n"
    code += "sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
