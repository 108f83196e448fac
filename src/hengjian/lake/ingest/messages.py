"""National messages on their way into the lake: every line that is a message is kept as it came, sealed, once.

`message` holds the lines, `message_subject` whose rows each concerns; both only ever grow. What the messages come to is worked out
anew from them (`refold`), so it never depends on the order in which they arrived.
"""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import BinaryIO, cast

import pyarrow as pa

from hengjian.kernel.causes import cause_of
from hengjian.lake.ingest import register
from hengjian.lake.ingest.readers import Batch, FileRefused, Header
from hengjian.lake.ingest.readers.base import BadLine
from hengjian.lake.ingest.readers.content import BROKEN
from hengjian.lake.ingest.source import SourceFile
from hengjian.lake.ingest.stage import Stage
from hengjian.lake.ingest.survey import MessageFile
from hengjian.lake.rows import rows_sql
from hengjian.lake.schema import Table
from hengjian.lake.schema.base import col
from hengjian.lake.versions import LakeVersion
from hengjian.lake.wire import Message, Refusal, leftover, lines_of, parse, sales_of

MESSAGE = Table(
    name="message", label="报文", key=("digest",), columns=(col("digest", "报文摘要", "char(32)", required=True, src="o"),)
)
"""The lines of message files as a report counts them; `register.MESSAGE` says how the lake keeps them."""

SALE = "sale"
"""A kind of `message_subject` that is no subject: the settlement under which a message may tell of codes sold."""

_LINES, _BYTES = 20_000, 32 * 1024 * 1024
"""Lines and bytes that are read before they are sealed and put down."""
_AT_HAND = 20_000
"""Messages that are not opened again to be folded."""
_SHOWN = 2000
"""Of a line too long to be read, the characters that are kept."""

FAILURE = "message.failure"
"""What the failure of an exchange is sealed as: it may name people."""


class Inbox:
    """The messages of one load. Tables `message` and `message_subject` hold those that the lake does not know yet."""

    def __init__(self, stage: Stage, previous: LakeVersion | None) -> None:
        self.stage, self.con, self.previous = stage, stage.con, previous
        self.at_hand: dict[str, Message] = {}
        """The first messages that were read, by digest: they need not be opened again."""
        self._left: dict[int, Counter[str]] = defaultdict(Counter)
        self._known = rows_sql(previous, "message", ("digest",))
        for name, columns in (("message", register.MESSAGE), ("message_subject", register.MESSAGE_SUBJECT)):
            listed = ", ".join(f"{c} {sql}" for c, sql in columns.items() if c != "load_no")
            self.con.execute(f"CREATE TABLE {name} (_file INTEGER, {listed})").fetchall()

    def read(self, number: int, file: MessageFile) -> Iterator[int]:
        """Read one file, telling how many bytes are done. Raises FileRefused; whoever catches it calls `forget`."""
        source, done, size = source_of(file), 0, 0
        lines: list[tuple[int, bytes]] = []
        for line, raw in _lines(file):
            lines.append((line, raw))
            size += len(raw)
            if len(lines) >= _LINES or size >= _BYTES:
                self._take(source, number, lines)
                done, lines, size = done + size, [], 0
                yield done
        self._take(source, number, lines)

    def forget(self, number: int) -> None:
        """Take back everything of a file that turned out to be broken half-way."""
        self.stage.forget(number)
        for name in ("message", "message_subject"):
            self.con.execute(f"DELETE FROM {name} WHERE _file = ?", [number]).fetchall()
        self._left.pop(number, None)

    @property
    def leftovers(self) -> Counter[str]:
        """Messages that belong to no subject, by code of the reason."""
        return sum(self._left.values(), Counter[str]())

    @property
    def fresh(self) -> int:
        """Number of messages the lake did not know."""
        ((count,),) = self.con.execute("SELECT COUNT(*) FROM message").fetchall()
        return int(count)

    def _take(self, source: SourceFile, number: int, lines: list[tuple[int, bytes]]) -> None:
        """Keep the messages of some lines."""
        count = self.stage.counts[number]
        count.read += len(lines)
        found: dict[str, tuple[Message, bytes]] = {}
        refused: dict[str, list[BadLine]] = defaultdict(list)
        for line, raw in lines:
            said = parse(raw, file=source.name, line=line)
            if isinstance(said, Refusal):
                shown = raw[: _SHOWN if said.code == "M03" else None].decode("utf-8", "replace").strip()
                refused[said.code].append(BadLine(line, shown, said.why))
            elif said.digest in found:
                count.outcomes["duplicate"] += 1
            else:
                found[said.digest] = said, raw
        for code, bad in refused.items():
            register.refuse_lines(self.con, self.stage.sealer, source, number, bad, code)
            count.outcomes["rejected"] += len(bad)
        fresh = self._unknown(found)
        count.outcomes["taken"] += len(fresh)
        count.outcomes["duplicate"] += len(found) - len(fresh)
        self._put(number, [found[digest] for digest in fresh])
        self.at_hand |= {digest: found[digest][0] for digest in fresh[: _AT_HAND - len(self.at_hand)]}
        self._left[number].update(left.code for digest in fresh if (left := leftover(found[digest][0])))

    def _unknown(self, digests: Iterable[str]) -> list[str]:
        """Those of some digests that neither the lake nor this load knows, in their order."""
        listed = pa.array(list(digests), pa.string())
        self.con.register("read_now", pa.table({"digest": listed}))
        known = " UNION ALL ".join(
            ["SELECT digest FROM message", *([f"SELECT digest FROM {self._known}"] if self._known else [])]
        )
        old = self.con.execute(f"SELECT digest FROM read_now SEMI JOIN ({known}) USING (digest)").fetchall()
        self.con.unregister("read_now")
        gone = {digest for (digest,) in old}
        return [digest for digest in listed.to_pylist() if digest not in gone]

    def _put(self, number: int, messages: list[tuple[Message, bytes]]) -> None:
        if not messages:
            return
        sealer = self.stage.sealer
        digests = pa.array([m.digest for m, _ in messages], pa.string())
        failures = sealer.seal(FAILURE, digests, pa.array([m.failure for m, _ in messages], pa.string()))
        bodies = [sealer.seal_text(place_of(m.digest), raw.strip().decode()) for m, raw in messages]
        columns = {
            "_file": pa.array([number] * len(messages), pa.int32()),
            "digest": digests,
            "msgid": pa.array([m.msgid for m, _ in messages], pa.string()),
            "infno": pa.array([m.infno for m, _ in messages], pa.string()),
            "inf_time": pa.array([m.inf_time for m, _ in messages], pa.string()),
            "fixmedins_code": pa.array([m.fixmedins_code for m, _ in messages], pa.string()),
            "psn_no": pa.array([m.psn_no for m, _ in messages], pa.string()),
            "file": pa.array([m.file for m, _ in messages], pa.string()),
            "line": pa.array([m.line for m, _ in messages], pa.int64()),
            "failure": failures,
            "body": pa.array(bodies, pa.string()),
        }
        self._insert("message", pa.table(columns))
        named = [
            (number, kind, key, message.digest)
            for message, _ in messages
            for kind, key in (*message.subjects, *((SALE, setl_id) for setl_id in sorted(sales_of(message))))
        ]
        if named:
            files, kinds, keys, of = zip(*named, strict=True)
            self._insert(
                "message_subject",
                pa.table({"_file": pa.array(files, pa.int32()), "kind": kinds, "subject_key": keys, "digest": of}),
            )

    def _insert(self, name: str, rows: pa.Table) -> None:
        self.con.register("put_now", rows)
        self.con.execute(f"INSERT INTO {name} BY NAME SELECT * FROM put_now").fetchall()
        self.con.unregister("put_now")


def place_of(digest: str) -> str:
    """What the text of a message is sealed as."""
    return f"message.body:{digest}"


def source_of(file: MessageFile) -> SourceFile:
    """A message file among the files of a load: counted like any other, never read as rows of a table."""
    return SourceFile(file.name, MESSAGE, no_rows, file.size)


def no_rows() -> tuple[Header, Iterator[Batch]]:
    raise FileRefused("F05", "报文文件不是表")


def _lines(file: MessageFile) -> Iterator[tuple[int, bytes]]:
    """The lines of a file, plain or in gzip. Raises FileRefused F05."""
    try:
        with file.open() as plain:
            packed = file.name.lower().endswith(".gz")
            yield from lines_of(cast("BinaryIO", gzip.GzipFile(fileobj=plain) if packed else plain))
    except (*BROKEN, gzip.BadGzipFile) as error:
        raise FileRefused("F05", f"压缩文件不完整：{cause_of(error)}") from error
    except OSError as error:
        raise FileRefused("F05", f"文件读不了：{cause_of(error)}", "检查文件和权限后重新送这个文件") from error
