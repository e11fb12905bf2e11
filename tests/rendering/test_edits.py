"""Edits: what changes, what stays to the bit, and the same on every engine."""

import numpy as np
import pytest
from conftest import lively_generator, same_levels
from PIL import Image

from locogan_keras.canvas.views import make_view
from locogan_keras.data.pictures import read_mask
from locogan_keras.engines.keras_engine import KerasEngine
from locogan_keras.evaluation.plan_influence import plan_influence
from locogan_keras.rendering import edits
from locogan_keras.rendering.masks import cell_weights
from locogan_keras.rendering.render import render
from locogan_keras.rendering.stretching import stretch

FRAME = (96, 112)
TILE = 64


@pytest.fixture(scope="module", params=["linear", "cylinder", "torus"])
def engine(request):
    return KerasEngine(lively_generator(request.param, frame=FRAME, width=2))


@pytest.fixture(scope="module")
def linear():
    return KerasEngine(lively_generator("linear", frame=FRAME, width=2))


@pytest.fixture(scope="module")
def torus():
    return KerasEngine(lively_generator("torus", frame=FRAME, width=2))


def view_of(engine, **request):
    return make_view(engine.description, **request)


def changed(first, second):
    return np.any(first != second, axis=-1)


@pytest.mark.parametrize("soft", [0, 32])
@pytest.mark.parametrize("region", [(64, 80, 64, 96), (70, 71, 80, 97), (0, 0, 64, 224)])
def test_a_transplant_changes_the_region_and_its_radius_only(engine, region, soft):
    request = {"height": 192, "width": 224, "periodic": "none"}
    before, donor = (view_of(engine, seed=seed, **request) for seed in (1, 2))
    after = edits.transplant(before, 2, region, soft)
    before, donor, after = (render(engine, view, TILE) for view in (before, donor, after))
    top, left, height, width = region
    # Cells that the region touches, and around them the 16 pixels before and 17 after a cell that
    # it reaches.
    first = top // 16 * 16 - 16, left // 16 * 16 - 16
    last = -(-(top + height) // 16) * 16 + 17, -(-(left + width) // 16) * 16 + 17
    outside = np.ones(before.shape[:2], bool)
    outside[max(0, first[0]) : last[0], max(0, first[1]) : last[1]] = False
    assert not changed(after, before)[outside].any()
    assert changed(after, before)[~outside].mean() > 0.05
    # Whole cells inside, less those that a neighbour outside reaches; at the picture's edge none.
    inner = []
    for start, length, size in zip(region[:2], region[2:], before.shape, strict=False):
        begin = 0 if start == 0 else -(-start // 16) * 16 + 17 + soft
        end = size if start + length == size else (start + length) // 16 * 16 - 16 - soft
        inner.append(slice(begin, max(begin, end)))
    deep = tuple(inner)
    np.testing.assert_array_equal(after[deep], donor[deep])
    if not soft:
        assert after[deep].size > 0


def test_a_transplant_comes_in_every_repeat(torus):
    view = view_of(torus, height=300, width=330, seed=1, top=-40, left=13)
    picture = render(torus, edits.transplant(view, 2, (150, 100, 40, 60)), TILE)
    np.testing.assert_array_equal(picture[96:], picture[:-96])
    np.testing.assert_array_equal(picture[:, 112:], picture[:, :-112])
    assert changed(picture, render(torus, view, TILE))[150:190, 100:160].mean() > 0.5


@pytest.mark.parametrize(("periodic", "vector"), [("half-drop", (96, 112)), ("brick", (96, 112))])
def test_edits_repeat_as_the_picture_does(torus, periodic, vector):
    view = view_of(torus, height=400, width=450, periodic=periodic)
    edited = [
        edits.transplant(view, 2, (90, 30, 60, 60), soft=16),
        edits.mix(view, 3, axis=0, hard=False),
        edits.mix(view, 3, axis=1),
        edits.vary_local(view, 3),
    ]
    before = render(torus, view, TILE)
    for edit in edited:
        picture = render(torus, edit, TILE)
        down, right = vector
        np.testing.assert_array_equal(picture[down:, right:], picture[:-down, :-right])
        assert changed(picture, before).any()


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("corner", [0, -37])
def test_a_hard_mix_is_either_picture_away_from_the_middle(linear, axis, corner):
    request = {"height": 160, "width": 192, "top": corner, "left": corner, "frame": FRAME}
    first, second = (view_of(linear, seed=seed, **request) for seed in (1, 2))
    mixed = edits.mix(first, 2, axis)
    first, second, mixed = (
        np.moveaxis(render(linear, view, TILE), axis, 0) for view in (first, second, mixed)
    )
    middle = len(mixed) // 2
    np.testing.assert_array_equal(mixed[: middle - 24], first[: middle - 24])
    np.testing.assert_array_equal(mixed[middle + 24 :], second[middle + 24 :])
    assert changed(first, second).mean() > 0.5


def test_a_ramp_runs_from_one_picture_to_the_other(linear):
    view = view_of(linear, height=64, width=640, seed=1)
    weights = edits.mix(view, 2, 1, hard=False).latents.master.weights
    along = weights(np.zeros((1, 1)), np.arange(-3, 43)[None])[0]
    np.testing.assert_allclose(np.diff(along[3:43]), 1 / 40)
    np.testing.assert_allclose(along[3], 1 / 80)
    assert along[0] == 0
    assert along[-1] == 1


def test_a_ramp_closes_where_the_picture_repeats(torus):
    view = view_of(torus, seed=1)
    weights = edits.mix(view, 2, 1, hard=False).latents.master.weights
    np.testing.assert_allclose(
        weights(np.zeros((1, 1)), np.arange(7)[None])[0], np.array([1, 3, 5, 7, 5, 3, 1]) / 7
    )


def test_one_local_plan_leaves_the_master_plans_to_differ(linear):
    view = view_of(linear, seed=1, height=64, width=64)
    for edit in (
        edits.mix(view, 2, 0, local=9),
        edits.interpolate(linear.description, (1, (64, 64)), (2, (64, 64)), 0.5, local=9),
    ):
        local = edit.inputs(0, 0, 4, 4)[0][..., 16:]
        expected = view_of(linear, seed=9).inputs(0, 0, 4, 4)[0][..., 16:]
        np.testing.assert_array_equal(local, expected)


def test_local_plans_vary_and_the_master_plan_stays(linear):
    view = view_of(linear, seed=1)
    latent = edits.vary_local(view, 2).inputs(0, 0, 4, 4)[0]
    np.testing.assert_array_equal(latent[..., :16], view.inputs(0, 0, 4, 4)[0][..., :16])
    other = view_of(linear, seed=2).inputs(0, 0, 4, 4)[0]
    np.testing.assert_array_equal(latent[..., 16:], other[..., 16:])


def test_an_interpolation_ends_at_both_pictures(engine):
    ends = (1, (96, 176)), (2, (161, 112))
    sizes = []
    for amount in (0, 0.25, 1):
        view = edits.interpolate(engine.description, *ends, amount)
        sizes.append(view.size)
        if amount in (0, 1):
            seed, (height, width) = ends[amount]
            expected = view_of(engine, seed=seed, height=height, width=width)
            np.testing.assert_array_equal(
                render(engine, view, TILE), render(engine, expected, TILE)
            )
    assert sizes == [(96, 176), (112, 160), (161, 112)]


def test_an_amount_beyond_the_ends_is_named(linear):
    with pytest.raises(ValueError, match=r"amount=1\.5"):
        edits.interpolate(linear.description, (1, (64, 64)), (2, (64, 64)), 1.5)


@pytest.mark.parametrize("encoding", ["linear", "torus"])
@pytest.mark.parametrize("kind", ["onnx", "savedmodel"])
def test_edits_are_the_same_on_every_engine(make_engine, kind, encoding):
    keras, other = (make_engine(name, encoding) for name in ("keras", kind))
    view = view_of(keras, seed=1, height=130, width=150)
    for edit in (
        edits.transplant(view, 2, (30, 40, 60, 60), soft=16),
        edits.mix(view, 2, axis=1, hard=False),
        edits.vary_local(view, 2),
        edits.interpolate(keras.description, (1, (96, 112)), (2, (150, 112)), 0.4),
        stretch(keras.description, (96, 144), parts=(None, (32, 64))),
    ):
        assert same_levels(render(other, edit, TILE), render(keras, edit, TILE))


@pytest.mark.parametrize("soft", [0, 16])
@pytest.mark.parametrize(
    "region", [(0, 0, 32, 32), (64, 80, 32, 32), (0, 48, 16, 16), (80, 0, 16, 112)]
)
def test_a_transplant_at_the_edge_of_a_repeat_reaches_around_it_and_no_further(torus, region, soft):
    before = view_of(torus, seed=1)
    after = edits.transplant(before, 2, region, soft)
    before, after = (render(torus, view, TILE) for view in (before, after))
    outside = np.ones(FRAME, bool)
    top, left, height, width = region
    rows = np.arange(top - 16, top + height + 17) % FRAME[0]
    columns = np.arange(left - 16, left + width + 17) % FRAME[1]
    outside[np.ix_(rows, columns)] = False
    assert outside.any()
    assert not changed(after, before)[outside].any()
    assert changed(after, before)[~outside].any()


def test_a_soft_edge_goes_on_at_the_opposite_edge_of_a_repeat(torus):
    rows, columns = np.array([[2]]), np.arange(-3, 10)[None]
    view = view_of(torus)
    for left in (0, 48):
        weights = cell_weights(view, (0, left, 96, 64), soft=16)(*view.wrapped(rows, columns))
        around = np.roll(weights[0, 3:10], -left // 16)
        np.testing.assert_allclose(around * 2, [1, 2, 2, 1, 0, 0, 0], err_msg=str(left))
    # A region that repeats without an edge has none to be soft.
    whole = cell_weights(view, (0, 0, *FRAME), soft=32)(*view.wrapped(rows, columns))
    np.testing.assert_array_equal(whole, 1)


def test_a_mask_is_white_where_the_donor_is(linear, tmp_path):
    view = view_of(linear, seed=1)
    levels = np.zeros(FRAME, np.uint8)
    levels[32:64, 48:80] = 255
    levels[0:16, 0:16] = 51
    Image.fromarray(levels).save(tmp_path / "mask.png")
    mask = read_mask(tmp_path / "mask.png", FRAME)
    weights = cell_weights(view, mask)(np.arange(-3, 9)[:, None], np.arange(-3, 10)[None])
    expected = np.zeros((6, 7))
    expected[2:4, 3:5] = 1
    expected[0, 0] = 0.2
    np.testing.assert_allclose(weights, np.pad(expected, 3, mode="edge"), atol=1e-7)


def test_a_mask_is_black_where_it_is_transparent(tmp_path):
    levels = np.full((*FRAME, 4), 255, np.uint8)
    levels[:, 48:, 3] = 0
    Image.fromarray(levels).save(tmp_path / "mask.png")
    mask = read_mask(tmp_path / "mask.png", FRAME)
    np.testing.assert_array_equal(mask[0], np.arange(FRAME[1]) < 48)


def test_a_soft_edge_lies_inside(linear):
    view = view_of(linear, height=192, width=192)
    weights = cell_weights(view, (32, 32, 128, 128), soft=30)
    along = weights(np.array([[6]]), np.arange(12)[None])[0]
    np.testing.assert_allclose(along * 3, [0, 0, 1, 2, 3, 3, 3, 3, 2, 1, 0, 0])


def test_a_mask_of_another_size_is_resized_only_if_asked(tmp_path):
    path = tmp_path / "mask.png"
    Image.new("L", (10, 20), "white").save(path)
    with pytest.raises(ValueError, match="20 x 10 pixels, the picture 96 x 112; --resize-mask"):
        read_mask(path, FRAME)
    np.testing.assert_array_equal(read_mask(path, FRAME, resize=True), np.ones(FRAME))


@pytest.mark.parametrize(
    "region", [(-1, 0, 5, 5), (0, 0, 97, 5), (90, 0, 7, 5), (0, 100, 5, 13), (0, 0, 0, 5)]
)
def test_regions_outside_the_picture_are_named(linear, region):
    with pytest.raises(ValueError, match=",".join(map(str, region))):
        edits.transplant(view_of(linear), 2, region)


@pytest.mark.parametrize("corner", [(0, 0), (-37, 21)])
def test_a_rectangle_is_a_mask_that_is_white_there(linear, corner):
    view = view_of(linear, height=150, width=130, top=corner[0], left=corner[1], frame=(150, 130))
    mask = np.zeros(view.size, np.float32)
    mask[20:91, 35:130] = 1
    cells = np.arange(-6, 16)[:, None], np.arange(-3, 16)[None]
    by_mask, by_box = (
        cell_weights(view, region, soft=20)(*cells) for region in (mask, (20, 35, 71, 95))
    )
    np.testing.assert_allclose(by_mask, by_box, atol=1e-12)
    assert 0 < by_box.mean() < 1


def test_empty_masks_and_negative_softness_are_refused(linear):
    view = view_of(linear)
    with pytest.raises(ValueError, match=r"larger than the picture, 112 pixels.*soft=113"):
        cell_weights(view, (0, 0, 32, 32), soft=113)
    with pytest.raises(ValueError, match="not black"):
        edits.transplant(view, 2, np.zeros(FRAME, np.float32))
    with pytest.raises(ValueError, match="shape"):
        edits.transplant(view, 2, np.ones((96, 113), np.float32))
    with pytest.raises(ValueError, match="soft=-1"):
        edits.transplant(view, 2, np.ones(FRAME, np.float32), soft=-1)


def test_the_influence_of_plans_is_what_their_channels_do(make_engine):
    class Means:
        """Every pixel is the sum of a cell's global values, times 3, and its local ones."""

        description = make_engine("keras", "linear").description

        def __call__(self, latent, positions):
            cells = latent[:, 3:-3, 3:-3]
            values = 0.03 * cells[..., :16].sum(-1) + 0.01 * cells[..., 16:].sum(-1)
            return np.repeat(values.repeat(16, 1).repeat(16, 2)[..., None], 3, axis=-1)

    engine = Means()
    local, master = plan_influence(engine, view_of(engine), count=40, tile=16)
    # 2 channels of 0.01 and 16 of 0.03, in levels of 1 / 127.5; differences double the variance.
    assert local == pytest.approx(2 * 2 * (0.01 * 127.5) ** 2, rel=0.15)
    assert master == pytest.approx(2 * 16 * (0.03 * 127.5) ** 2, rel=0.5)
