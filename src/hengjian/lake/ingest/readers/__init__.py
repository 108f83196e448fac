"""Files to batches: whatever the format, a batch is an Arrow table of the columns the schema knows, with line numbers."""

from hengjian.lake.ingest.readers.base import Batch, FileRefused, Header, match_header
from hengjian.lake.ingest.readers.content import Content
from hengjian.lake.ingest.readers.delimited import read_csv
from hengjian.lake.ingest.readers.parquet import read_parquet

__all__ = ["Batch", "Content", "FileRefused", "Header", "match_header", "read_csv", "read_parquet"]
