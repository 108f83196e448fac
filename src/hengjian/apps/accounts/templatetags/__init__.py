"""Words and icons of the account pages."""
