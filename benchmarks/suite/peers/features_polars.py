"""The 30 features in Polars: one lazy query, grouped, with shifts instead of windows.

Events lie in the order of their sessions, which `rle_id` and `shift` make use of.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from suite.peers.features import (
    BARS_US,
    HOUR_US,
    IMPUTED,
    KEYS,
    MIN_EVENTS,
    N_ROLES,
    NAMES,
    ORDER,
    PEER_DAYS,
    PHASES,
    clocked,
)

AT = pl.col("at")
SAME = AT.shift() == AT


def run(**arguments) -> dict[str, object]:
    """Time it; see `clocked`."""
    return clocked(describe, lambda table, path: table.write_parquet(path), arguments)


def describe(events_path: str, sessions_path: str, checkpoints: Sequence[int]) -> pl.DataFrame:
    """Give one row a session and checkpoint."""
    sessions = pl.scan_parquet(sessions_path).with_row_index("at")
    events = (
        pl.scan_parquet(events_path)
        .with_columns(pl.col("session_id").rle_id().alias("at"))
        .sort("at", *ORDER, nulls_last=True)
        .drop("session_id", "type_number", "event_hash")
        .join(
            sessions.select("at", "duration_us", "has_scheduled_end"),
            on="at",
            how="left",
            maintain_order="left",
        )
        .with_columns(
            pl.col("phase").cast(pl.Categorical), pl.col("structural_role").cast(pl.Categorical)
        )
    )
    # What all checkpoints share is read once.
    events, sessions = pl.collect_all([events, sessions])
    parts = [describe_at(events.lazy(), sessions.lazy(), at) for at in checkpoints]
    return pl.concat(pl.collect_all(parts))


def describe_at(events: pl.LazyFrame, sessions: pl.LazyFrame, checkpoint: int) -> pl.LazyFrame:
    """Describe every session at one checkpoint."""
    events = events.with_columns((pl.col("duration_us") * checkpoint / 100).alias("horizon"))
    events = events.filter(pl.col("elapsed_us") <= pl.col("horizon"))
    if checkpoint != 100:
        events = events.filter("has_scheduled_end")
    priced = events.filter(pl.col("price").is_not_null())
    vectors = sessions.join(describe_events(events), on="at").join(describe_tenths(events), on="at")
    vectors = vectors.join(describe_roles(events), on="at")
    vectors = vectors.join(describe_prices(priced), on="at", how="left")
    vectors = vectors.join(describe_turns(priced), on="at", how="left")
    for name, length in BARS_US.items():
        vectors = vectors.join(describe_bars(priced, name, length), on="at", how="left")
    # Peers of few events count as peers, but have no vector.
    vectors = against_peers(vectors).filter(pl.col("n") >= MIN_EVENTS)
    filled = [
        (pl.col(name).fill_null(IMPUTED[name]) if name in IMPUTED else pl.col(name)).alias(name)
        for name in NAMES
    ]
    key = pl.lit(checkpoint, pl.Int32).alias("checkpoint_pct")
    return vectors.select(pl.col(KEYS[0]), key, *filled)


def cv(value: pl.Expr) -> pl.Expr:
    """Give deviation over mean, 0 where the mean is 0."""
    return pl.when(value.mean() == 0).then(0.0).otherwise(value.std(ddof=0) / value.mean())


def describe_events(events: pl.LazyFrame) -> pl.LazyFrame:
    """Count phases and regimes, and say when events come."""
    elapsed, horizon = pl.col("elapsed_us"), pl.col("horizon")
    events = events.with_columns(
        (elapsed / horizon).alias("share"),
        pl.when(SAME).then(elapsed.diff()).alias("gap"),
        pl.when(SAME).then(pl.col("phase") != pl.col("phase").shift()).alias("is_switch"),
        pl.col("magnitude").abs(),
    )
    return events.group_by("at").agg(
        pl.len().alias("n"),
        *((100 * (pl.col("phase") == p).mean()).alias(f"rate_{p}") for p in PHASES),
        *((pl.col("htf_regime") == i).mean().alias(f"htf_regime_{i}") for i in range(3)),
        pl.col("is_switch").mean().alias("phase_switch_rate"),
        pl.col("share").std(ddof=0).alias("time_std"),
        (1 / (1 + cv(pl.col("gap")))).alias("spacing_regularity"),
        ((elapsed.max() - elapsed.min()) / horizon.first()).alias("active_span_ratio"),
        pl.col("share").mean().alias("time_center"),
        (1 + pl.len() / (horizon.first() / HOUR_US)).log().alias("event_density"),
        cv(pl.col("magnitude")).alias("magnitude_cv"),
        (pl.col("significance").sum() / pl.len()).alias("significance_mean"),
    )


def describe_tenths(events: pl.LazyFrame) -> pl.LazyFrame:
    """Count events by tenth of the window."""
    tenth = (10 * pl.col("elapsed_us") / pl.col("horizon")).floor().clip(upper_bound=9)
    counts = events.group_by("at", tenth.alias("tenth")).agg(pl.len().cast(pl.Float64).alias("m"))
    m = pl.col("m")
    return counts.group_by("at").agg(
        ((10 * (m * m).sum() - m.sum() ** 2).sqrt() / m.sum()).alias("time_cluster_cv"),
        (m.max() / m.sum()).alias("burst_intensity"),
    )


def describe_roles(events: pl.LazyFrame) -> pl.LazyFrame:
    """Measure the entropy of roles."""
    m = pl.col("m")
    counts = events.group_by("at", "structural_role").agg(pl.len().cast(pl.Float64).alias("m"))
    # The entropy of counts m of a total n: log n - sum(m log m) / n.
    entropy = (m.sum().log() - (m * m.log()).sum() / m.sum()) / np.log(2)
    return counts.group_by("at").agg((1 - entropy / np.log2(N_ROLES)).alias("role_coherence"))


def describe_prices(priced: pl.LazyFrame) -> pl.LazyFrame:
    """Describe prices, and give each session's range over its median price."""
    p, d = pl.col("price"), pl.col("d")
    steps = [
        pl.when(AT.shift(k) == AT).then((p - p.shift(k)) / k).alias(f"mean_{k}") for k in (1, 2, 3)
    ]
    priced = priced.with_columns(steps).with_columns(
        pl.col("mean_1").alias("d"), pl.coalesce("mean_3", "mean_2", "mean_1").alias("trailing")
    )
    grouped = priced.group_by("at").agg(
        p.median().alias("median"),
        (p.max() - p.min()).alias("spread"),
        p.first().alias("first"),
        p.last().alias("last"),
        p.n_unique().alias("levels"),
        pl.len().alias("n_prices"),
        d.std(ddof=0).alias("std"),
        pl.col("trailing").std(ddof=0).alias("trailing_std"),
        d.abs().sum().alias("path"),
        d.count().alias("n_moves"),
    )
    median, spread, std, path = map(pl.col, ("median", "spread", "std", "path"))
    return grouped.select(
        "at",
        pl.when(median > 0).then((1 + 1e4 * std / median).log()).alias("volatility"),
        pl.when(std > 1e-12 * median.abs())
        .then(pl.col("trailing_std") / std)
        .alias("momentum_smoothness"),
        (1 - pl.col("levels") / pl.col("n_prices")).alias("level_revisit_rate"),
        pl.when(spread > 0)
        .then((pl.col("last") - pl.col("first")) / spread)
        .alias("net_move_ratio"),
        pl.when(path > 0).then(spread / path).alias("range_efficiency"),
        pl.when(spread > 0).then(path / pl.col("n_moves") / spread).alias("step_to_range"),
        pl.when(median > 0).then(spread / median).alias("relative_range"),
    )


def describe_turns(priced: pl.LazyFrame) -> pl.LazyFrame:
    """Say how often prices turn."""
    p = pl.col("price")
    moves = priced.select("at", pl.when(SAME).then(p.diff()).sign().alias("turn"))
    moves = moves.filter(pl.col("turn") != 0)
    is_turn = pl.when(SAME).then(pl.col("turn") != pl.col("turn").shift())
    return (
        moves.with_columns(is_turn.alias("is_turn"))
        .group_by("at")
        .agg(pl.col("is_turn").mean().alias("direction_change_rate"))
    )


def describe_bars(priced: pl.LazyFrame, name: str, length: int) -> pl.LazyFrame:
    """Say where prices lie in their bars."""
    p = pl.col("price")
    # A bar's places add up to what its prices add up to.
    bars = priced.group_by("at", pl.col("elapsed_us") // length).agg(
        p.min().alias("low"), (p.max() - p.min()).alias("height"), p.alias("prices")
    )
    placed = bars.explode("prices").with_columns(
        pl.when(pl.col("height") > 0)
        .then((pl.col("prices") - pl.col("low")) / pl.col("height"))
        .otherwise(0.5)
        .alias("place")
    )
    return placed.group_by("at").agg(pl.col("place").mean().alias(name))


def against_peers(vectors: pl.LazyFrame) -> pl.LazyFrame:
    """Compare each range with the median of its type's in the days before it."""
    own, usual = pl.col("relative_range"), pl.col("usual")
    peers = (
        vectors.filter(own.is_not_null())
        .sort("session_type", "started_at")
        .rolling("started_at", period=f"{PEER_DAYS}d", closed="left", group_by="session_type")
        .agg(own.median().alias("usual"))
        .unique(["session_type", "started_at"])
    )
    vectors = vectors.join(peers, on=["session_type", "started_at"], how="left")
    return vectors.with_columns(
        pl.when((own > 0) & (usual > 0)).then((own / usual).log()).alias("range_vs_median")
    )
