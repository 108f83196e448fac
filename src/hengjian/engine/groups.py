"""Groups from pairs: persons who keep turning up together, grown outside SQL after the audit. Groups under five are not drawn."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import igraph
import pyarrow as pa

from hengjian.engine.plan import HIT

SMALLEST = 5


def components(pairs: list[tuple[str, str]]) -> Iterator[list[str]]:
    """Persons connected by pairs, each group sorted, groups in order of their first person; groups under SMALLEST are left out."""
    graph = igraph.Graph.TupleList(pairs, directed=False)
    groups = (sorted(graph.vs[member]["name"] for member in group) for group in graph.connected_components())
    return iter(sorted(group for group in groups if len(group) >= SMALLEST))


def grow_groups(con: duckdb.DuckDBPyConnection) -> None:
    """Replace the pairs in `found` of rules of grain `group` by one row for each group, rule and window."""
    rows = con.execute("""
SELECT f.kid, f.rule_id, f.w0, f.w1, f.psn_no, f.other_psn_no FROM found AS f JOIN rule_head AS h ON h.rule_id = f.rule_id
WHERE h.grain = 'group' ORDER BY ALL""").fetchall()
    if not rows:
        return
    con.execute("DELETE FROM found USING rule_head AS h WHERE h.rule_id = found.rule_id AND h.grain = 'group'").fetchall()
    by_window: dict[tuple[int, str, int, int], list[tuple[str, str]]] = {}
    for kid, rule_id, w0, w1, one, other in rows:
        by_window.setdefault((kid, rule_id, w0, w1), []).append((one, other))
    grown = [
        {
            **dict.fromkeys(HIT),
            "kid": kid, "rule_id": rule_id, "w0": w0, "w1": w1, "members": members, "observed": len(members) * 10_000,
            "threshold": SMALLEST * 10_000, "amount_total": 0, "amount_inscope": 0, "amount_fund": 0,
        }
        for (kid, rule_id, w0, w1), pairs in by_window.items()
        for members in components(pairs)
    ]  # fmt: skip
    if grown:
        con.register("grown_groups", pa.Table.from_pylist(grown))
        con.execute("INSERT INTO found BY NAME SELECT * FROM grown_groups").fetchall()
        con.unregister("grown_groups")
