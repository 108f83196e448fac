"""The national messages (接口报文) as lake rows: `envelope` reads a line, `trades` says where each field goes, `folding` makes the
rows of one subject from all its messages.

Knows the schema of the lake and nothing of files, loads or the gate. Text in, text out: whether a value can be read is for
the loader to judge.
"""

from hengjian.lake.wire.envelope import MOST_BYTES, lines_of, parse, read_messages, written
from hengjian.lake.wire.folding import Fold, Gap, NotFact, PersonLookup, Row, by_subject, fold, fold_all, leftover
from hengjian.lake.wire.message import ENCOUNTER, PERSON, STOCK, Message, Refusal, Subject
from hengjian.lake.wire.reasons import GAPS, NOT_FACTS, REFUSALS
from hengjian.lake.wire.subjects import sales_of
from hengjian.lake.wire.trades import mappings, trade_of

__all__ = [
    "ENCOUNTER",
    "GAPS",
    "MOST_BYTES",
    "NOT_FACTS",
    "PERSON",
    "REFUSALS",
    "STOCK",
    "Fold",
    "Gap",
    "Message",
    "NotFact",
    "PersonLookup",
    "Refusal",
    "Row",
    "Subject",
    "by_subject",
    "fold",
    "fold_all",
    "leftover",
    "lines_of",
    "mappings",
    "parse",
    "read_messages",
    "sales_of",
    "trade_of",
    "written",
]
