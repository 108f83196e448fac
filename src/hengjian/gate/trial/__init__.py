"""A first doctor's workstation, for trying the gate on a synthetic city: a page that types orders and shows what the gate answers.

`book` chooses who is treated and what can be ordered, and keeps it in a file; `past` sends what these people did elsewhere through the
gate's own inbox; `pages` serves the page. The page itself speaks to the gate as a hospital's software does: 3101, 3103, signed. It is
there only when the gate was started with such a file, and such a file is only made of a synthetic lake.
"""
