"""The numbers of `latents.py` as TensorFlow operations, for graphs that draw their own.

`latents.py` is the specification; tests hold the two equal.
"""

import math

import tensorflow as tf

from locogan_keras.canvas.latents import PARITY, ROTATIONS, local_groups


def threefry(key, counter):
    """Threefry-2x32-20 on uint32 tensors that broadcast, as `latents.threefry`."""
    keys = [tf.convert_to_tensor(word, tf.uint32) for word in key]
    keys.append(_xor(_xor(keys[0], keys[1]), tf.constant(PARITY)))
    first, second = counter[0] + keys[0], counter[1] + keys[1]
    for block in range(5):
        for rotation in ROTATIONS[block % 2]:
            first = first + second
            second = _xor(_rotated(second, rotation), first)
        first = first + keys[(block + 1) % 3]
        second = second + keys[(block + 2) % 3] + tf.constant(block + 1, tf.uint32)
    return first, second


def normals(key, counter):
    """Standard normal float32 values, as `latents.normals`."""
    first, second = (tf.cast(word, tf.float64) for word in threefry(key, counter))
    radius = tf.sqrt(-2.0 * tf.math.log((first + 1.0) / 2.0**32))
    return tf.cast(radius * tf.cos(second * (2.0 * math.pi / 2.0**32)), tf.float32)


def words(integers):
    """Integers as uint32 in two's complement."""
    return tf.cast(tf.cast(integers, tf.int64) & 0xFFFFFFFF, tf.uint32)


def latent_fields(seeds, rows, columns, *, global_channels, local_channels, line_channels=(0, 0)):
    """One latent field for each seed.

    Args:
        seeds: `(batch,)` uint32.
        rows, columns: The field's cells along each axis, border included: vectors of any int32.
            Where the field repeats they do.
        global_channels, local_channels, line_channels: The model's channel counts.

    Returns:
        `(batch, rows, columns, global_channels + local_channels)` float32.
    """
    zero = tf.zeros((), tf.uint32)
    plan = normals((seeds[:, None], words(-1 - tf.range(global_channels))), (zero, zero))
    key, (rows, columns) = seeds[:, None, None, None], (words(rows), words(columns))
    local = tf.concat(
        [
            normals((key, words(numbers)), (y * rows[:, None, None], x * columns[:, None]))
            for numbers, y, x in local_groups(local_channels, line_channels)
        ],
        axis=-1,
    )
    shape = tf.concat([tf.shape(local)[:3], [global_channels]], axis=0)
    return tf.concat([tf.broadcast_to(plan[:, None, None], shape), local], axis=-1)


def _xor(left, right):
    return tf.bitwise.bitwise_xor(left, right)


def _rotated(word, bits):
    left = tf.bitwise.left_shift(word, tf.constant(bits, tf.uint32))
    right = tf.bitwise.right_shift(word, tf.constant(32 - bits, tf.uint32))
    return tf.bitwise.bitwise_or(left, right)
