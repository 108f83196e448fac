"""What is to be built: how many people, which seed, which year, and how the people fall into blocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from hengjian.kernel.dates import day_number
from hengjian.kernel.errors import InputError

SENDER = "恒鉴合成城市（synthetic）"
PLACE = "镜川市"
CITY_CODE = "990100"
BLOCK_PEOPLE = 20_000
FEWEST_PEOPLE = 500
MOST_PEOPLE = 5_000_000
FORMATS = ("parquet", "csv")


@dataclass(frozen=True)
class Plan:
    """One city. The claims period is the half-open year that ends at `end`; `dirt` = share of extra bad rows.

    `form` is the file format of the large tables. Raises InputError for a size, seed, share or format that cannot be used.
    """

    people: int
    seed: int
    end: date = date(2026, 11, 1)
    dirt: float = 0.001
    form: str = "parquet"

    def __post_init__(self) -> None:
        if not FEWEST_PEOPLE <= self.people <= MOST_PEOPLE:
            raise InputError(
                f"人数 {self.people} 不能用",
                where="--people",
                why=f"合成城市须有 {FEWEST_PEOPLE} 至 {MOST_PEOPLE:,} 人",
                cure="改用范围内的人数，例如 --people 20000",
            )
        if not 0 <= self.dirt <= 0.05:
            raise InputError(
                f"坏行比例 {self.dirt} 不能用", where="--dirt", why="须在 0 与 0.05 之间", cure="例如 --dirt 0.001"
            )
        if not 0 <= self.seed < 1 << 32:
            raise InputError(
                f"种子 {self.seed} 不能用", where="--seed", why="须为 0 至 4,294,967,295 的整数", cure="例如 --seed 1"
            )
        if self.form not in FORMATS:
            raise InputError(
                f"文件格式 {self.form} 不能用", where="--format", why="只有 parquet 和 csv", cure="例如 --format csv"
            )

    @property
    def last(self) -> int:
        """First day after the period."""
        return day_number(self.end)

    @property
    def first(self) -> int:
        """First day of the period."""
        return day_number(date(self.end.year - 1, self.end.month, min(self.end.day, 28)))

    @property
    def data_day(self) -> int:
        """Day of extract, nine days after the period: nothing in the files is later."""
        return self.last + 9

    @property
    def blocks(self) -> int:
        """Blocks of people; from 4,000 people on at least two, so that two cores have work."""
        return max(-(-self.people // BLOCK_PEOPLE), 2 if self.people >= 4_000 else 1)

    def block_people(self, block: int) -> tuple[int, int]:
        """First and one-past-last person of a block."""
        share = -(-self.people // self.blocks)
        return block * share, min((block + 1) * share, self.people)

    def rng(self, *path: int) -> np.random.Generator:
        """The generator of one block or one purpose."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, self.people, *path])))

    def facts_per_theme(self) -> int:
        """How many guilty (and how many innocent) facts each theme gets in the whole city."""
        return max(3, self.people // 400)
