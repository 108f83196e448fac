"""The only writers of this room."""

from hengjian.apps.runs.services.lifecycle import claim, fail, finish, queue, release_again, retry
from hengjian.apps.runs.services.releases import activate, hold, hold_unreleased
from hengjian.apps.runs.services.starts import follow_with_audit, start_audit, start_guide, start_load
from hengjian.apps.runs.services.uploads import discard_upload, save_map, start_upload, take_drop

__all__ = [
    "activate",
    "claim",
    "discard_upload",
    "fail",
    "finish",
    "follow_with_audit",
    "hold",
    "hold_unreleased",
    "queue",
    "release_again",
    "retry",
    "save_map",
    "start_audit",
    "start_guide",
    "start_load",
    "start_upload",
    "take_drop",
]
