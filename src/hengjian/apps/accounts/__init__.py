"""Who works here and what they may do: units in a tree, people, dated posts (role and region), certificates, the matrix of rights.

Deny by default. Scope by region and institution is applied once, in `queries`. It does not know what the acts mean to other rooms.
"""
