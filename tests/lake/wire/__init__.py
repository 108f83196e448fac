"""Tests of the national messages as lake rows."""
