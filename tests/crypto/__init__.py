"""Tests of what keeps personal columns unreadable at rest."""
