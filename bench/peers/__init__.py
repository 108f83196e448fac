"""The same rules written for other engines, from the same rule tables and the same bound knowledge; all must find the same.

Each peer is a module with `find(given)`: a set of hits. It is measured from opening the files to the set.
"""
