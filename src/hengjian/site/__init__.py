"""The site folder: what one bureau adds to the shipped rulebook, as dated files a person can read.

It lies beside the lake (`site`) or where `--site` says, and holds imported knowledge, the map of national to provincial codes,
approved values and the release of each rule. It adds and holds back; it never rewrites what is shipped. Readers ask for the rulebook
as it stands on a day; only the commands that change the folder write to it, one at a time.
"""
