"""Decoded pictures: each source's own, however many one process reads."""

import numpy as np

from locogan_keras.data.decoded_pictures import DecodedPictures


def test_pictures_of_one_size_are_not_those_of_the_source_before():
    for level in (1, 2, 3):
        decoded = DecodedPictures([np.full((64, 65, 3), level, np.uint8)])
        assert (decoded[0] == level).all()
