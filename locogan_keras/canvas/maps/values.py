"""What a generator's values become before they are levels: unit vectors, plain colour."""

import numpy as np

from locogan_keras.canvas.maps.names import CUTOUT, places

# A normal points out of the surface, however little.
_LEAST_Z = 1 / 255
# Half a level: what is less opaque is written as fully transparent, and has any colour.
LEAST_OPACITY = 1 / 510


def finished(image, maps):
    """An image as files have it: normals of unit length, colour not multiplied by its opacity.

    Args:
        image: `(..., channels)` float32 in [-1, 1].
        maps: As of `names.checked_maps`.

    Returns:
        The same shape and range; a copy where anything changes.
    """
    where = places(maps)
    if "normal" in where:
        image = image.copy()
        image[..., where["normal"]] = unit(image[..., where["normal"]])
    if CUTOUT in where:
        opacity = (image[..., 3:] + 1) / 2
        colour = (image[..., :3] + 1) / 2 / np.maximum(opacity, LEAST_OPACITY)
        image = np.concatenate([2 * np.minimum(colour, 1) - 1, image[..., 3:]], axis=-1)
    return image


def unfinished(image, maps):
    """Of a finished image, colour multiplied by its opacity again, as a generator learns it."""
    if CUTOUT not in places(maps):
        return image
    opacity = (image[..., 3:] + 1) / 2
    return np.concatenate([opacity * (image[..., :3] + 1) - 1, image[..., 3:]], axis=-1)


def unit(normals):
    """Vectors `(..., 3)` of length 1 that point out of the surface, z > 0."""
    x, y, z = np.moveaxis(normals, -1, 0)
    vectors = np.stack([x, y, np.maximum(z, _LEAST_Z)], axis=-1)
    return vectors / np.sqrt(np.square(vectors).sum(axis=-1, keepdims=True))
