"""An installed muster is complete, and lives on what was installed alone."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

FILES = ("bin/muster", "share/man/man1/muster.1", "share/bash-completion/completions/muster",
         "share/zsh/site-functions/_muster", "share/fish/vendor_completions.d/muster.fish",
         "share/muster/scripts/vendors/kandji.lua", "share/muster/scripts/lib/muster/guest.lua",
         "share/muster/scripts/lib/host.meta.lua", "share/muster/scripts/lib/cjson.meta.lua",
         "share/doc/muster/README.md", "share/doc/muster/host/store/README.md",
         "share/doc/muster/copyright", "share/doc/muster/examples/queries.md",
         "share/doc/muster/examples/systemd/muster.service")


class Prefix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="muster-install-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.top = Path(cls.folder.name)
        cls.prefix = cls.top / "prefix"
        subprocess.run(["cmake", "--install", os.environ["MUSTER_BUILD"], "--prefix", cls.prefix],
                       check=True, stdout=subprocess.DEVNULL)
        cls.run_muster("init", "--quiet", str(cls.top / "project"), project=False)

    @classmethod
    def run_muster(cls, *words, project=True):
        where = ["-C", cls.top / "project"] if project else []
        return subprocess.run([cls.prefix / "bin/muster", *where, *words], cwd="/", text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False,
                              env={**os.environ, "XDG_STATE_HOME": str(cls.top / "state")})

    def test_everything_is_there(self):
        for file in FILES:
            self.assertTrue((self.prefix / file).is_file(), file)

    def test_it_runs(self):
        done = self.run_muster("version")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^muster \d+\.\d+\.\d+")

    def test_the_installed_scripts_are_the_ones_in_use(self):
        done = self.run_muster("vendors", "check", "kandji")
        self.assertEqual(done.returncode, 0, done.stderr)
        connector = self.prefix / "share/muster/scripts/vendors/kandji.lua"
        text = connector.read_text(encoding="utf-8")
        self.addCleanup(connector.write_text, text, encoding="utf-8")
        connector.write_text("return {", encoding="utf-8")
        done = self.run_muster("vendors", "check", "kandji")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("kandji.lua:1:", done.stdout + done.stderr)

    def test_man_page_and_completions_know_the_verbs(self):
        page = (self.prefix / "share/man/man1/muster.1").read_text(encoding="utf-8")
        self.assertIn(".TH MUSTER 1", page)
        for shell in FILES[2:5]:
            text = (self.prefix / shell).read_text(encoding="utf-8")
            for verb in ("connect", "sync", "removals"):
                self.assertIn(verb, page)
                self.assertIn(verb, text, shell)
        subprocess.run(["bash", "-n", self.prefix / FILES[2]], check=True)


if __name__ == "__main__":
    unittest.main()
