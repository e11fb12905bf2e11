"""What may be asked of an engine: those that are chosen by name, and their precisions."""

ENGINES = ("openvino",)
# The first unless asked otherwise.
PRECISIONS = ("float32", "bfloat16")


def check_choice(engine, precision):
    """A check, with `ValueError`, of `load_engine`'s arguments of these names."""
    for name, value, possible in (
        ("engine", engine, (None, *ENGINES)),
        ("precision", precision, PRECISIONS),
    ):
        if value not in possible:
            *others, last = map(str, possible)
            raise ValueError(
                f"{name} must be {', '.join(others)} or {last}. Received: {name}={value}"
            )
    if not engine and precision != PRECISIONS[0]:
        raise ValueError(f"precision {precision} is of engine openvino. Received: engine={engine}")
