"""Working days and clocks of the law: holidays with an editable table; clocks that start, stop, resume, are extended; due dates, stored.

It does not know what a clock is for: other rooms name the subject and the article.
"""
