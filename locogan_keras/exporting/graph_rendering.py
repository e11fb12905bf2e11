"""`locogan render` as one TensorFlow graph, for a server that renders by itself.

`rendering/render.py` and `canvas/views.py` are the specification; tests hold the two equal.
"""

import tensorflow as tf

from locogan_keras.canvas import graph_latents
from locogan_keras.canvas.graph_positions import cell_centres, grid
from locogan_keras.canvas.maps.names import CUTOUT
from locogan_keras.canvas.maps.values import LEAST_OPACITY
from locogan_keras.canvas.views import AXES, CANVAS, FARTHEST

# What a request may ask for, each an integer; 0 is the default of `locogan render`.
REQUEST = (
    "seed",
    "top",
    "left",
    "height",
    "width",
    "frame_height",
    "frame_width",
    "period_height",
    "period_width",
)
# The picture is computed at once: about 1 GB of memory at width 64.
MOST_PIXELS = 1024 * 1024


def picture(network, description, request):
    """The picture of one request.

    Args:
        network: Called as `network([latent, positions])`.
        description: Its `Description`.
        request: The integers of `REQUEST`, int64 scalars, by name. On an axis where the model
            repeats the picture does.

    Returns:
        `(height, width, picture_channels)` uint8. A request that cannot be met fails with
        `InvalidArgumentError`, whose message names what is wrong.
    """
    height, width = (
        _or_default(request[side], length)
        for side, length in zip(("height", "width"), description.shown, strict=True)
    )
    seed = request["seed"]
    checks = [
        _check((seed >= 0) & (seed < 2**32), f"seed must be 0 to {2**32 - 1}", seed),
        _check((height > 0) & (width > 0), "height and width must be positive", height, width),
        # Each by itself too, so that the product cannot overflow.
        _check(
            (height <= MOST_PIXELS) & (width <= MOST_PIXELS) & (height * width <= MOST_PIXELS),
            f"height x width must be at most {MOST_PIXELS} pixels",
            height,
            width,
        ),
    ]
    with tf.control_dependencies(checks):
        height, width = tf.identity(height), tf.identity(width)
    sides = (
        _side(
            description, 0, height, *(request[k] for k in ("top", "frame_height", "period_height"))
        ),
        _side(
            description, 1, width, *(request[k] for k in ("left", "frame_width", "period_width"))
        ),
    )
    (rows, y, crop_y), (columns, x, crop_x) = sides
    latent = graph_latents.latent_fields(
        graph_latents.words(seed)[None],
        rows,
        columns,
        **description.channels,
    )
    image = network([latent, grid(y[None], x[None])])[0, crop_y, crop_x]
    image = _shown(image, description)
    return tf.cast(tf.clip_by_value(tf.round((image + 1.0) * 127.5), 0, 255), tf.uint8)


def _shown(image, description):
    """What a picture shows of an image: of maps, the colour."""
    if CUTOUT not in dict(description.maps):
        return image[..., : description.picture_channels]
    opacity = (image[..., 3:] + 1.0) / 2.0
    colour = (image[..., :3] + 1.0) / 2.0 / tf.maximum(opacity, LEAST_OPACITY)
    return tf.concat([2.0 * tf.minimum(colour, 1.0) - 1.0, image[..., 3:]], axis=-1)


def _side(description, axis, length, corner, frame, period):
    """One axis of the window: cells with their border, positions, and the slice of the image."""
    name, trained = AXES[axis], description.frame[axis]
    checks = [
        _check(
            tf.maximum(tf.abs(corner), tf.abs(corner + length)) < FARTHEST,
            f"the window must lie on {CANVAS} in {name}",
            corner,
            length,
        )
    ]
    if description.periodic[axis]:
        checks += [
            _check(
                (frame == 0) | (frame == trained),
                f"frame must be {trained} in {name}, where the model repeats",
                frame,
            ),
            _check(
                (period >= 0) & (period % trained == 0),
                f"period must be a multiple of the trained frame, {trained} in {name}",
                period,
            ),
        ]
        frame, period = (
            tf.constant(trained, tf.int64),
            _or_default(period, description.shown[axis]),
        )
    else:
        checks += [
            _check(frame >= 0, f"frame must be positive in {name}", frame),
            _check(
                (corner == 0) | (frame > 0),
                f"a corner needs a frame in {name}, because the model does not repeat there",
                corner,
            ),
            _check(period == 0, f"period must be 0 in {name}: the model does not repeat", period),
        ]
        frame = _or_default(frame, length)
    with tf.control_dependencies(checks):
        corner = tf.identity(corner)
    if description.periodic[axis]:
        corner %= tf.maximum(period, 1)
    cell, border = description.cell, description.border
    first = corner // cell
    count = (corner + length + cell - 1) // cell - first
    cells = first + tf.range(-border, count + border)
    start = first
    if description.periodic[axis]:
        cells %= tf.maximum(period // cell, 1)
        start %= trained // cell
    offset = corner - cell * first
    return cells, cell_centres(start, count, frame), slice(offset, offset + length)


def _or_default(value, default):
    return tf.where(value == 0, tf.cast(default, tf.int64), value)


def _check(condition, message, *received):
    return tf.debugging.Assert(condition, [f"{message}. Received:", *received])
