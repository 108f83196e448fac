"""The only writers of this room."""

from hengjian.apps.clues.services.arrival import arrive
from hengjian.apps.clues.services.assign import assign_clues, return_clue, take_next
from hengjian.apps.clues.services.close import close_clue, settle_findings
from hengjian.apps.clues.services.follow import follow_clocks
from hengjian.apps.clues.services.recount import recount
from hengjian.apps.clues.services.recuse import declare_recusal
from hengjian.apps.clues.services.register import Alike, Report, register_clue

__all__ = [
    "Alike",
    "Report",
    "arrive",
    "assign_clues",
    "close_clue",
    "declare_recusal",
    "follow_clocks",
    "recount",
    "register_clue",
    "return_clue",
    "settle_findings",
    "take_next",
]
