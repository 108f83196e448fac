"""Tests of the commands: what a newcomer types, right and wrong."""
