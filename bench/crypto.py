"""Cells sealed, opened and digested a second by one core, and the memory it takes.

    python -m bench.crypto              a million cells of each kind; prints a table
    python -m bench.crypto --cells N    another number

CPU seconds of this process, median of 5 runs. Everything is made up; ids are 20 digits as insurers use them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hengjian.crypto.seal import Sealer

SEALER = Sealer("kbench", bytes(range(32)))
RUNS = 5


def columns(cells: int) -> dict[str, pa.Array]:
    """Invented names, identity numbers (region 99), addresses of some twenty lengths, and longer remarks."""
    draw = np.random.default_rng(1)
    letters = pa.array(list("甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉"))

    def letter() -> pa.Array:
        return letters.take(pa.array(draw.integers(0, 20, cells)))

    third = pc.if_else(pa.array(draw.integers(0, 3, cells) > 0), letter(), "")
    number = pc.utf8_lpad(pa.array(draw.integers(0, 10**15, cells)).cast(pa.string()), 16, "0")
    house = pa.array(draw.integers(1, 10_000, cells)).cast(pa.string())
    road = pc.binary_repeat(letter(), pa.array(draw.integers(1, 6, cells)))
    return {
        "姓名": pc.binary_join_element_wise(letter(), letter(), third, ""),
        "18 位证件号": pc.binary_join_element_wise("99", number, ""),
        "地址": pc.binary_join_element_wise("某省某市某区", road, "路", house, "号", ""),
        "200 字说明": pc.binary_repeat(letter(), pa.array(draw.integers(190, 211, cells))),
    }


def cpu(work: Callable[[], object]) -> float:
    """Median CPU seconds."""
    seconds = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=1_000_000)
    cells = parser.parse_args().cells
    ids = pc.binary_join_element_wise("990000", pc.utf8_lpad(pa.array(np.arange(cells)).cast(pa.string()), 14, "0"), "")
    print(f"{cells:,} 格，一核，{RUNS} 次的中位数，开始时负载 {os.getloadavg()[0]:.1f}")  # noqa: T201
    print("| 列 | 明文字节 | 密文字节 | 加密（万格/秒） | 解密 | 摘要 |\n| --- | ---: | ---: | ---: | ---: | ---: |")  # noqa: T201
    for name, texts in columns(cells).items():
        sealed = SEALER.seal("bench.column", ids, texts)
        if not SEALER.open("bench.column", ids, sealed).equals(texts):
            raise SystemExit("解出的与原来的不同")
        rates = [
            cells / cpu(work) / 10_000
            for work in (
                lambda t=texts: SEALER.seal("bench.column", ids, t),
                lambda s=sealed: SEALER.open("bench.column", ids, s),
                lambda t=texts: SEALER.digest("column", t),
            )
        ]
        sizes = (pc.mean(pc.binary_length(column)).as_py() for column in (texts, sealed))
        print(f"| {name} | {' | '.join(f'{size:.0f}' for size in sizes)} | {' | '.join(f'{rate:.0f}' for rate in rates)} |")  # noqa: T201


if __name__ == "__main__":
    main()
