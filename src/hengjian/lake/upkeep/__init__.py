"""Upkeep of a lake: what keeps it small and quick, and changes nothing that anybody reads in it.

`compact` puts small loads and masked rows in order, `gc` cleans old versions away as `retention` says, `sizes` and `survey` tell how a
lake stands; `renewal` is what compaction and the rotation of keys (`lake.rotate`) share: both make a version of another's rows.
"""
