"""What is said when the making of a picture in tiles ends before it is whole."""

import contextlib

from locogan_keras.storage.files.atomic import resumable


@contextlib.contextmanager
def going_on(job):
    """A block that a signal or an interruption ends with words: nothing that is noted is lost."""

    def words():
        done = f"{len(job.records.done)} of {job.plan.count} units"
        return f"interrupted; {done} of {job.out} are there, and the same command goes on"

    try:
        with resumable(words):
            yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(words()) from None


@contextlib.contextmanager
def naming(job):
    """A block in which errors of the operating system name the path that the user gave."""
    try:
        yield
    except OSError as error:
        said = f"{error.strerror or error}; what is there stays, and the same command goes on"
        raise OSError(error.errno, said, str(job.out)) from error
