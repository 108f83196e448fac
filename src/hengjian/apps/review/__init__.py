"""The audit of a finding by people: 初审, the institution's answer, 复核, the decision on each line, by two persons and with its law.

Steps, owners, limits and authority are configuration. It moves no money itself: a decision is posted in `recovery`.
"""
