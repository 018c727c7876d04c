"""Sales wing: the numerical part, as pure functions over Arrow tables."""
