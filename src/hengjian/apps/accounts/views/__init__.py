"""Pages of the room: people, units, posts, certificates, the matrix."""
