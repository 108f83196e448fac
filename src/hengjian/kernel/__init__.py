"""Dates, half-open periods, exact amounts, identifiers, masks, errors and their causes. Standard library only."""
