"""Archetype: trading sessions and retail sales as archetypes, in one DuckDB warehouse."""

__version__ = "0.1.0"
