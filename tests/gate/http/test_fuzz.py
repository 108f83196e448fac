"""Thousands of messages as no client should send them: never a 500, never a hang, always a national answer with a Chinese sentence."""

import asyncio
import json
import os
import re
import time
from collections import Counter

from hengjian.gate import parts as shipped
from hengjian.gate.outcomes import OUTCOMES
from hengjian.lake.wire import Message, parse
from tests.conftest import LONG, SHARED

from .asgi import gate
from .mutate import Mutator

COUNT = 100_000 if LONG else 2_000
SEED = int.from_bytes(os.urandom(4)) if LONG else 20_260_301
AT_ONCE = 20
LONGEST = 2.0
CHINESE = re.compile("[\u4e00-\u9fff]{4}")


def samples():
    folder = SHARED / "reference" / "samples"
    return (
        [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*-request.json"))]
        if folder.is_dir()
        else []
    )


def judge(answer, sent):
    assert answer.status == 200, (SEED, sent, answer.body)
    told = answer.envelope
    assert told["infcode"] in (0, -1), (SEED, sent)
    assert re.fullmatch(r"\d{30}", told["inf_refmsgid"])
    if told["infcode"]:
        assert CHINESE.search(told["err_msg"]) and len(told["err_msg"]) <= 200 and told["output"] is None, (SEED, sent, told)
    else:
        assert told["err_msg"] == "" and isinstance(told["output"], dict), (SEED, sent, told)
    assert "Traceback" not in str(told) and "Error" not in str(told["err_msg"]), (SEED, sent, told)


def fuzzed(client, mutator, count):
    """Send so many; how they ended, and the slowest with what it was."""
    outcomes, slowest = Counter(), (0.0, None)

    async def one(sent):
        began = time.perf_counter()
        answer = await client.call(*sent)
        return answer, time.perf_counter() - began

    async def many(batch):
        return await asyncio.gather(*(one(sent) for sent in batch))

    for _ in range(0, count, AT_ONCE):
        batch = [mutator.draw() for _ in range(AT_ONCE)]
        for sent, (answer, took) in zip(batch, client.loop.run_until_complete(many(batch)), strict=True):
            judge(answer, sent)
            slowest = max(slowest, (took, sent), key=lambda pair: pair[0])
    for outcome, number in re.findall(r'requests_total\{.*outcome="(\w+)"\} (\d+)', client.app.metrics.text()):
        outcomes[outcome] += int(number)
    assert slowest[0] < LONGEST, (SEED, slowest)
    assert sum(outcomes.values()) == count and set(outcomes) <= set(OUTCOMES)
    assert not outcomes["error"] and not outcomes["not_kept_error"], (SEED, outcomes)
    return outcomes


def test_nothing_a_client_sends_breaks_the_gate(tmp_path, caplog):
    caplog.set_level("CRITICAL")
    with gate(tmp_path) as client:
        outcomes = fuzzed(client, Mutator(SEED, samples()), COUNT)
        kept = [parse(raw) for _, raw in client.store.unloaded(COUNT)]
    wanted = {"ok", "found", "skipped", "refused", "unreadable", "unknown_trade", "unknown_reminder", "not_kept", "warned"}
    assert wanted <= set(outcomes), f"the mutator no longer reaches {wanted - set(outcomes)}: {outcomes}"
    assert outcomes["ok"] + outcomes["found"] > COUNT / 10 and len(kept) > COUNT / 20
    assert all(isinstance(message, Message) for message in kept), "what was acknowledged, the lake can read"


def test_the_shipped_judge_and_folding_take_whatever_comes(tmp_path, caplog):
    caplog.set_level("CRITICAL")
    with gate(tmp_path, fold=shipped.build_fold(None)) as client:
        client.app.swap(shipped.build_checker(client.app.settings, client.store))
        outcomes = fuzzed(client, Mutator(SEED + 1, samples()), COUNT // 4)
        client.writer.stop(60)
        assert outcomes["ok"] > COUNT / 40 and not outcomes["skipped"], (
            "the shipped judge reads odd requests, it does not break on them"
        )
        assert client.writer.tally.folded > min(COUNT / 40, 500) and client.writer.tally.unfoldable == 0
        assert client.store.waiting()[1] == 0


def test_the_same_over_postgresql(tmp_path, caplog, postgres):
    import psycopg

    caplog.set_level("CRITICAL")
    with psycopg.connect(postgres.address(), autocommit=True) as con:
        con.execute("CREATE DATABASE gate_fuzz")
    with gate(tmp_path, store=postgres.address(database="gate_fuzz")) as client:
        outcomes = fuzzed(client, Mutator(SEED + 2, samples()), COUNT // 4)
    assert outcomes["ok"] > COUNT / 40
