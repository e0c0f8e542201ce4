"""A promise: cases that must all hold, and the faults that must make one of them fail."""

import dataclasses
import importlib
import pathlib
import random
import re
import time
from typing import Iterator, Optional

FOLDER = pathlib.Path(__file__).resolve().parent
MODULE = re.compile(r"[a-z]+\d+_\w+")
SHOWN = 10  # bad cases that are shown; the rest is counted


class Skip(Exception):
    """The promise cannot be tested on this machine; the text says why."""


class Promise:
    """One row. Subclasses give the attributes and check()."""

    id = ""
    title = ""
    small = full = 1  # how many cases: in tests/run, in tests/scoreboard
    patience = 0  # how many at most until a fault is noticed, where chance needs more than `small`
    presets: tuple[str, ...] = ("release",)  # builds it is tested on: release, dev
    faults: tuple[str, ...] = ()  # names of base/sabotage.c, each of which must turn it red
    full_faults: tuple[str, ...] = ()  # likewise; tests/scoreboard only, for what they take
    note = ""  # a figure to show beside the count; check() may set it
    struck: Optional[int] = None  # in how many cases the disturbance met anything, if check() counts them;
    struck_is = "were struck"  # fewer than half of them are a failure

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        """One value a case: None if it held, else what went wrong, in a line.

        `volume` is how many cases are wanted; a promise whose cases are a fixed list may ignore it.
        All chance comes from `draw`. Whatever was started is ended when the iterator is closed: with
        a fault nobody asks for more after the first bad case.
        """
        raise NotImplementedError


@dataclasses.dataclass
class Result:
    """What came of one run of a promise."""

    id: str
    title: str
    preset: str
    fault: Optional[str]
    seed: int
    cases: int = 0
    bad: list[str] = dataclasses.field(default_factory=list)
    seconds: float = 0
    note: str = ""

    def judge(self, struck: int, struck_is: str) -> None:
        """What met nothing proves nothing: that is no promise kept, nor a fault noticed."""
        met = f"{struck} of {self.cases} {struck_is}"
        self.note = "; ".join(filter(None, (met, self.note)))
        if not self.fault and struck < self.cases / 2:
            self.bad.append(f"only {met}")

    @property
    def passed(self) -> bool:
        """A promise that is kept has no bad case; a fault that is noticed has one."""
        return bool(self.bad) if self.fault else bool(self.cases) and not self.bad

    @property
    def verdict(self) -> str:
        if self.fault:
            return "red, as it must be" if self.passed else "FAIL: the fault was not noticed"
        return "pass" if self.passed else "FAIL"

    def line(self) -> str:
        about = f"with {self.fault}" if self.fault else self.title
        figure = f"{len(self.bad)} bad of {self.cases}"
        note = f"  ({self.note})" if self.note else ""
        return (f"{self.id:<4} {about:<44} {figure:>18}  {self.seconds:7.1f} s  seed {self.seed:<10} "
                f"{self.preset:<8}  {self.verdict}{note}")


def run(promise: Promise, volume: int, seed: int, preset: str, fault: Optional[str]) -> Result:
    """Goes through the cases; with a fault until the first bad one."""
    result = Result(promise.id, promise.title, preset, fault, seed)
    start = time.monotonic()
    cases = promise.check(volume, random.Random(seed))
    try:
        for wrong in cases:
            result.cases += 1
            if wrong is not None:
                result.bad.append(wrong)
                if fault:
                    break
    finally:
        cases.close()
    result.seconds = time.monotonic() - start
    result.note = promise.note
    if promise.struck is not None:
        result.judge(promise.struck, promise.struck_is)
    return result


def all_promises() -> dict[str, Promise]:
    """Every promise of this folder, by id, in the order of the ids."""
    found = {}
    for path in FOLDER.glob("*.py"):
        if MODULE.fullmatch(path.stem):
            module = importlib.import_module(f"{__package__}.{path.stem}")
            for thing in vars(module).values():
                if isinstance(thing, type) and issubclass(thing, Promise) and thing.id:
                    found[thing.id] = thing()
    return dict(sorted(found.items(), key=lambda item: (item[0][0], int(item[0][1:]))))
