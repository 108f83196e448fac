"""Pages that join rooms: home, the dispatch board, search, an institution's page, the institution's own desk."""
