"""The lake: the tables rules may read (schema), their versions, and ingest."""
