"""Loading: a folder of files in, a new lake version out; nothing is lost and every count balances."""

from hengjian.lake.ingest.load import load_folder
from hengjian.lake.ingest.report import LoadReport

__all__ = ["LoadReport", "load_folder"]
