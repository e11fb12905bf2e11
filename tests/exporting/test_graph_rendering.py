"""The `render` signature of a SavedModel against `rendering.render`."""

import functools
import io

import numpy as np
import pytest
import tensorflow as tf
from conftest import same_levels
from PIL import Image
from support.vectors import VECTORS, answered, check, description_of, refused

from locogan_keras.canvas.views import make_view
from locogan_keras.exporting.graph_rendering import MOST_PIXELS, REQUEST, picture
from locogan_keras.rendering.render import render

FRAME = (96, 112)
SIDES = ("height", "width")


@pytest.fixture
def ask(make_engine):
    """Pictures of a batch of requests, by the signature."""

    def ask(encoding, *requests, frame=FRAME, grainy=False):
        engine = make_engine("savedmodel", encoding, frame=frame, grainy=grainy)
        signature = engine.signatures["render"]
        values = {
            name: tf.constant([request.get(name, 0) for request in requests], tf.int64)
            for name in REQUEST
        }
        encoded = signature(**values)["image_bytes"].numpy()
        return [np.asarray(Image.open(io.BytesIO(data))) for data in encoded]

    return ask


REQUESTS = [
    {},
    {"seed": 2**32 - 1, "height": 1, "width": 1},
    {"seed": 7, "height": 131, "width": 67},
    {"seed": 3, "height": 50, "width": 300, "top": -37, "left": 1001},
    {"seed": 3, "height": 97, "width": 33, "top": 2**34 + 5, "left": -(2**34) - 9},
]


def window(encoding, request):
    """The request with the frame that a corner needs on a linear axis."""
    frames = dict(request)
    if encoding == "linear" and request.get("left"):
        frames |= {"frame_width": 200}
    if encoding != "torus" and request.get("top"):
        frames |= {"frame_height": 80}
    if encoding == "torus" and request.get("seed") == 7:
        frames |= {"period_height": 192, "period_width": 224}
    return frames


@pytest.mark.parametrize(
    ("encoding", "frame", "request_"),
    [
        ("torus", (32, 48), {}),
        ("torus", (32, 48), {"seed": 2, "height": 70, "width": 90, "top": -9, "left": 100}),
        ("none", (16, 16), {}),
        ("none", (16, 16), {"height": 40, "width": 90, "period_height": 48, "period_width": 64}),
    ],
)
def test_the_graph_renders_lattices_and_what_has_no_places(
    encoding, frame, request_, ask, make_engine
):
    engine = make_engine("keras", encoding, frame=frame, grainy=True)
    (picture,) = ask(encoding, request_, frame=frame, grainy=True)
    plain = {name: value for name, value in request_.items() if "_" not in name}
    period = request_.get("period_height", 0), request_.get("period_width", 0)
    view = make_view(engine.description, period=period, **plain)
    assert same_levels(picture, render(engine, view, tile=64))


@pytest.mark.parametrize("encoding", ["torus", "cylinder", "linear"])
def test_the_graph_renders_the_same_pictures(encoding, ask, make_engine):
    engine = make_engine("keras", encoding, frame=FRAME)
    requests = [window(encoding, request) for request in REQUESTS]
    for request, answer in zip(requests, ask(encoding, *requests), strict=True):
        frame = request.get("frame_height", 0), request.get("frame_width", 0)
        period = request.get("period_height", 0), request.get("period_width", 0)
        plain = {name: value for name, value in request.items() if "_" not in name}
        view = make_view(engine.description, frame=frame, period=period, **plain)
        expected = render(engine, view, tile=64).astype(int)
        assert answer.shape == expected.shape
        different = np.abs(answer - expected)
        assert different.max() <= 1
        assert np.count_nonzero(different) <= max(1, different.size * 3 / 10_000)


@functools.cache
def graph_inputs(model):
    """What `picture` gives a model's network for a request, traced once."""
    vector = {"model": model}
    scalars = {name: tf.TensorSpec((), tf.int64, name) for name in REQUEST}

    @tf.function(autograph=False)
    def inputs(**request):
        taken = []

        def network(tensors):
            taken.extend(tensors)
            shape = tf.shape(tensors[0])
            return tf.zeros([1, 16 * (shape[1] - 6), 16 * (shape[2] - 6), 3])

        size = tf.shape(picture(network, description_of(vector), request))[:2]
        return taken[0][0], taken[1][0], size

    return inputs.get_concrete_function(**scalars)


def integers_of(vector):
    """A vector's request as the integers that the graph takes."""
    integers = dict.fromkeys(REQUEST, 0)
    for name, value in vector["request"].items():
        if name in ("frame", "period"):
            integers |= {f"{name}_height": value[0], f"{name}_width": value[1]}
        else:
            integers[name] = value
    return {name: tf.constant(value, tf.int64) for name, value in integers.items()}


@pytest.mark.parametrize("vector", answered("graph"))
def test_inputs_are_those_of_the_vectors(vector):
    latent, positions, size = graph_inputs(vector["model"])(**integers_of(vector))
    check(vector, latent.numpy(), positions.numpy())
    frame = VECTORS["models"][vector["model"]]["frame"]
    asked = [vector["request"].get(side, frame[axis]) for axis, side in enumerate(SIDES)]
    assert size.numpy().tolist() == asked


@pytest.mark.parametrize("vector", refused("graph"))
def test_requests_are_refused_that_the_vectors_refuse(vector):
    with pytest.raises(tf.errors.InvalidArgumentError, match="Received"):
        graph_inputs(vector["model"])(**integers_of(vector))


@pytest.mark.parametrize(
    ("encoding", "request_", "reason"),
    [
        ("torus", {"seed": -1}, "seed must be 0 to 4294967295"),
        ("torus", {"seed": 2**32}, "seed must be 0 to 4294967295"),
        ("torus", {"height": -1}, "height and width must be positive"),
        ("torus", {"height": 1, "width": MOST_PIXELS + 1}, "at most 1048576 pixels"),
        ("torus", {"height": 2**33, "width": 2**33}, "at most 1048576 pixels"),
        ("torus", {"left": 2**40}, "on the canvas"),
        ("torus", {"frame_height": 64}, "frame must be 96 in y"),
        ("torus", {"period_width": 113}, "multiple of the trained frame, 112 in x"),
        ("torus", {"period_width": -112}, "multiple of the trained frame, 112 in x"),
        ("cylinder", {"period_height": 96}, "period must be 0 in y"),
        ("linear", {"frame_height": -5}, "frame must be positive in y"),
        ("linear", {"left": 5}, "a corner needs a frame in x"),
    ],
)
def test_what_cannot_be_rendered_is_named(encoding, request_, reason, ask):
    with pytest.raises(tf.errors.InvalidArgumentError, match=reason):
        ask(encoding, request_)
