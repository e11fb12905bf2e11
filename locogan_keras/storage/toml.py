"""Values in TOML."""

import json
import tomllib


def toml_value(value):
    """A number, a string or a list of them in TOML.

    JSON's are TOML's, as long as no character is escaped as two halves; bytes of a file's name
    that are not text are replaced.
    """
    text = json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8")


def parse_toml(text, name):
    """TOML text as a dictionary, or `ValueError` with the file's name."""
    try:
        return tomllib.loads(text)
    # Numbers and nesting may be longer and deeper than Python takes.
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is not valid TOML: {error}") from None
