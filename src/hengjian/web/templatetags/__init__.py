"""Template tags of the office: how money, days, hours and icons are printed."""
