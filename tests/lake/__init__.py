"""Tests of the lake: reading, judging and keeping what is sent."""
