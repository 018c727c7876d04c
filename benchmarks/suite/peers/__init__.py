"""The same work as a competent user of another tool would write it; none knows archetype."""
