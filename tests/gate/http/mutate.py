"""Messages as no client should send them: a mutator over every trade and sample, from a seed."""

import copy
import json
import random

from . import messages

ODD = (
    None,
    "",
    "-",
    " ",
    0,
    -1,
    1,
    True,
    False,
    1.5,
    -0.0,
    1e308,
    10**18,
    2**64,
    10**30,
    -(10**400),
    [],
    {},
    [[]],
    [None],
    [{}],
    {"": ""},
    [1, "a", None, {}],
    "0",
    "1e999",
    "NaN",
    "2026-02-30",
    "99999-01-01 00:00:00",
    "1900-01-01",
    "x" * 5000,
    "\0",
    "'; DROP TABLE message; --",
    "\u202e\ufeff\u0000",
    "\ud800",
    "😀",
    "{",
    '{"a":1}',
    "[" * 3000,
    '{"input":' * 500,
)
PATHS = (
    "/",
    "/3101",
    "/base/2204",
    "/fsi/api/riskConService/beforeAnalyze",
    "/fsi/api/x/y",
    "//",
    "/é",
    "/3101/../9001",
    "/" + "a" * 3000,
    "/try",
)
HEADERS = (
    [],
    [("content-type", "application/json")],
    [("content-type", "text/plain; charset=gbk")],
    [("content-encoding", "gzip")],
    [("content-encoding", "deflate")],
    [("content-length", "-5")],
    [("x-tif-paasid", "é"), ("x-tif-signature", "0" * 64)],
)


def originals(samples=()):
    """One message of every trade, bare and relayed, and the samples given."""
    found = [
        messages.check(["A", "A", "B"]),
        messages.check(["A"], "3102"),
        messages.check(["A"], "3660"),
        messages.check(["A"], "3661"),
    ]
    found += [messages.feedback(("JR1", "1", "复诊")), messages.envelope("9001", {"signIn": {"opter_no": "1"}})]
    found += [messages.envelope("9002", {"signOut": {"sign_no": "1"}}), messages.envelope("1201", {})]
    for infno in messages.UPLOADED:
        found += [messages.upload(infno), messages.exchange(infno)]
    return [*found, *samples]


class Mutator:
    """Draws (body, path, headers), always the same from one seed."""

    def __init__(self, seed, samples=()):
        self.random, self.originals = random.Random(seed), originals(samples)

    def draw(self):
        choose = self.random
        message = json.loads(json.dumps(choose.choice(self.originals)))
        if choose.random() < 0.9:
            message.get("request", message)["msgid"] = f"{messages.AT}20261015{choose.randrange(10**9)}"
        for _ in range(choose.choice((0, 1, 1, 2, 3, 8))):
            self._change(message)
        text = json.dumps(message, ensure_ascii=choose.random() < 0.5)
        if choose.random() < 0.25:
            text = self._spoil(text)
        return self._encode(text), choose.choice(PATHS), choose.choice(HEADERS) if choose.random() < 0.2 else HEADERS[1]

    def _change(self, message):
        """One change somewhere in the tree."""
        choose, node = self.random, message
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                return
            key = choose.choice(keys)
            below = node[key]
            if isinstance(below, (dict, list)) and below and choose.random() < 0.85:
                node = below
                continue
            break
        kind = choose.randrange(6)
        if kind == 0:
            del node[key]
        elif kind == 1:
            node[key] = [below, copy.deepcopy(below)] if choose.random() < 0.5 else {"data": below}
        elif kind == 2 and isinstance(node, dict):
            node[self._respelled(key)] = node.pop(key)
        elif kind == 3 and isinstance(below, list):
            node[key] = below * choose.choice((0, 2, 50))
        else:
            node[key] = copy.deepcopy(choose.choice(ODD))

    def _respelled(self, key):
        head, *rest = str(key).split("_")
        return self.random.choice((head + "".join(part.title() for part in rest), str(key).upper(), str(key) + " ", "data"))

    def _spoil(self, text):
        """A change no JSON writer makes."""
        choose = self.random
        place = choose.randrange(len(text) + 1)
        bomb = choose.choice(
            (
                "[" * 100_000,
                '{"a":' * 50_000,
                "NaN",
                "1e9999",
                "9" * 6000,
                "\x00",
                "\\ud800",
                "\\u12",
                '"',
                "}",
                ",",
                "\t\n",
                "\ufeff",
                "",
            )
        )
        if choose.random() < 0.4:
            return text[:place] + bomb
        if choose.random() < 0.5 and ": " in text:
            begin, _, end = text.partition(": ") if choose.random() < 0.3 else text.rpartition(": ")
            return f'{begin}: {bomb or "null"}, "x": {end}'
        return text[:place] + bomb + text[place + choose.randrange(3) :]

    def _encode(self, text):
        choose = self.random
        kind = choose.random()
        if kind < 0.75:
            return text.encode("utf-8", "surrogatepass")
        if kind < 0.85:
            return text.encode("gb18030", "replace")
        if kind < 0.88:
            return b"\xef\xbb\xbf" + text.encode("utf-8", "replace")
        if kind < 0.91:
            return text.encode("utf-16", "replace")
        raw = bytearray(text.encode("utf-8", "replace") or b"{}")
        for _ in range(choose.randrange(1, 6)):
            raw[choose.randrange(len(raw))] = choose.randrange(256)
        return bytes(raw)
