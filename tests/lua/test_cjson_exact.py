"""lua-cjson as we link it against Python's json: 40,000 random documents must come back equal, numbers
of 64 bit, doubles, empty lists and all. A changed package of the distribution fails here, not at a user's.
"""

import json
import os
import random
import subprocess
import unittest
from pathlib import Path

DOCUMENTS = 40000
EDGES = (0, 1, -1, 2**53, 2**53 + 1, -2**53 - 1, 10**14, 10**15 + 1, 10**18 + 1, 2**63 - 1, -2**63,
         5e-324, 1.7976931348623157e308, 0.1, 1 / 3, 1e15, 1e16, 123456789.125)


class Documents:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def number(self):
        draw = self.random.choice
        return draw((
            lambda: self.random.randint(-2**63, 2**63 - 1),
            lambda: self.random.randint(-1000, 1000),
            lambda: draw(EDGES),
            lambda: self.random.uniform(-1e300, 1e300),
            lambda: self.random.gauss(0, 1) * 10.0**self.random.randint(-20, 20),
        ))()

    def text(self):
        ranges = ((1, 127), (0xA0, 0xD7FF), (0x10000, 0x10FFFF))
        return "".join(chr(self.random.randint(*self.random.choice(ranges)))
                       for _ in range(self.random.randint(0, 12)))

    def key(self, at):
        return f"k{at}" if self.random.random() < 0.8 else str(self.random.randint(0, 50))

    def value(self, depth=0):
        kind = self.random.random()
        if depth > 4 or kind < 0.5:
            return self.random.choice((self.number, self.number, self.text, lambda: True,
                                       lambda: False, lambda: None))()
        count = range(self.random.randint(0, 6))
        if kind < 0.75:
            return [self.value(depth + 1) for _ in count]
        return {self.key(at): self.value(depth + 1) for at in count}


def same(ours, theirs):
    """Equal, and of equal type: True is not 1. A whole double may be written without its ".0"."""
    if type(ours) is not type(theirs):
        return isinstance(theirs, float) and type(ours) is int and ours == theirs
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    return ours == theirs


class CjsonExact(unittest.TestCase):
    def test_random_documents_come_back_equal(self):
        seed = int(os.environ.get("MUSTER_TEST_SEED") or random.randrange(2**32))
        print(f"MUSTER_TEST_SEED={seed}")
        source = Documents(seed)
        documents = [source.value() if at % 10 == 0 else [source.value()] for at in range(DOCUMENTS)]
        lines = [json.dumps(value, ensure_ascii=at % 2 == 0) for at, value in enumerate(documents)]
        program = Path(os.environ["MUSTER_BUILD"], "tests", "cjson_round_trip")
        done = subprocess.run([program], input="\n".join(lines) + "\n", stdout=subprocess.PIPE,
                              encoding="utf-8", check=True)
        answers = done.stdout.split("\n")[:-1]
        self.assertEqual(len(answers), DOCUMENTS)
        for line, document, answer in zip(lines, documents, answers):
            try:
                back = json.loads(answer)
            except ValueError:
                self.fail(f"{line}\ngave: {answer}")
            self.assertTrue(same(back, document), f"{line}\ngave: {answer}")


if __name__ == "__main__":
    unittest.main()
