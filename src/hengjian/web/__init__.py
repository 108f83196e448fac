"""The office in the browser: settings, URL tree, desks (pages that join rooms), templates, static files. Wiring, no thinking."""
