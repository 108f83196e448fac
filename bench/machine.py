"""The machine: how busy it is, what it is."""

from __future__ import annotations

import os
import platform
import time
from datetime import datetime

import duckdb

NOISY = 0.5
"""A run that begins at a higher load average is marked noisy."""


def quiet(patience: float) -> float:
    """Wait until the load average is at most NOISY, but no longer than `patience` seconds; returns it."""
    until = time.monotonic() + patience
    while (load := os.getloadavg()[0]) > NOISY and time.monotonic() < until:
        time.sleep(2)
    return load


def facts() -> str:
    """Day, cores, memory, versions, as the page's second line."""
    memory = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    day = f"{datetime.now():%Y-%m-%d}"  # noqa: DTZ005
    return f"{day}，{os.cpu_count()} 核，{memory} GB，{platform.machine()}，Python {platform.python_version()}，DuckDB {duckdb.__version__}"
