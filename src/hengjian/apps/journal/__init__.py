"""The journal: every act of every person and job, in the transaction of the act itself, in one unbroken SM3 chain.

Append-only by triggers on both databases; `hengjian journal verify` names any row that was changed or is missing. An actor is a plain
identifier here, so that the journal knows no other room. It is not a log of requests and holds no personal data beyond a staff member's name.
"""
