"""What goes wrong with a model, in one line that names it: whatever a runtime raises."""

import contextlib

# Of others' words, enough for their reason and not their stack.
_LONGEST = 300


class ModelError(ValueError):
    """The failure of a model to be what it should, in one line that names it.

    Args:
        model: Its path.
        reason: What is wrong; the line goes on with it.
    """

    def __init__(self, model, reason):
        super().__init__(one_line(f"MODEL {model} ", reason))


def one_line(beginning, reason):
    """A line that ends with somebody else's reason, shortened and made printable."""
    reason = printable(" ".join(str(reason).split()))
    return beginning + (reason if len(reason) <= _LONGEST else f"{reason[: _LONGEST - 3]}...")


def printable(text):
    """Text for a terminal, which would obey control characters: those are escaped."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


@contextlib.contextmanager
def in_one_line(model, what="cannot be loaded"):
    """A block in which whatever a runtime raises is a `ModelError`.

    Runtimes' errors have no common base, and a file that somebody else made may raise any of them.
    Want of memory is not the model's fault.

    Args:
        model: The model's path.
        what: What it then does not do.
    """
    try:
        yield
    except (MemoryError, ModelError):
        raise
    except Exception as error:  # noqa: BLE001 - see above
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ModelError(model, f"{what}: {reason}") from None
