"""Dates, half-open periods, exact amounts, identifiers, errors. Standard library only."""
