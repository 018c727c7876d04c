"""Makes believable raw files, for the sample, the tests and the benchmarks."""

from archetype.simulate.sessions import SimulationReport, simulate_sessions

__all__ = ["SimulationReport", "simulate_sessions"]
