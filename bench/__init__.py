"""Benchmarks: run by `make bench`, never by tests. Results are written to docs/benchmarks.md by hand-free code."""
