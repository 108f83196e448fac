"""Imported knowledge of a site: official tables become dated points, batch by batch; nothing is deleted.

Readers ask `effective` (or `stored`) for the rows as they stand; `importing` and `store` are for the commands that change them.
"""

from hengjian.site.knowledge.stored import effective, stored

__all__ = ["effective", "stored"]
