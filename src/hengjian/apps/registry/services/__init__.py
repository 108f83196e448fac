"""The only writers of this room."""

from hengjian.apps.registry.services.reveal import Revealed, look_up, reveal
from hengjian.apps.registry.services.sync import ensure_persons, sync_from_lake

__all__ = ["Revealed", "ensure_persons", "look_up", "reveal", "sync_from_lake"]
