"""Each check sees what it is there for, and lets the good sample pass."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import check
import hardening
import headers
import layers
import sizes
import source
import words

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import summary  # noqa: E402

CHAIN = {"base": set(), "net": {"base"}, "store": {"base"}}


def function(name, lines):
    return f"int {name}(void)\n{{\n" + "\twork();\n" * (lines - 2) + "}\n"


class Source(unittest.TestCase):
    def test_only_code_keeps_lines_and_drops_words(self):
        code = source.only_code('a("x // y"); /* b\nc */ d(\'"\'); // e')
        self.assertEqual(code.count("\n"), 1)
        self.assertIn("d(", code)
        for gone in "xyce":
            self.assertNotIn(gone, code.replace("d(", ""))

    def test_functions_have_names_and_lengths(self):
        text = "static const int t[] = {\n\t1,\n};\n\nstatic bool is_x(int a,\n\t\t int b)\n{\n\treturn a;\n}\n"
        (found,) = source.functions(text)
        self.assertEqual((found.name, found.line, found.length), ("is_x", 7, 3))


class Layers(unittest.TestCase):
    def find(self, path, text):
        return layers.find({path: text}, CHAIN)

    def test_down_the_chain_passes(self):
        self.assertEqual(self.find("host/net/net.c", '#include "base/err.h"\n#include "net/net.h"\n'), [])
        self.assertEqual(self.find("host/main.c", '#include "net/net.h"\n'), [])

    def test_sideways_and_up_are_found(self):
        self.assertIn("host/net/net.c:2:", self.find("host/net/net.c", '\n#include "store/store.h"\n')[0])
        self.assertTrue(self.find("host/base/err.c", '#include "net/net.h"\n'))

    def test_unknown_folder_is_found(self):
        self.assertTrue(self.find("host/utils/x.c", '#include "base/err.h"\n'))
        self.assertTrue(self.find("host/net/net.c", '#include "local.h"\n'))

    def test_library_outside_its_place_is_found(self):
        self.assertEqual(self.find("host/base/loop.c", "#include <uv.h>\n"), [])
        for header in ("uv.h", "curl/curl.h", "openssl/evp.h", "sqlite3.h", "lua.h", "lualib.h", "zstd.h"):
            self.assertTrue(self.find("host/base/str.c", f"#include <{header}>\n"), header)
        self.assertTrue(self.find("host/store/account.c", "#include <sqlite3.h>\n"))

    def test_a_comment_is_no_include(self):
        self.assertEqual(self.find("host/base/str.c", "/*\n#include <uv.h>\n*/\n"), [])

    def test_use_of_a_later_layer_is_found(self):
        chain, findings = layers.parse("base: \nnet: base store\nstore: base\n")
        self.assertEqual(chain["store"], {"base"})
        self.assertEqual(len(findings), 1)


class Sizes(unittest.TestCase):
    def test_long_function_is_found(self):
        short = {f"host/a/f{n}.c": function("f", 5) for n in range(30)}
        self.assertEqual(sizes.find_functions({**short, "host/a/x.c": function("x", 60)})[0], [])
        (finding,), _ = sizes.find_functions({**short, "host/a/x.c": function("x", 61)})
        self.assertIn("host/a/x.c:2: x has 61 lines", finding)

    def test_one_switch_or_table_is_allowed(self):
        for opening in ("\tswitch (x) {", "\tstatic const int t[] = {"):
            text = "int f(int x)\n{\n" + opening + "\n" + "\t\tcase 1:\n" * 70 + "\t}\n}\n"
            short = {f"host/a/f{n}.c": function("f", 5) for n in range(30)}
            self.assertEqual(sizes.find_functions({**short, "host/a/x.c": text})[0], [])

    def test_many_long_functions_are_found(self):
        tree = {f"host/a/f{n}.c": function("f", 50) for n in range(10)}
        self.assertIn("percentile", sizes.find_functions(tree)[0][0])

    def test_long_file_is_found(self):
        self.assertTrue(sizes.find_files({"host/a/x.c": "\n" * 601}))
        self.assertTrue(sizes.find_files({"scripts/vendors/x.lua": "\n" * 301}))
        self.assertEqual(sizes.find_files({"scripts/lib/x.lua": "\n" * 301, "README.md": "\n" * 900}), [])


class Words(unittest.TestCase):
    def assert_found(self, find, path, text, part=""):
        findings = find({path: text})
        self.assertEqual(len(findings), 1, findings)
        self.assertIn(part, findings[0])

    def test_strcmp(self):
        for bad in ("if (strcmp(a, b) == 0)", "if (!strcmp(a, f(b)))", "while (strcmp(a, b))",
                    "x = strcmp(a, b) != 0;", "return strcmp(a, b) && c;"):
            self.assert_found(words.find_comparisons, "host/a/x.c", bad, "str_eq")
        for good in ("if (strcmp(a, b) < 0)", "return strcmp(a, b);", 'log("strcmp(a, b) == 0");'):
            self.assertEqual(words.find_comparisons({"host/a/x.c": good}), [])
        self.assertEqual(words.find_comparisons({"host/base/str.c": "return strcmp(a, b) == 0;"}), [])

    def test_typedef_of_struct(self):
        self.assert_found(words.find_c_words, "host/a/x.h", "typedef struct x x;")
        self.assertEqual(words.find_c_words({"host/a/x.h": "typedef void fn(struct x *x);"}), [])

    def test_descriptors(self):
        for bad in ("open(p, O_RDONLY)", "socket(AF_INET, SOCK_STREAM, 0)", "pipe(fds)", "dup(1)",
                    'fopen(p, "r")', "accept(fd, NULL, NULL)", "eventfd(0, 0)"):
            self.assert_found(words.find_descriptors, "host/a/x.c", f"x = {bad};")
        for good in ("open(f(p), O_RDONLY | O_CLOEXEC)", 'fopen(p, "re")', "s->open(x)", "vault_open(x)"):
            self.assertEqual(words.find_descriptors({"host/a/x.c": good}), [], good)

    def test_sleep(self):
        self.assert_found(words.find_sleeps, "tests/unit/test_x.c", "usleep(10);")
        self.assert_found(words.find_sleeps, "tests/unit/test_x.c", "for (int i = 0; i < 9; i++)\n\tsleep(1);")
        good = "for (int i = 0; i < 9 && !is_there(x); i++)\n\tusleep(10);"
        self.assertEqual(words.find_sleeps({"tests/unit/test_x.c": good}), [])

    def test_empty_test(self):
        text = ("static void helper(void)\n{\n\tassert_true(x());\n}\n"
                "#define HELP(x) \\\n\thelper()\n"
                "static void good(void **state)\n{\n\tHELP(1);\n}\n"
                "static void bad(void **state)\n{\n\tx();\n}\n"
                "int main(void)\n{\n\tt[] = { cmocka_unit_test(good), cmocka_unit_test(bad) };\n}\n")
        self.assert_found(words.find_empty_tests, "tests/unit/test_x.c", text, "bad asserts nothing")
        self.assert_found(words.find_empty_tests, "tests/unit/test_x.c", "int main(void);", "no test")

    def test_unfinished_work_and_machine_paths(self):
        self.assert_found(words.find_anywhere, "README.md", "a " + "TO" + "DO b")
        self.assert_found(words.find_anywhere, "x.c", "see " + "/wo" + "rk/main")
        self.assert_found(words.find_anywhere, "x.c", "see " + "/ro" + "ot/x")
        self.assert_found(words.find_anywhere, "x.c", "see " + "/ho" + "me/jane/x")
        self.assert_found(words.find_anywhere, "x.c", "a \nb\n")
        self.assertEqual(words.find_anywhere({"x.md": "api/" + "work/x ~/home/x <PLACE>/root"}), [])

    def test_top_level(self):
        self.assertEqual(words.find_top_level({"host/x.c": "", ".ci/run": "", "README.md": ""}), [])
        self.assertEqual(len(words.find_top_level({"docs/x.md": "", "Makefile": ""})), 2)


class Headers(unittest.TestCase):
    def test_manual_and_guard(self):
        good = "/* What it is. */\n#ifndef MUSTER_NET_HTTP_H\n"
        self.assertEqual(headers.find({"host/net/http.h": good}), [])
        self.assertEqual(len(headers.find({"host/net/http.h": "#ifndef MUSTER_NET_HTTP_H\n"})), 1)
        self.assertEqual(len(headers.find({"host/net/http.h": "/* What it is. */\n#pragma once\n"})), 1)
        self.assertEqual(len(headers.find({"host/net/http.c": "int x;\n"})), 1)


class Shell(unittest.TestCase):
    def test_scripts_are_known_by_their_first_line(self):
        self.assertTrue(check.is_shell("tests/run", "#!/bin/bash\n"))
        self.assertFalse(check.is_shell("tests/x.py", "#!/usr/bin/env python3\n"))


class Tools(unittest.TestCase):
    """The tools that are called find something under this tree's settings."""

    def run_tool(self, command, text):
        return subprocess.run(command, input=text, cwd=check.TOP, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)

    def assert_tells(self, command, good, bad, what):
        self.assertEqual(self.run_tool(command, good).returncode, 0)
        done = self.run_tool(command, bad)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(what, done.stdout)

    def test_clang_format(self):
        self.assert_tells(["clang-format", "--dry-run", "-Werror", "--assume-filename=host/x.c"],
                          "int f(void)\n{\n\treturn 1;\n}\n", "int f(void) { return 1; }\n",
                          "clang-format-violations")

    def test_luacheck_knows_the_sandbox(self):
        command = ["luacheck", "--no-color", "--filename", "scripts/lib/x.lua", "-"]
        self.assert_tells(command, "local x <const> = 1\nreturn tostring(x)\n",
                          "return os.time()\n", "accessing undefined variable 'os'")

    def test_shellcheck(self):
        self.assert_tells(["shellcheck", "-"], '#!/bin/bash\nls "$1"\n', "#!/bin/bash\nls $1\n", "SC2086")

    def test_clang_tidy(self):
        command = ["clang-tidy", "--quiet", "--warnings-as-errors=*"]
        with tempfile.TemporaryDirectory() as folder:
            sample = Path(folder, "sample.c")
            sample.write_text("int f(int *p);\nint f(int *p)\n{\n\tif (!p)\n\t\treturn *p;\n\treturn 0;\n}\n")
            done = self.run_tool([*command, f"--config-file={check.TOP}/.clang-tidy", str(sample), "--"], "")
        self.assertIn("clang-analyzer-core.NullDereference", done.stdout)
        self.assertNotEqual(done.returncode, 0)


class Hardening(unittest.TestCase):
    GOOD = ("  Type:    DYN (Position-Independent Executable file)",
            "  LOAD 0x0 0x0 0x0 0x1 0x1 R E 0x1000\n  GNU_STACK 0x0 0x0 0x0 0x0 0x0 RW  0x10\n  GNU_RELRO",
            " (FLAGS) BIND_NOW\n (FLAGS_1) Flags: NOW PIE\n",
            "__stack_chk_fail@GLIBC_2.4\n__memcpy_chk@GLIBC_2.3.4\n")

    def test_good_passes(self):
        self.assertEqual(hardening.find(*self.GOOD), [])

    def test_each_missing_part_is_found(self):
        header, segments, dynamic, symbols = self.GOOD
        for sample in ((header.replace("DYN", "EXEC"), segments, dynamic, symbols),
                       (header, segments.replace("RW ", "RWE"), dynamic, symbols),
                       (header, segments.replace("GNU_RELRO", ""), dynamic, symbols),
                       (header, segments, "(FLAGS_1) Flags: PIE", symbols),
                       (header, segments, dynamic + " (RUNPATH) x", symbols),
                       (header, segments, dynamic, "__memcpy_chk"),
                       (header, segments, dynamic, "__stack_chk_fail")):
            self.assertEqual(len(hardening.find(*sample)), 1, sample)


class Summary(unittest.TestCase):
    def test_runners_are_counted_by_their_own_tests(self):
        cmocka = ("[==========] Running 3 test(s).\n[  PASSED  ] 1 test(s).\n"
                  "[  SKIPPED ] 1 test(s), listed below:\n[  SKIPPED ] test_a\n"
                  "[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] test_b\n")
        self.assertEqual(summary.cmocka(cmocka), summary.Count(1, 1, ["test_a"]))
        tap = "ok 1 - a\nnot ok 2 - b\n# c.lua:3\nok 3 - d # SKIP no file\n1..3\n"
        self.assertEqual(summary.tap(tap), summary.Count(1, 1, ["no file"]))
        unit = ("test_x (m.C.test_x) ... skipped 'no file'\n"
                "Ran 5 tests in 0.1s\n\nFAILED (failures=1, errors=1, skipped=1)\n")
        self.assertEqual(summary.unittest(unit), summary.Count(2, 2, ["no file"]))

    def test_a_crash_after_the_last_test_is_a_failure(self):
        case = summary.ElementTree.fromstring(
            '<testcase name="a" status="fail"><failure message=""/>'
            '<system-out>[==========] 1 test(s) run.\n[  PASSED  ] 1 test(s).</system-out></testcase>')
        self.assertEqual(summary.count_case(case), summary.Count(1, 1, []))

    def test_a_skip_says_why_and_a_missing_program_is_no_skip(self):
        for message, count in (("SKIP_RETURN_CODE=77", summary.Count(skipped=["no file"])),
                               ("Unable to find executable", summary.Count(failed=1))):
            case = summary.ElementTree.fromstring(
                f'<testcase name="a" status="notrun"><skipped message="{message}"/>'
                '<system-out>skipped: no file\n</system-out></testcase>')
            self.assertEqual(summary.count_case(case), count)


if __name__ == "__main__":
    unittest.main()
