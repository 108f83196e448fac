"""Rules that generated lakes do not hit, each with the reason. Nothing else may go without a hit."""

NO_HITS: dict[str, str] = {}
