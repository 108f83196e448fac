"""The verbs of this room: the only writers of proposals and, through the site's own store, of knowledge."""

from hengjian.apps.rules.services.deciding import approve, refuse, withdraw
from hengjian.apps.rules.services.proposing import Wanted, propose

__all__ = ["Wanted", "approve", "propose", "refuse", "withdraw"]
