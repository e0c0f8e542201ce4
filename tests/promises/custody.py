"""Harbor, whose requests bear a token that ends, and an account that a person has consented to."""

import contextlib
import shutil
import subprocess
import time
from typing import Any, Callable, Iterator

from e2e.harness import DirectMuster, REPOSITORY, Run
from promises.database import Database
from promises.ground import Ground, ground
from promises.syncing import END_S, Syncing

HOST, LOGIN, ACCOUNT = "acme.harbor.example", "acme-login.harbor.example", "harbor/acme"
TOKEN_PATH, API_PATH = "/oauth/token", "/v1/devices"
OK_CODE, AUTH_CODE, NET_CODE, BUSY_CODE = 0, 4, 5, 8
COROUTINES = 4
LEASE_MS = 60000
# The connector's check, as one that asks for several things at once.
ONE = 'api:get("api:/devices", { limit = 1 })'
SEVERAL = f"api:map({COROUTINES}, {{ 1, 2, 3, 4 }}, function()\n        {ONE}\n      end)"
REFUSED, EXPIRED, DUE = "refused", "expired", "due"


class Custody:
    """One project; how its token ends, and what became of it, as ledger and database tell."""

    def __init__(self, place: Ground):
        self.place = place
        self.sim = place.sim
        self.muster = place.muster
        self.database = Database(place.muster.project)
        connector = REPOSITORY / "tests" / "e2e" / "vendors" / "harbor.lua"
        shutil.copy(connector, self.muster.project / "vendors")
        file = self.muster.project / "vendors" / connector.name
        file.write_text(file.read_text().replace(ONE, SEVERAL))
        self.known: set[str] = set()  # fingerprints of tokens, as worn() gave them
        self.consent("connect")
        self.muster.must("check", ACCOUNT)

    def consent(self, verb: str) -> None:
        """A person consents: to a new account, or again ("reconnect")."""
        code = self.muster.secret_file(self.sim.change(HOST, "make_code")["code"], "code")
        given = ("--secret-file", f"code={code}")
        words = ["accounts", "reconnect", ACCOUNT, "--no-input", *given]
        if verb == "connect":
            words = self.muster.connect_words(
                self.sim, "harbor", HOST, ("address", HOST), ("secret", None), extra=(
                    "--set", f"login={LOGIN}", "--set", "way=consent",
                    "--connect-to", f"{LOGIN}:443:127.0.0.1:{self.sim.port}", *given))
        else:
            secret = self.muster.secret_file(self.sim.token(HOST), "acme")
            words += ["--secret-file", f"secret={secret}"]
        self.muster.must(*words)

    # What time does to a token, and to what is known of it.

    def end(self, how: str) -> None:
        """The token ends before its time; it ends; it is time to renew it, and it still works."""
        if how in (REFUSED, EXPIRED):
            self.sim.change(HOST, "end_tokens")
        if how == EXPIRED:
            self.write("expires_at_ms = obtained_at_ms")
        if how in (DUE, EXPIRED):
            self.write("refresh_at_ms = obtained_at_ms")

    def pass_window(self) -> None:
        """Ten minutes go by, after which more calls may be made."""
        self.write("calls = ''")

    def pass_pause(self) -> None:
        """Two seconds go by, after which a call of unknown outcome is repeated."""
        self.write("taken_at_ms = taken_at_ms - 2000")

    def expire_lease(self) -> None:
        self.write("lease_expires_at_ms = 1")

    def prolong_lease(self) -> None:
        self.write(f"lease_expires_at_ms = {int(time.time() * 1000) + LEASE_MS}")

    def write(self, what: str) -> None:
        self.database.ask(f"UPDATE tokens SET {what}")

    # What is known.

    def row(self) -> list[tuple]:
        return self.database.ask("SELECT * FROM tokens")

    @property
    def generation(self) -> int:
        return self.database.value("SELECT generation FROM tokens")

    @property
    def is_begun(self) -> bool:
        """Does the row say that somebody asks?"""
        return bool(self.database.value("SELECT owner IS NOT NULL FROM tokens"))

    @property
    def asking_process(self) -> int:
        """Which process asks: a lease's owner is HOST:PID and more."""
        return int(self.database.value("SELECT owner FROM tokens").split()[0].rpartition(":")[2])

    @property
    def needs_person(self) -> bool:
        return self.database.value("SELECT state FROM tokens") == "needs_reauth"

    def token_calls(self) -> list[dict[str, Any]]:
        return self.sim.ledger(host=LOGIN, path=TOKEN_PATH)

    def worn(self) -> set[str]:
        """Fingerprints of the tokens that requests came with."""
        return {entry["headers"].get("authorization", "") for entry in
                self.sim.ledger(host=HOST, path=API_PATH)}

    # Processes.

    @contextlib.contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen]:
        process = self.muster.start(*arguments)
        try:
            yield process
        finally:
            Syncing.kill(process)
            process.communicate(timeout=END_S)

    def run_all(self, many: list[list[str]]) -> list[Run]:
        """All at once."""
        running = [(words, self.muster.start(*words)) for words in many]
        return [ended(words, process) for words, process in running]


def ended(words: list[str], process: subprocess.Popen) -> Run:
    out, err = process.communicate(timeout=END_S)
    return Run(words, subprocess.CompletedProcess(
        words, process.returncode, out.decode(errors="replace"), err.decode(errors="replace")))


def wait_until(what: Callable[[], Any], process: subprocess.Popen) -> bool:
    """Until it is so; false if the program ended before."""
    until = time.monotonic() + END_S
    while not what():
        if process.poll() is not None:
            return False
        if time.monotonic() > until:
            raise AssertionError("what was waited for does not happen")
        time.sleep(0.0005)
    return True


@contextlib.contextmanager
def custody(**options: Any) -> Iterator[Custody]:
    """`options`: of Harbor."""
    with ground([{"vendor": "harbor", **options}], DirectMuster) as place:
        yield Custody(place)
