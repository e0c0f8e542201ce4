"""muster completion: what bash, zsh and fish themselves offer, each asked in its own way."""

import os
import shutil
import subprocess
import unittest

from harness import ACCOUNT, E2eCase


class CompletionCase(E2eCase):
    """`complete` is a shell's way: what it offers for the last word."""

    SHELL = ""

    def setUp(self):
        super().setUp()
        folder = self.muster.folder / "bin"
        folder.mkdir()
        program = folder / "muster"
        words = " ".join(f"'{word}'" for word in self.muster.command())
        program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        program.chmod(0o755)
        self.script = self.muster.folder / f"completion.{self.SHELL}"
        self.script.write_text(self.muster.must("completion", self.SHELL).out)

    def ask(self, *command):
        path = f"{self.muster.folder / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              env={**self.muster.environment, "PATH": path}, cwd="/")
        self.assertEqual(done.stderr, "")
        return done.stdout

    def complete(self, *words):
        raise NotImplementedError


class Common:
    """What all three have to know."""

    def test_verbs_words_and_flags(self):
        self.assertEqual(self.complete("acc"), ["accounts"])
        self.assertEqual(set(self.complete("accounts", "re")), {"rename", "resume", "reconnect"})
        self.assertEqual(self.complete("accounts", "set", "--la"), ["--label"])
        self.assertIn("--dry-run", self.complete("sync", "--dr"))
        self.assertIn("--json", self.complete("status", "--js"))

    def test_values(self):
        self.assertEqual(self.complete("vault", "rekey", "--key", "p"), ["passphrase"])
        self.assertEqual(self.complete("export", "licens"), ["licenses"])
        self.assertEqual(self.complete("completion", "f"), ["fish"])
        self.assertEqual(set(self.complete("users", "list", "--status", "in")),
                         {"inactive", "invited"})

    def test_accounts_of_the_project(self):
        self.connect()
        for words in (["sync"], ["accounts", "show"], ["users", "list", "--account"],
                      ["credentials", "show"], ["connect", "kandji", "--credential"]):
            self.assertEqual(self.complete(*words, "k"), [ACCOUNT], words)


    def test_vendors(self):
        for words in (["connect"], ["vendors", "show"], ["credentials", "add", "name"]):
            self.assertEqual(self.complete(*words, "kan"), ["kandji"], words)


@unittest.skipUnless(shutil.which("bash"), "bash is not installed")
class Bash(Common, CompletionCase):
    SHELL = "bash"

    def complete(self, *words):
        line = " ".join(f"'{word}'" for word in ("muster", *words))
        return self.ask("bash", "-c", f'source "$0"; COMP_WORDS=({line}); COMP_CWORD={len(words)}; '
                        '_muster; printf "%s\\n" "${COMPREPLY[@]}"', str(self.script)).split()

    def test_more_words(self):
        self.assertEqual(self.complete("-C", "dir", "accounts", "re"),
                         ["rename", "resume", "reconnect"])
        self.assertEqual(self.complete("users", "--status", "in"), ["inactive", "invited"])
        self.assertEqual(self.complete("--log-level", "w"), ["warn"])
        self.assertEqual(self.complete("devices", "--user", ""), [])
        self.assertEqual(self.complete("help", "sy"), ["sync"])
        self.assertEqual(self.complete("config", "set", "guard.c"), ["guard.count"])

    def test_it_is_known_once_sourced(self):
        told = self.ask("bash", "-c", 'source <(muster completion bash); complete -p muster')
        self.assertIn("-F _muster muster", told)


@unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
class Zsh(Common, CompletionCase):
    SHELL = "zsh"

    def complete(self, *words):
        """compadd takes no question outside of the line editor: here it says what it was given."""
        line = " ".join(f"'{word}'" for word in ("muster", *words))
        told = self.ask("zsh", "-f", "-c",
                        "compdef() {}; compadd() { shift; print -l -- \"$@\" }; "
                        f"source \"$0\"; words=({line}); CURRENT={len(words) + 1}; _muster",
                        str(self.script))
        return [word for word in told.split() if word.startswith(words[-1])]

    def test_it_is_known_as_a_file_and_once_sourced(self):
        folder = self.muster.folder / "zfunc"
        folder.mkdir()
        shutil.copy(self.script, folder / "_muster")
        begin = "autoload -Uz compinit; compinit -u -D; "
        told = self.ask("zsh", "-f", "-c", f"fpath=('{folder}' $fpath); {begin} print $_comps[muster]")
        self.assertEqual(told, "_muster\n")
        told = self.ask("zsh", "-f", "-c", begin +
                        "source <(muster completion zsh); print $_comps[muster]")
        self.assertEqual(told, "_muster\n")


@unittest.skipUnless(shutil.which("fish"), "fish is not installed")
class Fish(Common, CompletionCase):
    SHELL = "fish"

    def complete(self, *words):
        line = " ".join(("muster", *words))
        told = self.ask("fish", "--no-config", "-c", f"source {self.script}; complete -C '{line}'")
        return sorted({found.split("\t")[0] for found in told.splitlines()})


class Refusal(E2eCase):
    def test_another_shell_is_refused_with_those_there_are(self):
        run = self.muster.run("completion", "tcsh")
        self.assertEqual(run.code, 2, run)
        self.assertIn("none of bash, zsh, fish", run.err)


if __name__ == "__main__":
    unittest.main()
