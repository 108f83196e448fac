"""Verbs of the review: the only writers of this room."""

from hengjian.apps.review.services.answering import (
    advise,
    answer,
    ask_doctor,
    lapse,
    lapse_overdue,
    mark_seen,
    withdraw_answer,
)
from hengjian.apps.review.services.batch_job import run_batch
from hengjian.apps.review.services.batch_undo import undo_batch
from hengjian.apps.review.services.batches import draw_batch, open_sample, start_batch
from hengjian.apps.review.services.configuring import set_step
from hengjian.apps.review.services.deciding import decide, return_to_first, take_back
from hengjian.apps.review.services.feedback import Sent, send_feedback
from hengjian.apps.review.services.files import attach, detach
from hengjian.apps.review.services.proposing import propose, undo_proposal
from hengjian.apps.review.services.taking import ensure_reviews, follow_clocks, follow_withdrawn, take
from hengjian.apps.review.services.turn import Stale

__all__ = [
    "Sent",
    "Stale",
    "advise",
    "answer",
    "ask_doctor",
    "attach",
    "decide",
    "detach",
    "draw_batch",
    "ensure_reviews",
    "follow_clocks",
    "follow_withdrawn",
    "lapse",
    "lapse_overdue",
    "mark_seen",
    "open_sample",
    "propose",
    "return_to_first",
    "run_batch",
    "send_feedback",
    "set_step",
    "start_batch",
    "take",
    "take_back",
    "undo_batch",
    "undo_proposal",
    "withdraw_answer",
]
