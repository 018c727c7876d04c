"""Makes believable raw files, for the sample, the tests and the benchmarks."""

from archetype.simulate.sales import SalesReport, simulate_sales
from archetype.simulate.sessions import SimulationReport, simulate_sessions

__all__ = ["SalesReport", "SimulationReport", "simulate_sales", "simulate_sessions"]
