"""The training windows of `positions.py` as a graph; tests hold the two equal."""

import tensorflow as tf


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
    shape = tf.stack([tf.shape(y)[0], tf.shape(y)[1], tf.shape(x)[1]])
    return tf.stack(
        [tf.broadcast_to(y[:, :, None], shape), tf.broadcast_to(x[:, None, :], shape)], axis=-1
    )
