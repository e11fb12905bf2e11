import gc
import threading
import tracemalloc

import numpy as np
import pytest
from conftest import PATIENCE, lively_generator

from locogan_keras.canvas.description import Description
from locogan_keras.canvas.latents import local_latent
from locogan_keras.canvas.periods import PERIODIC
from locogan_keras.canvas.views import make_view
from locogan_keras.engines.keras_engine import KerasEngine
from locogan_keras.rendering.files.levels import to_levels
from locogan_keras.rendering.files.opening import write_picture
from locogan_keras.rendering.render import bands, render

FRAME = (96, 112)
# Of each way to repeat, one longer than the shortest.
PERIODS = {
    "none": (0, 0),
    "x": (0, 224),
    "y": (192, 0),
    "xy": (192, 224),
    "half-drop": (192, 224),
    "brick": (96, 224),
}


@pytest.fixture(scope="module", params=["linear", "cylinder", "torus"])
def engine(request):
    return KerasEngine(lively_generator(request.param, frame=FRAME, width=2))


@pytest.fixture(scope="module")
def torus():
    return KerasEngine(lively_generator("torus", frame=FRAME, width=2))


@pytest.fixture(scope="module")
def linear():
    return KerasEngine(lively_generator("linear", frame=FRAME, width=2))


def picture_of(engine, tile=48, **request):
    return render(engine, make_view(engine.description, **request), tile)


def assert_within_a_level(first, second):
    difference = np.abs(first.astype(int) - second.astype(int))
    assert difference.max() <= 1
    assert np.count_nonzero(difference) <= max(1, 3 * difference.size // 10_000)


def frame_of(engine):
    """A fixed frame on linear axes, so that windows show one world."""
    return tuple(0 if repeats else 200 for repeats in engine.description.periodic)


@pytest.fixture(params=["linear", "cylinder", "torus", "onnx", "savedmodel"])
def any_engine(request, make_engine):
    """Keras with each encoding, and the others."""
    kind = request.param
    if kind in ("onnx", "savedmodel"):
        return make_engine(kind, "torus", frame=FRAME)
    return make_engine("keras", kind, frame=FRAME)


def test_a_window_is_a_crop_to_the_bit(any_engine, rng):
    engine, frame = any_engine, frame_of(any_engine)
    world = {"frame": frame, "periodic": "none", "seed": 4}
    whole = picture_of(engine, top=-101, left=-97, height=211, width=199, **world)
    for height, width in [(1, 1), (1, 199), (37, 53), (101, 2)]:
        top = int(rng.integers(0, 212 - height))
        left = int(rng.integers(0, 200 - width))
        window = picture_of(
            engine, top=top - 101, left=left - 97, height=height, width=width, **world
        )
        np.testing.assert_array_equal(window, whole[top : top + height, left : left + width])


def test_another_tile_gives_the_same_world(engine):
    pictures = [
        picture_of(engine, tile, height=131, width=149, top=-50, left=30, frame=frame_of(engine))
        for tile in (16, 48, 160)
    ]
    assert_within_a_level(pictures[0], pictures[1])
    assert_within_a_level(pictures[0], pictures[2])


def test_the_same_seed_at_another_size_is_the_same_world(torus, linear):
    small = picture_of(torus, height=50, width=60, periodic="none")
    large = picture_of(torus, height=170, width=180, periodic="none")
    np.testing.assert_array_equal(small, large[:50, :60])
    small = picture_of(linear, height=50, width=60, frame=(128, 128))
    large = picture_of(linear, height=170, width=180, frame=(128, 128))
    np.testing.assert_array_equal(small, large[:50, :60])
    assert np.abs(small.astype(int) - picture_of(linear, height=50, width=60)).max() > 10


class Cells:
    """A cheap engine without a border: a cell's local values fill its pixels, on one ramp."""

    description = Description(FRAME, "torus", 1, 3, "0" * 16, 0)
    ramp = np.linspace(-0.5, 0.5, 256).reshape(16, 16, 1)

    def __init__(self):
        self.calls = 0

    def __call__(self, latent, positions):
        self.calls += 1
        cells = latent[:, 3:-3, 3:-3, 1:]
        height, width = cells.shape[1:3]
        return cells.repeat(16, axis=1).repeat(16, axis=2) * np.tile(self.ramp, (height, width, 1))


def places(view):
    """Where each of a view's pixels is on the canvas: `(y, x)`, each as large as the picture."""
    y, x = np.meshgrid(
        *(
            corner + np.arange(length)
            for corner, length in zip(view.corner, view.size, strict=True)
        ),
        indexing="ij",
    )
    (height, width), (down, right) = view.period, view.shift
    if down:
        y = y - down * (x // width)
    if right:
        x = x - right * (y // height)
    return (y % height if height else y), (x % width if width else x)


def cells_picture(view, seed=0):
    """What `Cells` makes, looked up pixel by pixel."""
    y, x = places(view)
    top, left = y.min() // 16, x.min() // 16
    height, width = y.max() // 16 - top + 1, x.max() // 16 - left + 1
    cells = local_latent(seed, 3, top, left, height, width)
    return to_levels(cells[y // 16 - top, x // 16 - left] * Cells.ramp[y % 16, x % 16])


class Two(Cells):
    """The same, of which the first call waits until there is a second one."""

    at_once = 2

    def __init__(self):
        super().__init__()
        self._lock, self._running, self._met = threading.Lock(), 0, threading.Event()

    def __call__(self, latent, positions):
        with self._lock:
            self._running += 1
            assert self._running <= 2
            if self._running == 2:
                self._met.set()
        assert self._met.wait(PATIENCE)
        with self._lock:
            self._running -= 1
            return super().__call__(latent, positions)


@pytest.mark.parametrize("periodic", PERIODIC)
def test_tiles_are_made_at_once_and_the_picture_is_the_same(periodic):
    view = make_view(
        Two.description,
        height=307,
        width=401,
        top=47,
        periodic=periodic,
        period=PERIODS[periodic],
    )
    engine, alone = Two(), Cells()
    np.testing.assert_array_equal(render(engine, view, 48), render(alone, view, 48))
    assert engine.calls == alone.calls


@pytest.mark.parametrize("tile", [48, 80, 256])
@pytest.mark.parametrize("periodic", PERIODIC)
@pytest.mark.parametrize("size", [(1, 1), (1, 113), (97, 1), (61, 83), (95, 111), (307, 401)])
def test_bands_make_up_the_picture_and_no_tile_is_made_twice(tile, periodic, size):
    for top, left in [(0, 0), (-101, 71), (2**33 + 11, -(2**33) - 7)]:
        view = make_view(
            Cells.description,
            height=size[0],
            width=size[1],
            top=top,
            left=left,
            periodic=periodic,
            period=PERIODS[periodic],
        )
        engine, counts = Cells(), []

        def progress(tiles, counts=counts):
            yield from tiles
            counts.append(len(tiles))

        pieces = list(bands(engine, view, tile, progress))
        assert all(0 < len(piece) <= tile for piece in pieces)
        y, x = places(view)
        tiles = np.unique(np.stack([y // tile, x // tile]).reshape(2, -1), axis=1).shape[1]
        assert counts == [engine.calls] == [tiles]
        picture = np.concatenate(pieces)
        np.testing.assert_array_equal(picture, cells_picture(view))
        np.testing.assert_array_equal(picture, render(engine, view, tile))


@pytest.mark.parametrize(
    ("periodic", "period"),
    [
        pytest.param("none", (0, 0), marks=pytest.mark.slow),
        ("xy", (192, 112)),
        pytest.param("half-drop", (192, 112), marks=pytest.mark.slow),
        pytest.param("brick", (96, 224), marks=pytest.mark.slow),
    ],
)
def test_memory_does_not_grow_with_the_height(tmp_path, periodic, period):
    class Grey:
        description = Description(FRAME, "torus", 1, 1, "0" * 16, 0)

        def __call__(self, latent, positions):
            return np.zeros((1, 64, 64, 3), np.float32)

    def peak(height):
        view = make_view(
            Grey.description, height=height, width=128, periodic=periodic, period=period
        )
        gc.collect()
        tracemalloc.start()
        write_picture(tmp_path / "grey.png", view.size, bands(Grey(), view, tile=64))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(256)
    assert peak(16_384) < peak(256) + 16_384 * 128 * 3 // 20


def test_who_writes_to_a_band_does_not_change_the_next_repeat():
    view = make_view(Cells.description, height=200)
    pieces = []
    for piece in bands(Cells(), view, 48):
        pieces.append(piece.copy())
        piece[:] = 0
    np.testing.assert_array_equal(np.concatenate(pieces), render(Cells(), view, 48))


def test_semi_periodic_positions_repeat_and_the_local_plan_does_not(torus):
    picture = picture_of(torus, height=192, width=224, periodic="none").astype(int)
    assert np.abs(picture[:96] - picture[96:]).max() > 10


def test_far_from_the_origin_is_as_good(torus):
    far = 96 * 112 * 100_000
    near = picture_of(torus, height=40, width=40)
    np.testing.assert_array_equal(picture_of(torus, height=40, width=40, top=far, left=-far), near)
    picture = picture_of(torus, height=40, width=40, top=2**34, left=-(2**34), periodic="none")
    assert picture.std() > 5


def test_the_default_is_one_frame(engine):
    view = make_view(engine.description)
    assert view.size == view.frame == FRAME
    assert picture_of(engine, height=7, width=1).shape == (7, 1, 3)


def test_a_linear_frame_is_the_picture_unless_given(linear):
    assert make_view(linear.description, height=50, width=70).frame == (50, 70)
    assert make_view(linear.description, height=50, width=70, frame=(0, 99)).frame == (50, 99)


def test_levels_round_to_the_nearest():
    values = np.array([-1.1, -1, -0.9999, 0, 1 / 127.5, 1, 1.2])
    assert to_levels(values).tolist() == [0, 0, 0, 128, 128, 255, 255]


@pytest.mark.parametrize(
    ("encoding", "request_", "reason"),
    [
        ("linear", {"height": 0}, "height=0"),
        ("linear", {"width": -3}, "width=-3"),
        ("linear", {"seed": -1}, "seed=-1"),
        ("linear", {"seed": 2**32}, "seed=4294967296"),
        ("linear", {"top": 5}, "top needs a frame.*top=5"),
        ("cylinder", {"top": 5}, "top needs a frame.*top=5"),
        ("linear", {"left": -5}, "left needs a frame.*left=-5"),
        ("torus", {"frame": (100, 112)}, "frame must be 96 in y.*100x112"),
        ("torus", {"top": 2**36}, f"top reaches.*top={2**36}"),
        ("torus", {"height": 2**36}, f"height reaches.*height={2**36}"),
    ],
)
def test_what_a_model_cannot_do_is_named(encoding, request_, reason):
    description = KerasEngine(lively_generator(encoding, frame=FRAME, width=2)).description
    with pytest.raises(ValueError, match=reason):
        make_view(description, **request_)


@pytest.mark.parametrize("tile", [0, -16, 24])
def test_tiles_are_whole_cells(linear, tile):
    with pytest.raises(ValueError, match=f"tile={tile}"):
        picture_of(linear, tile)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda image: image[:, :1, :1], r"\(1, 1, 1, 3\) where an image is float32 \(1, 48, 48"),
        (lambda image: image.astype(np.int32), "gives int32"),
        (lambda image: image * np.nan, "no finite numbers"),
        (lambda image: image * np.inf, "no finite numbers"),
    ],
)
def test_what_is_no_image_is_refused(torus, spoil, said):
    class Spoilt:
        description = torus.description

        def __call__(self, latent, positions):
            return spoil(torus(latent, positions))

    with pytest.raises(ValueError, match=said):
        picture_of(Spoilt(), height=16, width=16)
