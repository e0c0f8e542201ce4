"""V1: secrets turn up nowhere: no file, no output, no process, no crash, in no usual spelling."""

import contextlib
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from typing import Any, Callable, Iterator, Optional

from e2e.harness import ACCOUNT, HOST, Muster
from promises import canary, echo_vendor
from promises.promise import Promise, Skip
from simulator.client import Simulator

LOUD = ("-v", "-v", "--log-level", "debug")
TABLES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
VERBS = (("accounts",), ("accounts", "show", ACCOUNT), ("credentials",), ("check", ACCOUNT), ("status",),
         ("sessions",), ("sessions", "show"), ("vault", "status"), ("map", "show", ACCOUNT), ("doctor",),
         ("config",), ("person", "nobody@example.com"), ("apps", "who", "Safari"), ("devices",), ("users",),
         ("apps",), ("installs",), ("removals",), ("vendors",), ("version",))
EXPORTED = ("users", "devices", "apps", "device_apps", "people", "inventory", "installed_apps")
CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS)
WAIT_S = 60
CORE_PATTERN = pathlib.Path("/proc/sys/kernel/core_pattern")


def leaves_cores_behind() -> bool:
    """In the folder of the process that crashed, not with a program or elsewhere: see core(5)."""
    return not CORE_PATTERN.read_text(encoding="utf-8").startswith(("|", "/"))


class CrashableMuster(Muster):
    """May leave cores, were it up to the one who starts it."""

    def start(self, *arguments: str) -> subprocess.Popen:
        def allow_cores() -> None:
            resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

        return subprocess.Popen(
            self.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=self.environment, cwd=self.folder, start_new_session=True,
            preexec_fn=allow_cores)


def wait_for(what: Callable[[], Any]) -> Any:
    end = time.monotonic() + WAIT_S
    while not (value := what()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {WAIT_S} s")
        time.sleep(0.02)
    return value


def shown(pid: int, name: str) -> bytes:
    """What the kernel shows of a process, if it still runs and we may see it."""
    try:
        return pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def memory_of(pid: int) -> Iterator[bytes]:
    """All of its memory, as root; nothing else may see it."""
    for line in shown(pid, "maps").decode().splitlines():
        first, last = (int(part, 16) for part in line.split()[0].split("-"))
        with contextlib.suppress(OSError, ValueError, OverflowError), open(f"/proc/{pid}/mem", "rb") as memory:
            memory.seek(first)
            yield memory.read(last - first)


def processes(session: int) -> list[int]:
    """The processes of a session, its leader among them."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.getsid(int(entry)) == session:
                found.append(int(entry))
    return found


class Scene:
    """A project with accounts of all styles, and all secrets that were ever typed there."""

    def __init__(self, stack: contextlib.ExitStack, draw: random.Random):
        self.secrets = {name: canary.new(draw, name) for name in (
            "token", "newtoken", "wrongtoken", "passphrase", "newpassphrase", "proxy", "spare",
            *(f"{style}-{part}" for style, (_, parts) in echo_vendor.ALL.items() for part in parts))}
        folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-promise-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        self.sim = stack.enter_context(Simulator([
            {"tenant": "acme", "devices": 20, "apps_per_device": 3, "token": self.secrets["token"]}]))
        self.muster = CrashableMuster(folder / "muster").init()
        self.echo = echo_vendor.EchoVendor(folder / "echo")
        for style, (_, parts) in echo_vendor.KEYED.items():
            for part in parts:
                name = f"{style}-{part}"
                self.secrets[name] = echo_vendor.make_secret(style, part, self.secrets[name], folder / "echo")
        stack.callback(self.echo.stop)
        self.keys = self.key_files()
        self.outputs: list[tuple[str, bytes]] = []

    def key_files(self) -> dict[pathlib.Path, str]:
        return {path: path.read_text().strip() for path in (self.muster.folder / "state").rglob("*.key")}

    def file(self, name: str) -> str:
        return str(self.muster.secret_file(self.secrets[name], name))

    # --- looking ---

    def found(self) -> Iterator[str]:
        """Where a secret turned up since the project began."""
        self.keys.update(self.key_files())
        secrets = {name: echo_vendor.line_of(secret) for name, secret in self.secrets.items()}
        secrets |= {f"key {path.name}": key for path, key in self.keys.items()}
        secrets |= {f"token {number}": token for number, token in enumerate(sorted(self.echo.tokens))}
        raw = {bytes.fromhex(key): path.name for path, key in self.keys.items()}
        canaries = canary.Canaries(secrets)
        for where, data in self.everything():
            yield from (f"{name} in {where}" for name in canaries.found_in(data))
            yield from (f"key {name} in {where}" for key, name in raw.items() if key in data)

    def everything(self) -> Iterator[tuple[str, bytes]]:
        given = {self.muster.secrets}
        for path in self.muster.folder.rglob("*"):
            if path.is_file() and not given & set(path.parents) and path not in self.keys:
                yield str(path.relative_to(self.muster.folder)), path.read_bytes()
                yield f"the name {path.name}", os.fsencode(path.name)
        for run in self.muster.runs:
            yield f"what `{' '.join(run.arguments)[:60]}` said", run.said.encode()
        yield from self.outputs
        self.muster.runs.clear()
        self.outputs.clear()

    # --- what is done ---

    def connect(self) -> None:
        muster, run = self.muster, self.muster.run
        self.sim.change(HOST, "replace_token", token=self.secrets["token"])
        muster.connect_kandji(self.sim, account="refused", token=self.secrets["wrongtoken"])
        muster.connect_kandji(self.sim, extra=LOUD)
        for style, (_, parts) in echo_vendor.ALL.items():
            (muster.project / "vendors" / f"{style}.lua").write_text(echo_vendor.connector(style))
            files = [f"--secret-file={part}={self.file(f'{style}-{part}')}" for part in parts[1:]]
            run("connect", style, "--account", "acme", *files, "--secret-stdin", parts[0], "--ca-file",
                str(self.echo.ca_file), "--connect-to", f"{echo_vendor.HOST}:443:127.0.0.1:{self.echo.port}",
                "--no-input", *LOUD, stdin=self.secrets[f"{style}-{parts[0]}"] + "\n")
        run("credentials", "add", "spare", "kandji", "--secret-file", f"api_token={self.file('spare')}")
        run("accounts", "set", ACCOUNT, "--proxy", f"http://me:{self.secrets['proxy']}@127.0.0.1:1")

    def sync(self) -> None:
        self.muster.run("sync", "--all", *LOUD)
        self.muster.run("sync", "--all", "--json")
        self.muster.run("sync", "--all", "--dry-run", *LOUD)

    def fail(self) -> None:
        token = self.secrets["token"]
        said = {"detail": f"{token} is not welcome", "headers": f"Bearer {token}"}
        for fault, params in (("unauthorized", {}), ("forbidden", {}), ("html_page", {"text": token}),
                              ("body", {"value": said, "status": 400}), ("body", {"value": [said]}),
                              ("redirect", {"to": f"https://evil.example/?t={token}"})):
            self.sim.fault(fault, path="/api/v1/devices", times=6, **params)
            self.muster.run("sync", ACCOUNT, *LOUD)
            self.muster.run("sync", ACCOUNT, "--json")
            self.sim.clear_faults()
        self.echo.refuses = True
        self.muster.run("check", *(f"{style}/acme" for style in echo_vendor.ALL), *LOUD)
        self.echo.refuses = False

    def look(self) -> None:
        for verb in VERBS:
            self.muster.run(*verb, *LOUD)
            self.muster.run(*verb, "--json")
        for table in self.muster.query(TABLES):
            self.muster.run("query", f"SELECT * FROM {table['name']}", "--json")
        for entity in EXPORTED:
            self.muster.run("export", entity, "--format", "ndjson", "-o", f"{entity}.ndjson")
        for shell in ("bash", "zsh", "fish"):
            self.muster.run("help", "--completion", shell)

    def replace(self) -> None:
        self.sim.change(HOST, "replace_token", token=self.secrets["newtoken"])
        self.muster.run("accounts", "reconnect", ACCOUNT, "--secret-file",
                        f"api_token={self.file('newtoken')}", "--no-input", *LOUD)
        self.muster.run("sync", ACCOUNT, *LOUD)

    def change_keys(self) -> None:
        old, new = self.file("passphrase"), self.file("newpassphrase")
        run = self.muster.must
        run("vault", "rotate", *LOUD)
        run("vault", "rekey", *LOUD)
        self.keys.update(self.key_files())
        run("vault", "rekey", "--key", "passphrase", "--new-passphrase-file", old, *LOUD)
        run("sync", ACCOUNT, "--passphrase-file", old, *LOUD)
        self.muster.run("sync", ACCOUNT, "--passphrase-file", new, *LOUD)
        run("vault", "rekey", "--passphrase-file", old, "--new-passphrase-file", new, *LOUD)
        run("vault", "rekey", "--key", "file", "--passphrase-file", new, *LOUD)

    def back_up(self) -> None:
        copy, twin = str(self.muster.folder / "backup"), str(self.muster.folder / "twin")
        self.muster.must("backup", copy, "--recordings", *LOUD)
        self.muster.run("restore", copy, twin, *LOUD)

    def started(self, *arguments: str) -> tuple[subprocess.Popen, int]:
        """A sync that waits for the vendor, and its sandbox."""
        self.sim.fault("delay", seconds=4, path="/api/v1/devices", times=1)
        self.sim.clear_ledger()
        process = self.muster.start("sync", ACCOUNT, *arguments)
        wait_for(lambda: self.sim.ledger(path="/api/v1/devices"))
        sandbox = wait_for(lambda: [pid for pid in processes(process.pid)
                                    if b"__sandbox" in shown(pid, "cmdline")])
        return process, sandbox[0]

    def end(self, process: subprocess.Popen) -> None:
        out, err = process.communicate(timeout=WAIT_S)
        self.outputs += [("stdout", out), ("stderr", err)]
        self.sim.clear_faults()

    def inspect(self) -> None:
        process, sandbox = self.started(*LOUD)
        for pid in (process.pid, sandbox):
            self.outputs += [(f"/proc/PID/{name}", shown(pid, name)) for name in
                             ("cmdline", "environ", "maps", "comm", "status", "limits")]
        self.outputs += [("the sandbox's memory", data) for data in memory_of(sandbox)]
        self.end(process)

    def crash(self, signum: int, is_sandbox: bool) -> None:
        process, sandbox = self.started(*LOUD)
        os.kill(sandbox if is_sandbox else process.pid, signum)
        self.end(process)


class Secrets(Promise):
    """Every file, name, output and process is searched after each step, in sixteen spellings. What
    crashes is started by someone who allows cores of any size."""

    id = "V1"
    title = "secrets turn up nowhere"
    small = 2
    full = 12
    faults = ("plain-answers", "core-dumps")

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        if os.environ.get("MUSTER_SABOTAGE") == "core-dumps" and not leaves_cores_behind():
            raise Skip(f"{CORE_PATTERN} sends cores elsewhere: none could be found")
        with contextlib.ExitStack() as stack:
            scene = Scene(stack, draw)
            for step in (scene.connect, scene.sync, scene.inspect):
                step()
                yield self.wrong_after(scene, step.__name__)
            for turn in range(volume):
                signum = draw.choice(CRASHES)
                scene.crash(signum, is_sandbox=turn % 2 == 1)
                yield self.wrong_after(scene, f"{signum.name} to the {('host', 'sandbox')[turn % 2]}")
            for step in (scene.look, scene.fail, scene.replace, scene.change_keys, scene.back_up):
                step()
                yield self.wrong_after(scene, step.__name__)
            echoed = scene.muster.value("SELECT count(*) FROM devices WHERE custom LIKE '%<secret:%'")
            yield None if echoed else "no vendor echoed a secret"
            missing = set(echo_vendor.ALL) - {row["vendor"] for row in scene.muster.query("SELECT vendor FROM accounts")}
            yield f"not connected: {', '.join(sorted(missing))}" if missing else None
            yield None if scene.echo.tokens else "no vendor was shown a token that the host signed"
        self.note = f"{len(scene.secrets) + len(scene.keys)} secrets"

    def wrong_after(self, scene: Scene, step: str) -> Optional[str]:
        found = list(scene.found())
        cores = [path.name for path in scene.muster.folder.rglob("core*") if path.is_file()]
        if cores:
            return f"{step}: left {', '.join(cores)}"
        return f"{step}: {len(found)} found: {'; '.join(found[:4])}" if found else None
