"""The synthetic city: people, places and a year of claims, with planted violations and their truth.

`hengjian city --people N --seed S --out DIR` writes one folder that a load can take. The ordinary population is innocent by
construction; violations and their innocent look-alikes are planted from the wording of the regulations only (`plant/`), and
`truth.csv` says which is which. The city reads, as data, which codes, windows and limits stand in the knowledge tables. It
never reads rules, families or the engine: otherwise the score would measure nothing.

Order of work, block by block of people: `people` → `encounters` → `plant` → `lines`, `stays` → `refunds` → `money` → `tables`
→ `dirt` → `write`. All money is integer fen until it is written; all days are day numbers, all instants second numbers.
"""

from hengjian.city.builder import Progress, Summary, build
from hengjian.city.plan import Plan

__all__ = ["Plan", "Progress", "Summary", "build"]
