"""The Debian package: the same bytes from every folder, and it installs and runs on a bare Debian 12."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from simulator.client import Simulator

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["MUSTER_BUILD"])
HOST = "acme.api.kandji.io"
EPOCH = "1780000000"  # of the comparison; without one it is the last commit's time
DEBIAN = "bookworm"
NETWORK_S, BUILD_S = 900, 1800


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)


def pack(build, out, epoch=None):
    environment = {**os.environ} | ({"SOURCE_DATE_EPOCH": epoch} if epoch else {})
    if epoch is None:
        environment.pop("SOURCE_DATE_EPOCH", None)
    run("cpack", "-G", "DEB", "-B", out, "--config", build / "CPackConfig.cmake", cwd=build,
        env=environment)
    package, = pathlib.Path(out).glob("muster_*.deb")
    return package


def sources():
    """The tree as it is, without what was built."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=REPOSITORY,
                            text=True, capture_output=True, check=False)
    if listed.returncode == 0:
        return [name for name in listed.stdout.splitlines() if (REPOSITORY / name).is_file()]
    return [str(path.relative_to(REPOSITORY)) for path in REPOSITORY.rglob("*")
            if path.is_file() and "build" not in path.relative_to(REPOSITORY).parts[:1]]


class PackageCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="muster-package-")
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)


class Package(PackageCase):
    def test_what_is_in_it(self):
        package = pack(BUILD, self.top / "out")
        self.assertRegex(package.name, r"^muster_\d+\.\d+\.\d+-1_\w+\.deb$")
        depends = run("dpkg-deb", "-f", package, "Depends").stdout
        for library in ("libc6", "libcurl4", "liblua5.4-0", "libsqlite3-0", "libssl3", "libseccomp2",
                        "libuv1", "libmicrohttpd12", "libzstd1", "libxxhash0", "libjansson4", "ca-certificates"):
            self.assertIn(library, depends)
        listed = run("dpkg-deb", "-c", package).stdout
        for file in ("bin/muster", "share/man/man1/muster.1", "share/doc/muster/copyright",
                     "share/bash-completion/completions/muster",
                     "share/zsh/vendor-completions/_muster",
                     "share/fish/vendor_completions.d/muster.fish",
                     "share/doc/muster/examples/systemd/muster.timer",
                     "share/muster/scripts/vendors/kandji.lua"):
            self.assertIn(f"./usr/{file}\n", listed)
        for line in listed.splitlines():
            self.assertRegex(line, r"^(drwxr-xr-x|-rwxr-xr-x|-rw-r--r--) root/root ")

    def test_the_same_bytes_from_another_folder(self):
        """A second build from nothing, elsewhere and without a cache of objects."""
        elsewhere = self.top / "a folder with a longer name" / "tree"
        for name in sources():
            (elsewhere / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, elsewhere / name)
        environment = {**os.environ, "CCACHE_DISABLE": "1"}
        run("cmake", "--preset", BUILD.name, "-DBUILD_TESTING=OFF", cwd=elsewhere, env=environment)
        run("cmake", "--build", "--preset", BUILD.name, cwd=elsewhere, env=environment,
            timeout=BUILD_S)
        first = pack(BUILD, self.top / "first", EPOCH)
        second = pack(elsewhere / "build" / BUILD.name, self.top / "second", EPOCH)
        digests = [hashlib.sha256(package.read_bytes()).hexdigest() for package in (first, second)]
        self.assertEqual(*digests, run("dpkg-deb", "-c", first).stdout)


@unittest.skipUnless(os.geteuid() == 0, "a chroot needs root")
@unittest.skipUnless(shutil.which("debootstrap"), "debootstrap is not installed")
class BareDebian(PackageCase):
    def setUp(self):
        super().setUp()
        self.root = self.top / "root"
        done = subprocess.run(["debootstrap", "--variant=minbase", DEBIAN, str(self.root)],
                              capture_output=True, text=True, check=False, timeout=NETWORK_S)
        if done.returncode:
            said = (done.stdout + done.stderr).strip().splitlines()
            self.skipTest(f"no bare Debian to be had: {said[-1] if said else 'debootstrap failed'}")

    def inside(self, *words, check=True, **options):
        """In the folder as the root, in mounts of its own with a /proc."""
        script = f'mount -t proc proc "{self.root}/proc"; exec chroot "{self.root}" "$@"'
        done = subprocess.run(
            ["unshare", "-m", "sh", "-ec", script, "sh", *words], text=True, capture_output=True,
            check=False, timeout=NETWORK_S,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8",
                 "DEBIAN_FRONTEND": "noninteractive"}, **options)
        if check:
            self.assertEqual(done.returncode, 0, (words, done.stdout, done.stderr))
        return done

    def install(self):
        shutil.copy(pack(BUILD, self.top / "out"), self.root / "muster.deb")
        self.inside("apt-get", "-qq", "update")
        self.inside("dpkg", "-i", "/muster.deb", check=False)  # its libraries are missing
        self.inside("apt-get", "-qq", "-y", "--no-install-recommends", "-f", "install")
        self.assertIn("install ok installed",
                      self.inside("dpkg-query", "-W", "-f", "${Status}", "muster").stdout)

    def test_it_installs_and_runs(self):
        self.install()
        self.assertRegex(self.inside("muster", "version").stdout, r"^muster \d+\.\d+\.\d+\n$")
        self.inside("muster", "init", "/srv/inventory")
        project = ["muster", "-C", "/srv/inventory"]
        findings = json.loads(self.inside(*project, "doctor", "--json").stdout)
        self.assertEqual([row for row in findings if row["result"] == "fail"], [])
        with Simulator([{"tenant": "acme", "devices": 12, "apps_per_device": 3}]) as sim:
            shutil.copy(sim.ca_file, self.root / "ca.pem")
            self.inside(*project, "connect", "kandji", "--account", "acme", "--set",
                        f"api_url={HOST}", "--secret-stdin", "api_token", "--ca-file", "/ca.pem",
                        "--connect-to", f"{HOST}:443:127.0.0.1:{sim.port}", "--no-input",
                        input=sim.token(HOST) + "\n")
            self.inside(*project, "sync", "kandji/acme")
            listed = json.loads(self.inside(*project, "devices", "--json").stdout)
            self.assertEqual(len(listed), len(sim.truth(HOST)["devices"]))
        self.inside("apt-get", "-qq", "-y", "purge", "muster")
        self.assertTrue((self.root / "srv/inventory/.muster/muster.db").exists())


if __name__ == "__main__":
    unittest.main()
