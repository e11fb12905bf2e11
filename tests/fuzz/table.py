"""What came of many cases, as Markdown."""

import collections

FAULTS = ("tracebacks", "partial files", "hangs", "other statuses", "not one or two lines")
FAULTS += ("unprintable",)


class Table:
    """A row for each kind of case, and one for all."""

    def __init__(self):
        self._counts = collections.defaultdict(collections.Counter)

    def add(self, kind, verdict):
        """One case more."""
        for row in (kind, "all"):
            self._counts[row].update(["cases", verdict.status, *verdict.faults])

    @property
    def cases(self):
        """How many there are."""
        return self._counts["all"]["cases"]

    @property
    def has_faults(self):
        """Whether any case had one."""
        return any(self._counts["all"][fault] for fault in FAULTS)

    def __str__(self):
        all_counted = self._counts["all"]
        statuses = sorted(key for key in all_counted if isinstance(key, int))
        columns = ["cases", *statuses, *FAULTS]
        named = [f"status {each}" if isinstance(each, int) else each for each in columns]
        rows = [[kind, *(counts[key] for key in columns)] for kind, counts in self]
        lines = [["kind", *named], ["---"] * (len(columns) + 1), *rows]
        return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)

    def __iter__(self):
        kinds = sorted(self._counts.items())
        return iter([each for each in kinds if each[0] != "all"] + [("all", self._counts["all"])])
