"""The positions of `positions.py` as TensorFlow operations; tests hold the two equal."""

import tensorflow as tf

from locogan_keras.canvas.latents import BORDER, CELL


def window_positions(windows, count, border):
    """`positions.window_positions` for a batch of windows, as a graph.

    Args:
        windows: `(batch, 4)` float32.
        count: Parts of the window on each axis.
        border: Further parts on each side.

    Returns:
        `(batch, count + 2 * border, count + 2 * border, 2)` float32.
    """
    centres = (tf.cast(tf.range(-border, count + border), tf.float32) + 0.5) / float(count)
    top, left, height, width = tf.unstack(windows[:, :, None], axis=1)
    y = 2 * (top + height * centres) - 1
    x = 2 * (left + width * centres) - 1
    return grid(y, x)


def cell_centres(first, count, frame):
    """`positions.cell_centres` with the border around: `(count + 6,)` float32.

    Args:
        first: First cell inside the border, int64.
        count: Cells inside the border, int64.
        frame: The frame's length on this axis in pixels, int64.
    """
    cells = first + tf.range(-BORDER, count + BORDER)
    pixels = tf.cast(CELL * cells + CELL // 2, tf.float64)
    return tf.cast(2.0 * pixels / tf.cast(frame, tf.float64) - 1.0, tf.float32)


def grid(y, x):
    """Position maps `(batch, rows, columns, 2)` of y `(batch, rows)` and x `(batch, columns)`."""
    shape = tf.stack([tf.shape(y)[0], tf.shape(y)[1], tf.shape(x)[1]])
    return tf.stack(
        [tf.broadcast_to(y[:, :, None], shape), tf.broadcast_to(x[:, None, :], shape)], axis=-1
    )
