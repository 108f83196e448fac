"""The parts of an invented county's export: its people and bills, how its old system writes them, and what is wrong with them."""
