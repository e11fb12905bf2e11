"""Fuzzing: `python tests/fuzz SEED COUNT [FIRST]` runs that many cases and prints a table.

Ctrl-C ends it with the table of the cases until then, and says what goes on from there. The exit
status is 0 if there are no faults; those are said on standard error, each with the command that
runs its case again.
"""

import contextlib
import importlib
import os
import pkgutil
import shlex
import sys

# One process of one thread, which can be forked; and nothing but what commands say is said.
os.environ |= {
    **{"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow", "ORT_DISABLE_TELEMETRY": "1"},
    **{f"TF_NUM_{each}_THREADS": "1" for each in ("INTRAOP", "INTEROP")},
    **{"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"},
}

import locogan_keras
from locogan_keras.engines.quiet import import_tensorflow

# Cases between two lines that say how far it is.
_OFTEN = 500


def import_everything():
    """All modules of the library imported, and with them what commands would wait for."""
    import_tensorflow()
    for module in pkgutil.walk_packages(locogan_keras.__path__, "locogan_keras."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def main(arguments):
    """Runs the cases; gives the exit status."""
    try:
        seed, count, first = (int(each) for each in [*arguments, "0"][:3])
    except ValueError:
        print("usage: python tests/fuzz SEED COUNT [FIRST]", file=sys.stderr)
        return 2
    import_everything()
    from cases import make_case
    from judge import judged
    from table import Table

    table = Table()
    with contextlib.suppress(KeyboardInterrupt):
        for number in range(first, first + count):
            case = make_case(seed, number)
            verdict = judged(case)
            table.add(case.kind, verdict)
            for fault, shown in verdict.faults.items():
                command = shlex.join(["locogan", *case.arguments])
                print(f"{fault}: {shown}\n  {command}", file=sys.stderr)
                print(f"  again: python tests/fuzz {seed} 1 {number}", file=sys.stderr, flush=True)
            if verdict.faults and count == 1:
                print(verdict.said, file=sys.stderr)
            if table.cases % _OFTEN == 0:
                print(f"{table.cases} of {count} cases", file=sys.stderr, flush=True)
    print(table)
    if table.cases < count:
        rest = f"{seed} {count - table.cases} {first + table.cases}"
        print(f"The others: python tests/fuzz {rest}", file=sys.stderr)
    return int(table.has_faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
