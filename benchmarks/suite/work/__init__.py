"""One module a piece of work: `TITLE`, `CLOCK`, `SIZES` by mode, and `measure(size, bench)`."""
