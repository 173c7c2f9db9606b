"""Counts what was verified: every script of this folder ends with `N checks passed`, or with what was wrong."""

import sys


class Tally:
    """Checks by name; the first of a name is printed, all are counted."""

    def __init__(self, title):
        self.title = title
        self.counts = {}
        self.wrong = []

    def holds(self, what, truth, found=""):
        """Counts one check; `found` is printed where it does not hold."""
        self.counts[what] = self.counts.get(what, 0) + 1
        if not truth:
            self.wrong.append(f"{what}: {found}")

    def equal(self, what, found, expected):
        """Counts one check of equality."""
        self.holds(what, found == expected, f"expected {expected!r}, found {found!r}")

    def finish(self):
        """Prints what was verified and ends the program."""
        print(self.title)
        for what, count in self.counts.items():
            print(f"  {count:6} x {what}")
        for line in self.wrong[:20]:
            print(f"  WRONG {line}")
        passed = sum(self.counts.values()) - len(self.wrong)
        if self.wrong or passed == 0:
            print(f"{len(self.wrong)} checks failed, {passed} checks passed")
            sys.exit(1)
        print(f"{passed} checks passed")
