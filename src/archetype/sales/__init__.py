"""Pure functions of the sales wing."""
