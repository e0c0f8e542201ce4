"""What promises about syncs stand on: a simulator and projects of their own, gone at the end."""

import contextlib
import pathlib
import shutil
import tempfile
from typing import Any, Iterator, Optional

from e2e.harness import ACCOUNT, HOST, Muster, all_differences
from simulator.client import Simulator


class Ground:
    """One simulator and one project; more projects on demand."""

    def __init__(self, tenants: list[dict[str, Any]], kind: type[Muster], stack: contextlib.ExitStack):
        self.sim = stack.enter_context(Simulator(tenants))
        self.kind = kind
        self.stack = stack
        self.muster = self.project()

    def project(self) -> Muster:
        """A new empty project."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-promise-"))
        self.stack.callback(shutil.rmtree, folder, ignore_errors=True)
        return self.kind(folder).init()

    def connect(self, muster: Optional[Muster] = None, host: str = HOST,
                account: str = "acme") -> None:
        run = (muster or self.muster).connect_kandji(self.sim, host, account)
        if run.code:
            raise AssertionError(repr(run))

    def differences(self, muster: Optional[Muster] = None) -> list[str]:
        """Between the store and the simulator's truth, a line each."""
        return all_differences(muster or self.muster, self.sim.truth(HOST), ACCOUNT)


@contextlib.contextmanager
def ground(tenants: list[dict[str, Any]], kind: type[Muster] = Muster) -> Iterator[Ground]:
    with contextlib.ExitStack() as stack:
        yield Ground(tenants, kind, stack)
