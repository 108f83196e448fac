"""Upkeep of a lake: what keeps it small changes nothing anybody reads."""
