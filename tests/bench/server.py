"""nginx in front of the sets: over TLS, on loopback, at once and after 50 ms."""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import time

from simulator.pki import make_authority, make_leaf

DOMAIN = "bench.example"
HERE = pathlib.Path(__file__).resolve().parent
NGINX_MODULES = pathlib.Path("/usr/lib/nginx/modules")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """Serves data/NAME as NAME.bench.example until it is closed."""

    def __init__(self, folder: pathlib.Path, data: pathlib.Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.ca_file = make_authority(folder)
        self.port, self.slow_port = free_port(), free_port()
        words = {
            "MODULES": NGINX_MODULES, "DATA": data, "PORT": self.port, "SLOW_PORT": self.slow_port,
            "CERTIFICATE": make_leaf(folder, [f"*.{DOMAIN}"]),
            "USER": f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""}
        text = (HERE / "nginx.conf.in").read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(f"@{word}@", str(value))
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        self.log = folder / "error.log"
        self.process = subprocess.Popen(
            ["nginx", "-p", str(folder), "-c", "nginx.conf"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=self.log.open("w"))
        self.wait()

    def wait(self) -> None:
        for _ in range(200):
            if self.process.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.slow_port)) == 0:
                    return
            time.sleep(0.05)
        self.close()
        raise SystemExit(f"nginx does not start:\n{self.log.read_text(errors='replace')}")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
