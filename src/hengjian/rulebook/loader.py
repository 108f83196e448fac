"""Read a rulebook from its folders; every refusal names file and line.

A rule is a YAML file (it belongs to a family) or an `.sql` file (SQL of its own). Both have the same header and examples: in the
`.sql` file the header is the first comment and the examples are the last.

A rulebook kept beside an audit also has `approvals.csv` and `code_map.csv`: what a site had approved and mapped, in the form of
`rulebook.local`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from hengjian.kernel.dates import OPEN_DAY, Period
from hengjian.kernel.errors import RulebookError
from hengjian.rulebook.approved import approve
from hengjian.rulebook.local import read_approvals, read_code_map, read_exemptions, read_site_columns
from hengjian.rulebook.marked import Marked, as_day, make_period, pipe_table, read_csv, read_file, read_yaml
from hengjian.rulebook.model import (
    CATEGORIES,
    CERTAINTIES,
    ENGINES,
    GRAINS,
    OUTPUTS,
    POINT_GROUPS,
    SCOPES,
    STAGES,
    STATUSES,
    SURE,
    UNITS,
    WINDOWS,
    Article,
    Basis,
    Example,
    Family,
    KnowledgeRow,
    Law,
    NationalRule,
    Param,
    Replaced,
    Rule,
    Rulebook,
)

SHIPPED = Path(__file__).parent
PARTS = ("law", "knowledge", "families", "rules")
_KNOWN = {
    "rule", "title", "official_code", "national", "points", "r_code", "family", "status", "certainty", "grain", "knowledge", "settings", "params",
    "basis", "message", "scope", "spares", "exempt_diagnoses", "needs_whole", "stages", "valid_from", "valid_to", "examples",
}  # fmt: skip
_SQL_FILE = re.compile(r"\A\s*/\*(?P<head>.*?)\*/(?P<sql>.*?)(?:/\*(?P<tail>.*?)\*/)?\s*\Z", re.DOTALL)


def load_rulebook(root: Path = SHIPPED) -> Rulebook:
    """Laws, knowledge, families and rules under `root`. Raises RulebookError at the first thing that is wrong."""
    if not any((root / part).is_dir() for part in PARTS):
        raise RulebookError(
            "这里没有规则", where=str(root), why="四个文件夹一个也没有", cure="指到含 " + "、".join(PARTS) + " 的文件夹"
        )
    laws = _unique((_law(p) for p in sorted((root / "law").glob("*.yml"))), "law", root)
    knowledge: dict[str, Sequence[KnowledgeRow]] = {
        p.stem: tuple(_knowledge(p)) for p in sorted((root / "knowledge").glob("*.csv"))
    }
    families = _unique((_family(p) for p in sorted((root / "families").glob("*.sql"))), "name", root)
    paths = sorted(p for p in (root / "rules").rglob("*") if p.suffix in (".yml", ".sql"))
    catalogue = _catalogue(root / "catalogue.csv")
    rules = _unique((_rule(p, laws, knowledge, families, catalogue) for p in paths), "rule_id", root)
    book = Rulebook(laws, knowledge, families, rules, root, read_code_map(root), (), catalogue, read_exemptions(root))
    return approve(book, read_approvals(root))


def add_local(book: Rulebook, folder: Path) -> Rulebook:
    """`book` with the laws, knowledge tables and rules of a site's own folder, laid out like a rulebook without families. What has a name
    that is taken is refused: national content is changed by approvals, releases and imports, never by a file of the same name.
    Raises RulebookError."""
    if not folder.is_dir():
        return book
    laws = _unique((_law(p) for p in sorted((folder / "law").glob("*.yml"))), "law", folder)
    tables: dict[str, Sequence[KnowledgeRow]] = {
        p.stem: tuple(replace(row, site=True) for row in _knowledge(p)) for p in sorted((folder / "knowledge").glob("*.csv"))
    }
    for taken, kind in ((book.laws.keys() & laws.keys(), "法律文件"), (book.knowledge.keys() & tables.keys(), "知识表")):
        if taken:
            raise RulebookError(f"{kind} {min(taken)} 与随程序的重名", where=str(folder), cure="换一个名字")
    paths = sorted(p for p in (folder / "rules").rglob("*") if p.suffix in (".yml", ".sql"))
    all_laws, all_tables = book.laws | laws, book.knowledge | tables
    rules = _unique((_rule(p, all_laws, all_tables, book.families, book.catalogue) for p in paths), "rule_id", folder)
    if taken := book.rules.keys() & rules.keys():
        raise RulebookError(
            f"规则 {min(taken)} 与随程序的重名",
            where=str(rules[min(taken)].path),
            why="同名的文件不能代替全国规则",
            cure="另起编号；要改参数用 rules approve，要停用随程序的用 rules release --status shadow",
        )
    ours = {rule_id: replace(rule, local=True) for rule_id, rule in rules.items()}
    return replace(book, laws=all_laws, knowledge=all_tables, rules=book.rules | ours, beside=folder)


def _unique(items: Any, attribute: str, root: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in items:
        name = getattr(item, attribute)
        if name in found:
            raise RulebookError(f"“{name}”出现了两次", where=str(root), cure="编号不能重复，也不能再用")
        found[name] = item
    return found


def _law(path: Path) -> Law:
    head = read_yaml(read_file(path), path)
    period = head.period()
    articles = {}
    for entry in head.need("articles"):
        mark = Marked(entry, head.lines, path)
        start = as_day(entry["valid_from"], head.where()) if entry.get("valid_from") else period.start
        end = as_day(entry["valid_to"], head.where()) if entry.get("valid_to") else period.end
        name = str(mark.need("article"))
        articles[name] = Article(
            name,
            mark.text("summary"),
            mark.text("text"),
            mark.text("sure", head.text("sure")),
            make_period(start, end, head.where()),
        )
    for name, sure in [("", head.text("sure")), *((a.article, a.sure) for a in articles.values())]:
        if sure not in SURE:
            raise RulebookError(
                f"{name or '文件'}的把握程度“{sure}”不认识", where=head.where("sure"), cure="可用：" + "、".join(SURE)
            )
    replaces = tuple(
        Replaced(str(r["title"]), str(r.get("number", "")), str(r.get("sure", "unverified")))
        for r in head.values.get("replaces") or ()
    )
    title, number, sure = str(head.need("title")), head.text("number"), head.text("sure")
    return Law(str(head.need("law")), title, number, sure, period, articles, replaces)


def _knowledge(path: Path) -> list[KnowledgeRow]:
    rows = []
    seen: dict[str, int] = {}
    for line, cells in read_csv(path):
        where = f"{path}:{line}"
        for column in ("kid", "valid_from", "notice", "row"):
            if not cells.get(column):
                raise RulebookError(f"知识点缺少 {column}", where=where, cure="每个知识点都要有编号、生效日期、公告和所在行")
        if cells["kid"] in seen:
            raise RulebookError(
                f"知识点编号 {cells['kid']} 重复", where=where, why=f"第 {seen[cells['kid']]} 行已用", cure="换一个编号"
            )
        seen[cells["kid"]] = line
        end = as_day(cells["valid_to"], where) if cells.get("valid_to") else OPEN_DAY
        period = make_period(as_day(cells["valid_from"], where), end, where)
        site, approved_from = read_site_columns(cells, where)
        official = cells.get("official") == "1"
        rows.append(KnowledgeRow(path.stem, cells["kid"], cells, period, official, line, site, approved_from))
    return rows


def _split_sql(path: Path) -> tuple[Marked, str, int, Marked | None]:
    """Header, SQL, the line on which the SQL begins, and examples of an `.sql` file."""
    text = read_file(path)
    match = _SQL_FILE.match(text)
    if not match:
        raise RulebookError(
            "SQL 文件的第一段注释应当是文件头", where=f"{path}:1", cure="以 /* 开头，写 rule: 或 family: 等条目，再以 */ 结束"
        )
    head = read_yaml(match["head"], path, text[: match.start("head")].count("\n") + 1)
    tail = None
    if match["tail"]:
        tail = read_yaml(match["tail"], path, text[: match.start("tail")].count("\n") + 1)
    begins = match.start("sql") + len(match["sql"]) - len(match["sql"].lstrip())
    return head, match["sql"].strip(), text[:begins].count("\n") + 1, tail


def _family(path: Path) -> Family:
    head, sql, line, _ = _split_sql(path)
    name = str(head.need("family"))
    if name != path.stem:
        raise RulebookError(f"族名 {name} 与文件名不一致", where=head.where("family"), cure=f"改为 {path.stem}")
    head.refuse_unknown({"family", "code", "title", "scope", "engines", "output", "window"})
    engines = tuple(str(e) for e in head.need("engines"))
    if unknown := [e for e in engines if e not in ENGINES]:
        raise RulebookError(f"不认识的引擎 {unknown[0]}", where=head.where("engines"), cure="可用：" + "、".join(ENGINES))
    output = head.one_of("output", OUTPUTS) if "output" in head.values else OUTPUTS[0]
    window = head.one_of("window", WINDOWS) if "window" in head.values else ""
    scope = head.one_of("scope", SCOPES)
    return Family(name, str(head.need("code")), str(head.need("title")), sql, path, line, scope, engines, output, window)


def _catalogue(path: Path) -> tuple[NationalRule, ...]:
    """The rules of the national edition, where the rulebook has their list."""
    if not path.is_file():
        return ()
    found = []
    for line, cells in read_csv(path):
        if not cells["seq"].isdigit() or cells["group"] not in POINT_GROUPS:
            raise RulebookError(
                "全国规则目录的这一行不对", where=f"{path}:{line}", cure="seq 写序号，group 写 " + "、".join(POINT_GROUPS)
            )
        texts = (cells[c] for c in ("official_code", "title", "tier", "family", "result", "group"))
        found.append(NationalRule(int(cells["seq"]), *texts))
    return tuple(found)


def _national(head: Marked, catalogue: tuple[NationalRule, ...]) -> int:
    """The rule's number in the national edition: by its code, or where the edition gives none by `national`."""
    code, number = head.text("official_code"), head.text("national")
    if not catalogue:
        return int(number) if number.isdigit() else 0
    if code and number:
        raise RulebookError("有官方编码的规则不写 national", where=head.where("national"), cure="去掉 national")
    if code:
        seq = next((n.seq for n in catalogue if n.official_code == code), 0)
        if not seq:
            raise RulebookError(
                f"全国规则目录里没有编码 {code}", where=head.where("official_code"), cure="核对编码；目录在 catalogue.csv"
            )
        return seq
    if number and not any(str(n.seq) == number and not n.official_code for n in catalogue):
        new = "、".join(str(n.seq) for n in catalogue if not n.official_code)
        raise RulebookError(
            f"national 不能是“{number}”", where=head.where("national"), why="它只用于目录里没有编码的规则", cure=f"可用：{new}"
        )
    return int(number or 0)


def _rule(
    path: Path,
    laws: dict[str, Law],
    knowledge: dict[str, Any],
    families: dict[str, Family],
    catalogue: tuple[NationalRule, ...],
) -> Rule:
    if path.suffix == ".sql":
        head, sql, sql_line, examples = _split_sql(path)
    else:
        head, sql, sql_line = read_yaml(read_file(path), path), "", 1
        examples = head
    head.refuse_unknown(_KNOWN)
    rule_id = str(head.need("rule"))
    if rule_id != path.stem:
        raise RulebookError(f"规则编号 {rule_id} 与文件名不一致", where=head.where("rule"), cure=f"改为 {path.stem}")
    category = path.parent.name
    if category not in CATEGORIES:
        raise RulebookError("规则放错了文件夹", where=str(path), cure="放在 " + "、".join(CATEGORIES) + " 之一")
    family = head.text("family")
    if bool(family) == bool(sql):
        raise RulebookError(
            "规则要么属于一个族，要么自带 SQL", where=head.where("family"), cure="YAML 规则写 family；.sql 规则不写"
        )
    if family and family not in families:
        raise RulebookError(f"没有“{family}”这一族", where=head.where("family"), cure="可用的族：" + "、".join(families))
    certainty = head.one_of("certainty", CERTAINTIES)
    if (certainty == "indicator") != (family != "" and families[family].output == "indicator"):
        raise RulebookError(
            f"{CERTAINTIES[certainty]}与族“{family or '—'}”不合",
            where=head.where("certainty"),
            cure="统计指标一族写 indicator，其余不写",
        )
    table = head.text("knowledge")
    if table and not table.startswith("local_") and table != "price" and table not in knowledge:
        raise RulebookError(
            f"没有知识表 {table}",
            where=head.where("knowledge"),
            cure="在 knowledge 文件夹里建这张表，或改用 local_ 开头的地方知识",
        )
    period = head.period()
    return Rule(
        rule_id=rule_id,
        title=str(head.need("title")),
        official_code=head.text("official_code"),
        r_code=str(head.need("r_code")),
        family=family,
        category=category,
        status=head.one_of("status", STATUSES),
        certainty=certainty,
        grain=head.one_of("grain", GRAINS),
        knowledge=table,
        settings={str(k): str(v) for k, v in (head.values.get("settings") or {}).items()},
        params=_params(head),
        basis=_basis(head, laws, period),
        message=str(head.need("message")),
        spares=tuple(str(s) for s in head.need("spares")),
        exempt_diagnoses=tuple(str(s) for s in head.values.get("exempt_diagnoses") or ()),
        period=period,
        stages=_stages(head),
        sql=sql,
        examples=_examples(examples, path),
        path=path,
        lines=head.lines,
        sql_line=sql_line,
        national=_national(head, catalogue),
        scope=head.one_of("scope", SCOPES) if sql and "scope" in head.values else "person",
        point_group=head.one_of("points", POINT_GROUPS) if "points" in head.values else "",
        needs_whole=head.flag("needs_whole"),
    )


def _stages(head: Marked) -> tuple[str, ...]:
    """The stages a rule allows, in their order; all when it says nothing. The audit is always one of them."""
    said = head.values.get("stages")
    if said is None:
        return tuple(STAGES)
    named = {str(s) for s in said} if isinstance(said, list) else set()
    if not named <= STAGES.keys() or "after" not in named:
        cure = "写成 stages: [during, after] 这样，可用：" + "、".join(STAGES) + "，after 不能少"
        raise RulebookError("stages 不对", where=head.where("stages"), cure=cure)
    return tuple(s for s in STAGES if s in named)


def _params(head: Marked) -> dict[str, Param]:
    params = {}
    where = head.where("params")
    for name, spec in (head.values.get("params") or {}).items():
        unit = str(spec.get("unit", ""))
        if unit not in UNITS:
            raise RulebookError(f"参数 {name} 的单位“{unit}”不认识", where=where, cure="可用：" + "、".join(UNITS))
        if not isinstance(spec.get("values"), dict) or not spec["values"]:
            raise RulebookError(f"参数 {name} 没有值", where=where, cure="写成 values: {2026-01-01: 5}，一天起一个值")
        dated = sorted((as_day(day, where), _scaled(str(value), unit, where)) for day, value in spec["values"].items())
        ends = [start for start, _ in dated[1:]] + [OPEN_DAY]
        values = tuple((make_period(start, end, where), value) for (start, value), end in zip(dated, ends, strict=True))
        bounds = _bounds(str(name), spec.get("range"), unit, where)
        if bounds and (beyond := next((value for _, value in values if not bounds[0] <= value <= bounds[1]), None)) is not None:
            raise RulebookError(f"参数 {name} 的值不在它自己的范围里", where=where, why=str(beyond), cure="改值，或放宽 range")
        params[str(name)] = Param(str(name), unit, values, str(spec.get("official")) == "true", bounds)
    return params


def _bounds(name: str, pair: Any, unit: str, where: str) -> tuple[int, int] | None:
    """`range: [lowest, highest]` of a parameter: what a site may approve."""
    if pair is None:
        return None
    if not isinstance(pair, list) or len(pair) != 2:
        raise RulebookError(f"参数 {name} 的 range 不对", where=where, cure="写成 range: [最小, 最大]")
    low, high = (_scaled(str(v), unit, where) for v in pair)
    if low > high:
        raise RulebookError(f"参数 {name} 的 range 是空的", where=where, cure="写成 range: [最小, 最大]")
    return low, high


def _scaled(text: str, unit: str, where: str) -> int:
    """A parameter's value as the integer that rules see."""
    try:
        value = Decimal(text) * UNITS[unit]
    except InvalidOperation as error:
        raise RulebookError(f"“{text}”不是数", where=where, cure="写成数字") from error
    if value != value.to_integral_value():
        raise RulebookError(f"“{text}{unit}”太细", where=where, why=f"最小是一{unit}的 {UNITS[unit]} 分之一", cure="减少小数位")
    return int(value)


def _basis(head: Marked, laws: dict[str, Law], period: Period) -> tuple[Basis, ...]:
    found = []
    for entry in head.need("basis"):
        law = laws.get(str(entry.get("law")))
        if law is None:
            raise RulebookError(
                f"没有法律文件 {entry.get('law')}", where=head.where("basis"), cure="可用的：" + "、".join(laws)
            )
        article = law.articles.get(str(entry.get("article")))
        if article is None:
            raise RulebookError(
                f"{law.title} 里没有登记{entry.get('article')}",
                where=head.where("basis"),
                cure=f"先在 law/{law.law}.yml 里登记这一条",
            )
        found.append(Basis(law.law, article.article, law.title, article.period))
    if not any(b.period.start <= period.start for b in found):
        raise RulebookError(
            "规则生效时依据还没有施行",
            where=head.where("valid_from"),
            cure="把规则的 valid_from 改到依据施行之后，或补上当时有效的依据",
        )
    return tuple(found)


def _examples(source: Marked | None, path: Path) -> tuple[Example, ...]:
    if source is None or not source.values.get("examples"):
        raise RulebookError("规则没有示例", where=str(path), cure="至少写出两个命中、三个放过的示例")
    first = source.lines["examples"]
    examples = []
    for entry in source.values["examples"]:
        given, marks = {}, {"命中": 0, "放过": 0}
        for table, text in (entry.get("given") or {}).items():
            rows, counted = pipe_table(str(text), path, first)
            given[str(table)] = rows
            marks = {k: marks[k] + counted[k] for k in marks}
        finds, _ = pipe_table(str(entry.get("finds") or ""), path, first)
        examples.append(Example(str(entry.get("name", "")), given, finds, marks, first))
    return tuple(examples)
