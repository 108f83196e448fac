"""Uploads, loads, audits, releases and other background work, dated, with what came of them.

The command line without a command line: it calls the same functions of lake, engine and site. It does not know what a clue is.
"""
