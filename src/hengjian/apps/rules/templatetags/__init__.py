"""How this room prints SQL and shares."""
