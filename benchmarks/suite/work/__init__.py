"""One module a piece of work: `TITLE`, `CLOCK`, `SIZES` by mode, and `measure(size, bench)`."""

from types import ModuleType

from suite.work import (
    anomaly_vectors,
    classify,
    matching,
    one_tick,
    publishing,
    sales_detection,
    sample_build,
    session_features,
    session_fit,
)

WORKS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        session_features,
        session_fit,
        matching,
        sales_detection,
        one_tick,
        sample_build,
        classify,
        publishing,
        anomaly_vectors,
    )
}
"""By name, in the order in which they are measured and told of."""
