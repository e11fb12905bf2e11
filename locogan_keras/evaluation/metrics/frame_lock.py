"""Frame lock: whether a pattern has a flaw, or anything else, at one place of every frame."""

import numpy as np

# Edge in pixels of the places that are looked at: two cells.
_PLACE = 32
_SHUFFLES = 8


def frame_lock(pictures, frame, period=(0, 0)):
    """The ratio of what stays in the mean over pictures, folded on the frame, to what chance would.

    Where all pictures agree, their mean keeps its contrast; where they are independent, it fades.
    Taken is the root mean square of the mean at the 32 x 32 pixels where it is largest, over that
    of the same pictures, each rolled to a random phase. A lattice that lies alike in every frame is
    right, a brick that is broken in every frame is not: rolls are by whole periods, and what the
    lattice repeats is subtracted from the mean.

    Args:
        pictures: A sequence of `(height, width, 3)` in [-1, 1], each with its corner on the
            frame's.
        frame: (height, width) in pixels, at most the pictures' own.
        period: Of the pattern, (height, width) in pixels, of any fraction; 0 on an axis without.

    Returns:
        A float, about 1 for pictures that know no frame; None where the frame is one period, so
        that there is nothing but the lattice.
    """
    periods = [step or 1 for step in period]
    counts = [max(1, round(length / step)) for length, step in zip(frame, periods, strict=True)]
    if counts == [1, 1]:
        return None
    folds = np.concatenate([_folded(picture.mean(2), frame) for picture in pictures])
    rng = np.random.default_rng(0)
    left = []
    for _ in range(_SHUFFLES):
        shifts = np.rint(rng.integers(counts, size=(len(folds), 2)) * periods).astype(int)
        rolled = [np.roll(fold, shift, (0, 1)) for fold, shift in zip(folds, shifts, strict=True)]
        left.append(_strongest(np.mean(rolled, axis=0), counts))
    return float(_strongest(folds.mean(0), counts) / np.mean(left))


def _folded(grey, frame):
    """`(frames, height, width)`: the whole frames of a picture."""
    rows, columns = (length // step for length, step in zip(grey.shape, frame, strict=True))
    cut = grey[: rows * frame[0], : columns * frame[1]]
    return cut.reshape(rows, frame[0], columns, frame[1]).swapaxes(1, 2).reshape(-1, *frame)


def _strongest(mean, counts):
    """The largest root mean square of any place, of what does not repeat in each period."""
    spectrum = np.fft.fft2(mean)
    spectrum[:: counts[0], :: counts[1]] = 0
    squares = np.fft.ifft2(spectrum).real ** 2
    for axis, length in enumerate(squares.shape):
        place = min(_PLACE, length)
        wrapped = np.concatenate([squares, squares.take(range(place), axis)], axis)
        sums = wrapped.cumsum(axis)
        starts = np.arange(length)
        squares = (sums.take(starts + place, axis) - sums.take(starts, axis)) / place
    # Differences of sums may be a little below 0.
    return np.sqrt(max(squares.max(), 0))
