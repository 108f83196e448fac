"""Template filters of clues."""
