"""Findings in hand and the clues they are grouped into: arrival, grouping, priority, assignment, the live problem ledger.

It decides nothing about money: that is `review`.
"""
