"""The schema of the lake: one module per table, one source for validation, data dictionary and what rules may read."""

from hengjian.lake.schema.base import Column, Kind, Table
from hengjian.lake.schema.device import DEVICE
from hengjian.lake.schema.diagnosis import DIAGNOSIS
from hengjian.lake.schema.encounter import ENCOUNTER
from hengjian.lake.schema.entitlement import ENTITLEMENT
from hengjian.lake.schema.execution_record import EXECUTION_RECORD
from hengjian.lake.schema.external_list import EXTERNAL_LIST
from hengjian.lake.schema.fee_line import FEE_LINE
from hengjian.lake.schema.institution import INSTITUTION
from hengjian.lake.schema.lab_result import LAB_RESULT
from hengjian.lake.schema.operation import OPERATION
from hengjian.lake.schema.person import PERSON
from hengjian.lake.schema.practitioner import PRACTITIONER
from hengjian.lake.schema.presence import PRESENCE
from hengjian.lake.schema.price import PRICE
from hengjian.lake.schema.settlement import SETTLEMENT
from hengjian.lake.schema.stock_change import STOCK_CHANGE
from hengjian.lake.schema.trace_code import TRACE_CODE

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        PERSON,
        INSTITUTION,
        PRACTITIONER,
        ENCOUNTER,
        SETTLEMENT,
        DIAGNOSIS,
        OPERATION,
        FEE_LINE,
        ENTITLEMENT,
        STOCK_CHANGE,
        TRACE_CODE,
        PRESENCE,
        EXTERNAL_LIST,
        PRICE,
        DEVICE,
        LAB_RESULT,
        EXECUTION_RECORD,
    )
}
"""Every table by name, in the order in which references can be checked (people and places first)."""

__all__ = ["TABLES", "Column", "Kind", "Table"]
