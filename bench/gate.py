"""The gate under load: a year's history of a million people on disk, knowledge of national size, orders of twenty lines, over HTTP.

    python -m bench.gate prepare --work DIR        a city of 100,000 people, its lake, the gate's store; every person ten times over
    python -m bench.gate engine --work DIR         CPU a check, split into parse, history, rules, answer; one process, no HTTP
    python -m bench.gate http --work DIR           open loop at 100, 400, 800 a second, and as many as it takes
    python -m bench.gate soak --work DIR --minutes 20

The gate runs in one worker on one core, the sender on another. Latency counts from the moment a request was due, not from when it was sent. The
nine copies of a person have keys of their own and the same acts: the disk holds a million different rows, the acts repeat.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pickle
import random
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.knowledge import POINTS, made_up

PEOPLE, COPIES, BODIES, LINES = 100_000, 10, 4_000, 20
RATES = (100, 400, 800)
PORT = 8765
_COMMAND = str(Path(sys.executable).with_name("hengjian"))


def tell(*words: object) -> None:
    """A line of what was measured, at once."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def prepare(work: Path) -> None:
    """City, lake, site, store, bodies; each kept when it is there."""
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "lake" / "versions").is_dir():
        _run("city", "--people", PEOPLE, "--seed", 11, "--format", "parquet", "--out", work / "city")
        _run("ingest", work / "city", "--lake", work / "lake")
    if not (work / "site").is_dir():
        made_up(work / "site", POINTS)
    store = work / "gate" / "gate.sqlite"
    if not (work / "copied").exists():
        store.parent.mkdir(exist_ok=True)
        _run("gate", "warm", "--lake", work / "lake", "--store", store)
        begun = time.perf_counter()
        count = copy_people(store)
        (work / "copied").write_text(str(count))
        tell(f"{count:,} persons on disk, copied in {time.perf_counter() - begun:.0f} s")
    size = store.stat().st_size
    with sqlite3.connect(store) as db:
        ((rows, acts),) = db.execute("SELECT COUNT(*), SUM(LENGTH(acts)) FROM person").fetchall()
    tell(
        f"history: {rows:,} persons, {acts / rows:,.0f} bytes of acts a person, {size / rows:,.0f} bytes a person on disk, {size / 1e9:.2f} GB"
    )
    if not (work / "bodies.pickle").exists():
        (work / "bodies.pickle").write_bytes(pickle.dumps(bodies(work / "lake")))
    found = pickle.loads((work / "bodies.pickle").read_bytes())
    tell(f"bodies: {len(found):,}, {statistics.mean(map(len, found)) / 1000:.1f} KB on average")


def _run(*arguments: object) -> None:
    begun = time.perf_counter()
    code = subprocess.run([_COMMAND, *map(str, arguments)], check=False, stdout=subprocess.DEVNULL).returncode
    if code not in (0, 1):  # 1: loaded, the city's planted bad rows refused
        raise SystemExit(code)
    tell(f"{arguments[0]} {arguments[1] if arguments[0] == 'gate' else ''}: {time.perf_counter() - begun:.0f} s")


def copy_people(store: Path) -> int:
    """Every person COPIES times, under keys of their own; the number of rows."""
    from hengjian.gate.store.history import key_at, place_of
    from hengjian.kernel.keys import key_of

    with sqlite3.connect(store, isolation_level=None) as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(person)")]
        rows = db.execute(f"SELECT {', '.join(columns)} FROM person").fetchall()
        made = [(place_of(key_of(f"{key_at(row[0])}#{n}")), *row[1:]) for n in range(1, COPIES) for row in rows]
        made.sort(key=lambda row: row[0])
        db.execute("BEGIN")
        db.executemany(f"INSERT OR IGNORE INTO person VALUES ({', '.join('?' * len(columns))})", made)
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return int(db.execute("SELECT COUNT(*) FROM person").fetchone()[0])


def bodies(lake: Path) -> list[bytes]:
    """Checks as hospitals would send them: visits of the city that were, with orders of LINES lines, under a day of the newest month."""
    from hengjian.engine.backends.duckdb import connect
    from hengjian.kernel.dates import day_date
    from hengjian.lake.rows import rows_sql
    from hengjian.lake.versions import open_lake

    luck = random.Random(7)
    version = open_lake(lake)
    day = date.fromisoformat(version.data_date[:10]) - timedelta(days=1)
    with connect(memory="3GB") as con:
        con.execute(f"CREATE TABLE item AS SELECT key, code, name FROM {rows_sql(version, 'code_item')}").fetchall()
        lines = con.execute(
            f"""SELECT i.code, i.name, f.list_type, f.med_chrgitm_type, f.chrgitm_lv, f.net_cnt_e4, f.pric_e6, f.net_amt, f.net_inscp
                FROM {rows_sql(version, "rule_fee_line")} AS f JOIN item AS i ON i.key = f.item_key
                WHERE f.net_cnt_e4 > 0 USING SAMPLE 60000 ROWS (reservoir, 5)"""
        ).fetchall()
        visits = con.execute(
            f"""SELECT p.psn_no, p.gend, p.brdy_day, i.fixmedins_code, i.admdvs, e.med_type, e.insutype, e.matn_stas, e.psn_key, e.kind,
                       (SELECT LIST(d.diag_code) FROM {rows_sql(version, "rule_diagnosis")} AS d WHERE d.mdtrt_key = e.mdtrt_key AND d.psn_key = e.psn_key)
                FROM {rows_sql(version, "rule_encounter")} AS e
                JOIN {rows_sql(version, "rule_person")} AS p ON p.psn_key = e.psn_key
                JOIN {rows_sql(version, "rule_institution")} AS i ON i.org_key = e.org_key
                WHERE e.kind <> 'pharm' USING SAMPLE {BODIES} ROWS (reservoir, 5)"""
        ).fetchall()
    made = []
    for n, (psn_no, gend, born, org, area, med_type, insutype, matn, psn_key, kind, codes) in enumerate(visits):
        copy = luck.randrange(COPIES)
        when = f"{day} {luck.randrange(8, 17):02}:{luck.randrange(60):02}:00"
        visit = f"HIS{n:08}"
        orders = [_order(line, f"{visit}-{k}", when, luck) for k, line in enumerate(luck.sample(lines, LINES))]
        patient = {
            "patn_id": psn_no if copy == 0 else f"{psn_key}#{copy}", "patn_name": "试验某", "gend": gend or "9",
            "brdy": str(day_date(born)) if born is not None else "", "poolarea": area, "curr_mdtrt_id": visit,
            "fsi_encounter_dtos": [{
                "mdtrt_id": visit, "medins_id": org, "medins_name": "试验医院", "medins_admdvs": area, "medins_type": "A1", "medins_lv": "02",
                "adm_date": when, "dscg_date": when, "dscg_main_dise_codg": (codes or ["Z00.000"])[0], "dscg_main_dise_name": "试验诊断",
                "dr_codg": "D990101000001", "adm_dept_codg": "A03", "adm_dept_name": "内科", "dscg_dept_codg": "A03", "dscg_dept_name": "内科",
                "med_mdtrt_type": "2" if kind == "inp" else "1", "med_type": med_type, "matn_stas": matn or "0", "medfee_sumamt": 0.0,
                "ownpay_amt": 0.0, "selfpay_amt": 0.0, "acct_payamt": 0.0, "ma_amt": 0.0, "hifp_payamt": 0.0, "setl_totlnum": 1,
                "insutype": insutype, "reim_flag": "1", "out_setl_flag": "0",
                "fsi_diagnose_dtos": [
                    {"dise_id": f"{visit}-D{k}", "inout_dise_type": "1", "maindise_flag": "1" if k == 0 else "0", "dias_srt_no": str(k + 1),
                     "dise_codg": code, "dise_name": "试验诊断", "dise_date": when}
                    for k, code in enumerate(codes or ["Z00.000"])
                ],
                "fsi_order_dtos": orders,
            }],
        }  # fmt: skip
        request = {
            "infno": "3101", "msgid": f"{org}{day:%Y%m%d}{n:010}", "mdtrtarea_admvs": area, "insuplc_admdvs": area, "recer_sys_code": "BENCH",
            "dev_no": "", "dev_safe_info": "", "cainfo": "", "signtype": "", "infver": "V1.0", "opter_type": "1", "opter": "1",
            "opter_name": "试验员", "inf_time": when, "fixmedins_code": org, "fixmedins_name": "试验医院", "sign_no": "",
            "input": {"data": {"syscode": "BENCH", "task_id": str(n), "trig_scen": "4" if kind == "inp" else "2", "patient_dtos": [patient]}},
        }  # fmt: skip
        made.append(json.dumps(request, ensure_ascii=False).encode())
    return made


def _order(line: Sequence[Any], sn: str, when: str, luck: random.Random) -> dict[str, Any]:
    code, name, list_type, charge, level, cnt, pric, amt, inscp = line
    return {
        "rx_id": sn, "rxno": "CF1", "grpno": "1", "long_drord_flag": "0", "hilist_type": list_type, "chrg_type": charge, "drord_bhvr": "0",
        "hilist_code": code, "hilist_name": name, "hilist_dosform": "片剂", "hilist_lv": level, "hilist_pric": pric / 1e6,
        "lv1_hosp_item_pric": None, "lv2_hosp_item_pric": None, "lv3_hosp_item_pric": pric / 1e6, "hilist_memo": "", "hosplist_code": f"Y{luck.randrange(10**6)}",
        "hosplist_name": name, "hosplist_dosform": "片剂", "cnt": cnt / 1e4, "pric": pric / 1e6, "sumamt": amt / 100, "ownpay_amt": (amt - inscp) / 100,
        "selfpay_amt": 0.0, "spec": "试验规格", "spec_unt": "盒", "drord_begn_date": when, "drord_stop_date": None, "drord_dept_codg": "A03",
        "drord_dept_name": "内科", "drord_dr_codg": "D990101000001", "drord_dr_name": "试验医师", "drord_dr_profttl": "3", "curr_drord_flag": "1",
    }  # fmt: skip


def engine(work: Path) -> None:
    """CPU milliseconds of the parts of a check, in this process."""
    from hengjian.gate.body import open_body
    from hengjian.gate.case import cases_of
    from hengjian.gate.numbers import moment_of
    from hengjian.gate.parts import build_checker
    from hengjian.gate.same import part
    from hengjian.gate.settings import GateSettings
    from hengjian.gate.worker import store_of
    from hengjian.kernel.dates import second_instant

    begun = time.perf_counter()
    settings = GateSettings(
        home=work / "gate", store=str(work / "gate" / "gate.sqlite"), lake=work / "lake", site=work / "site", budget_ms=1000
    )
    checker = build_checker(settings, store_of(settings))
    tell(f"ready in {time.perf_counter() - begun:.1f} s, {_rss(os.getpid()):.0f} MB")
    raws = pickle.loads((work / "bodies.pickle").read_bytes())
    now = 1_790_000_000
    spent = dict.fromkeys(("parse", "history", "rules", "whole"), 0)
    clock = time.thread_time_ns
    found = unresolved = touched = 0
    for turn in range(2):  # the first warms the pages
        spent, found, unresolved, touched = dict.fromkeys(spent, 0), 0, 0, 0
        for raw in raws:
            t0 = clock()
            body = open_body(raw, 1 << 22)
            cases = cases_of("3101", body.node, moment_of(second_instant(now)))
            t1 = clock()
            person, past = checker._resolve(cases[0])
            own, rest = part(cases[0].visit, past or {}, checker.layout)
            t2 = clock()
            checker.judge(cases[0], person, own, rest, alone=past is None)
            t3 = clock()
            answer = checker.check("3101", open_body(raw, 1 << 22).node, now)
            json.dumps(answer.result, ensure_ascii=False)
            t4 = clock()
            for name, took in (("parse", t1 - t0), ("history", t2 - t1), ("rules", t3 - t2), ("whole", t4 - t3)):
                spent[name] += took
            found += len(answer.result)
            unresolved += past is None
            touched += len(rest.get("fee_line", ()))
        tell(
            ("cold" if turn == 0 else "warm"),
            ", ".join(f"{name} {took / len(raws) / 1e6:.3f} ms" for name, took in spent.items()),
            f"answer and notes {(spent['whole'] - spent['parse'] - spent['history'] - spent['rules']) / len(raws) / 1e6:.3f} ms;",
            f"{found / len(raws):.2f} reminders a check, {unresolved} unresolved, {touched / len(raws):.0f} lines of history a person",
        )


# over HTTP -------------------------------------------------------------------------------------------------------------
class Served:
    """A gate of one worker on core 0; the sender is this process, on core 1."""

    def __init__(self, work: Path) -> None:
        self.work = work

    def __enter__(self) -> int:
        command = [
            "taskset", "-c", "0", _COMMAND, "gate", "serve", "--home", self.work / "gate", "--store", self.work / "gate" / "gate.sqlite", "--lake", self.work / "lake",
            "--site", self.work / "site", "--host", "127.0.0.1", "--port", PORT, "--workers", "1", "--signature", "off", "--load-every", "0",
        ]  # fmt: skip
        self.process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 180
        from hengjian.gate.serve import answers

        while not answers("127.0.0.1", PORT):
            assert self.process.poll() is None and time.monotonic() < end, "the gate did not start"
            time.sleep(0.2)
        os.sched_setaffinity(0, {1})
        return max(_children(self.process.pid), key=_rss)

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(60)
        os.sched_setaffinity(0, range(os.cpu_count() or 1))


def _children(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _rss(pid: int) -> float:
    """Resident megabytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _cpu(pid: int) -> float:
    """CPU seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, raw: bytes) -> bytes:
    head = f"POST /3101 HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n".encode()
    writer.write(head + raw)
    status = await reader.readline()
    assert b"200" in status, status
    length = 0
    while (line := await reader.readline()) not in (b"\r\n", b""):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return await reader.readexactly(length)


async def open_loop(raws: Sequence[bytes], rate: float, seconds: float, connections: int = 64) -> tuple[list[float], int]:
    """Send at Poisson times; seconds from each due time to its answer, and how many were not judged (本次未审核)."""
    luck = random.Random(3)
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", PORT))
    took: list[float] = []
    missed = 0

    async def one(due: float, raw: bytes) -> None:
        nonlocal missed
        pair = await free.get()
        told = await _ask(*pair, raw)
        took.append(time.perf_counter() - due)
        missed += "未审核".encode() in told
        free.put_nowait(pair)

    tasks = []
    due = time.perf_counter() + 0.1
    for n in range(int(rate * seconds)):
        due += luck.expovariate(rate)
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(one(due, raws[n % len(raws)])))
    await asyncio.gather(*tasks)
    while not free.empty():
        free.get_nowait()[1].close()
    return took, missed


async def closed_loop(raws: Sequence[bytes], seconds: float, connections: int = 16) -> int:
    """As many as it takes; answers in that time."""
    done = 0
    end = time.perf_counter() + seconds

    async def one(start: int) -> None:
        nonlocal done
        pair = await asyncio.open_connection("127.0.0.1", PORT)
        n = start
        while time.perf_counter() < end:
            await _ask(*pair, raws[n % len(raws)])
            done += 1
            n += connections
        pair[1].close()

    await asyncio.gather(*(one(n) for n in range(connections)))
    return done


def http(work: Path, seconds: float) -> None:
    """The table of rates."""
    raws = pickle.loads((work / "bodies.pickle").read_bytes())
    with Served(work) as pid:
        asyncio.run(closed_loop(raws, 10))  # pages warm
        tell(f"worker {_rss(pid):.0f} MB; load {os.getloadavg()[0]:.1f}")
        for rate in RATES:
            before = _cpu(pid)
            took, missed = asyncio.run(open_loop(raws, rate, seconds))
            _say(f"{rate}/s", took, missed, (_cpu(pid) - before) / len(took))
        before, begun = _cpu(pid), time.perf_counter()
        done = asyncio.run(closed_loop(raws, seconds))
        wall = time.perf_counter() - begun
        tell(
            f"as many as it takes: {done / wall:,.0f} checks/s, {(_cpu(pid) - before) / done * 1000:.2f} CPU ms a check, {_rss(pid):.0f} MB"
        )


def _say(label: str, took: list[float], missed: int, cpu: float) -> None:
    cut = statistics.quantiles(took, n=1000)
    tell(
        f"{label}: p50 {cut[499] * 1000:.1f} ms, p99 {cut[989] * 1000:.1f} ms, p99.9 {cut[998] * 1000:.1f} ms, {cpu * 1000:.2f} CPU ms a check, "
        f"{len(took):,} checks, {missed} not judged"
    )


def soak(work: Path, minutes: float) -> None:
    """400 a second for a long time: memory and latency minute by minute."""
    raws = pickle.loads((work / "bodies.pickle").read_bytes())
    with Served(work) as pid:
        asyncio.run(closed_loop(raws, 10))
        for minute in range(int(minutes)):
            before = _cpu(pid)
            took, missed = asyncio.run(open_loop(raws, 400, 60))
            _say(f"minute {minute + 1}, {_rss(pid):.0f} MB", took, missed, (_cpu(pid) - before) / len(took))


def main() -> None:
    """Run one part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("prepare", "engine", "http", "soak"))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--minutes", type=float, default=20)
    given = parser.parse_args()
    if given.what == "prepare":
        prepare(given.work)
    elif given.what == "engine":
        engine(given.work)
    elif given.what == "http":
        http(given.work, given.seconds)
    else:
        soak(given.work, given.minutes)


if __name__ == "__main__":
    main()
