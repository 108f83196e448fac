"""Money that is to move after a decision: postings with kind, destination and the fee lines they rest on. One fee line is taken back once.

Deduction, recovery, refund and fine are four ledgers and are never added. It decides nothing.
"""
