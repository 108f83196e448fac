"""The rooms of the office, one Django application each. Imports point left (docs/architecture.md); a room's services are its only writers."""
