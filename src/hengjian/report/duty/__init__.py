"""The duty report (履责报告): which institution sent what could not be taken, why, for how much money, and what was put right since.

Not for judging anybody: a refused row says that data are missing, not that an act was wrong.
"""

from hengjian.report.duty.figures import Duty, gather_duty
from hengjian.report.duty.relations import duty_relations
from hengjian.report.duty.returns import Written, write_duty

__all__ = ["Duty", "Written", "duty_relations", "gather_duty", "write_duty"]
