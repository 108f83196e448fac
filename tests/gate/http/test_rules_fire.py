"""Each rule that can run before or during fires through an HTTP message, and says by the gate what the archive says."""

import pytest

from hengjian.gate.acts import ACT_TABLES
from hengjian.gate.build import checker_of
from hengjian.gate.layout import layout_of
from hengjian.gate.levels import Levels
from hengjian.gate.stages import running
from hengjian.lake.schema.layer import LAYER
from hengjian.rulebook import load_rulebook

from ...generative.court import LakeCourt
from ...generative.lakes import packed
from ..benches import ALL, Bench, as_a_message_tells
from .asgi import gate

BOOK = load_rulebook()
ACTIVE = [r for r in BOOK.rules.values() if r.status == "active"]
RUNNING = running(BOOK, ACTIVE)
STAGES = {"3101": "before", "3102": "during"}
ASKED = [(infno, rule_id) for infno, stage in STAGES.items() for rule_id in sorted(RUNNING[stage])]


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A gate whose store holds the people of a generated lake; and which visits the archive calls in question, by rule."""
    court = LakeCourt(BOOK, ACTIVE, packed(BOOK, seed=20_261_127, lakes=1_500))
    as_a_message_tells(court)
    found = {}
    for finding in court.judge().values():
        if "finding_id" in finding:
            found.setdefault(finding["rule_id"], []).append(finding)
    bench = Bench(court, RUNNING)
    columns = [c.name for c in LAYER["institution"].columns]
    institutions = court.con.execute(f"SELECT {', '.join(columns)} FROM institution").fetchall()
    with gate(tmp_path_factory.mktemp("gate")) as client:
        layout = client.store.use_layout(layout_of(BOOK))
        places = {t: [ALL.place(t, c) for c in layout.columns[t]] for t in ACT_TABLES}
        keep = lambda t, rows: [tuple(row[p] for p in places[t]) for row in rows]  # noqa: E731
        client.store.put_persons(
            (bench.persons[k], {t: keep(t, rows) for t, rows in acts.items()}) for k, acts in bench.acts.items()
        )
        client.app.swap(checker_of(BOOK, court.con, client.store, layout, institutions, levels=Levels(), budget_seconds=5.0))
        yield client, bench, found, court
    court.con.close()


@pytest.mark.parametrize(("infno", "rule_id"), ASKED)
def test_it_fires_over_http(town, infno, rule_id):
    client, bench, found, court = town
    keys = dict(court.con.execute("SELECT mdtrt_id, mdtrt_key FROM encounter").fetchall())
    persons = {name: key for key, name in bench.names.items()}
    assert found.get(rule_id), "the generated lake holds nothing against this rule"
    for finding in found[rule_id]:
        message = bench.message(persons[finding["psn_no"]], keys[finding["mdtrt_id"]], infno)
        told = client.post(message, f"/{infno}")
        assert told["infcode"] == 0
        said = [r for r in told["output"]["result"] if r["rule_id"] == rule_id]
        if said:
            lines = {d["rx_id"] for r in said for d in r["judge_result_detail_dtos"] if d["vola_item_type"] == "1"}
            assert lines <= {finding["feedetl_sn"] or "", *(o["rx_id"] for o in orders_of(message))}
            assert all(r["vola_cont"] and "《" in r["vola_evid"] for r in said)
            return
    raise AssertionError(f"none of {len(found[rule_id])} findings of the archive was said")


def orders_of(message):
    (patient,) = message["input"]["data"]["patient_dtos"]
    return [o for e in patient["fsi_encounter_dtos"] for o in e["fsi_order_dtos"]]
