"""SQL is held to an independent reading of the definitions, on every window there is."""

from __future__ import annotations

import duckdb
import pytest
from conftest import SAMPLE
from reference_features import describe, read_session

TOLERANCE = 1e-12


def compare(warehouse, folder):
    """Give how many values were compared, and those that differ."""
    rows = warehouse.query(
        "select file_name from session_processing_log where status = 'processed'"
    )
    read = [read_session((folder / name).read_text()) for (name,) in rows]
    sessions = {session["session_id"]: session for session in read}
    with duckdb.connect(str(warehouse.published), read_only=True) as connection:
        prints = connection.execute("select * from session_fingerprints").fetch_df()
    compared, wrong = 0, []
    for row in prints.to_dict("records"):
        values, imputed = describe(
            sessions[row["session_id"]], row["checkpoint_pct"], sessions.values()
        )
        assert len(values) == 30
        if set(row["imputed_features"]) != imputed:
            wrong.append((row["session_id"], row["checkpoint_pct"], imputed))
        for name, value in values.items():
            compared += 1
            if abs(value - row[name]) > TOLERANCE * max(1, abs(value)):
                wrong.append((row["session_id"], row["checkpoint_pct"], name, value, row[name]))
    return compared, wrong


def assert_equal(warehouse, folder):
    compared, wrong = compare(warehouse, folder)
    assert compared == 30 * warehouse.query("select count(*) from session_fingerprints")[0][0]
    assert wrong == []


def test_features_of_the_sample_equal_the_reference(sample_warehouse):
    assert_equal(sample_warehouse, SAMPLE)


def test_features_of_the_real_sessions_equal_the_reference(real_warehouse, real_sessions):
    assert_equal(real_warehouse, real_sessions)


@pytest.mark.parametrize("fmt", ["json", "parquet"])
def test_simulated_truth_is_logged(tmp_path, warehouse, fmt):
    from archetype.simulate import simulate_sessions

    report = simulate_sessions(tmp_path / "raw", 120, 11, fmt)
    warehouse.built_up_to("session_processing_log", sessions=tmp_path / "raw" / f"*.{fmt}")
    differing = warehouse.query_warehouse(
        f"""
        select * from read_csv('{report.truth_path}') as truth
        full join session_processing_log as logged
            on truth.file_name = logged.file_name
            and truth.session_id is not distinct from logged.session_id
        where truth.expected_status is distinct from logged.status
            or (truth.expected_status = 'skipped' and truth.expected_reason != logged.reason)
            or (logged.status = 'processed' and truth.n_duplicates != logged.n_events_duplicate)
            or (logged.status = 'processed' and truth.n_outside != logged.n_events_outside_session)
        """
    )
    assert differing == []


def test_json_and_parquet_give_the_same_vectors(tmp_path):
    """But where events differ in nothing before the MD5 of their text, which differs by format."""
    from conftest import Warehouse

    from archetype.simulate import simulate_sessions

    vectors = []
    for fmt in ("json", "parquet"):
        simulate_sessions(tmp_path / fmt, 90, 5, fmt)
        home = Warehouse(tmp_path / f"home_{fmt}")
        home.built_up_to("session_fingerprints", sessions=tmp_path / fmt / f"*.{fmt}")
        vectors.append(
            home.query_warehouse(
                """
                select session_id, checkpoint_pct, feature_vector, imputed_features, as_of_at
                from session_fingerprints
                where session_id not in (
                    select session_id
                    from session_events
                    inner join session_selection using (session_hash)
                    where reason is null
                    group by session_id, elapsed_us, type_number, price
                    having count(*) > 1
                )
                order by all
                """
            )
        )
    assert vectors[0] == vectors[1]
    assert len(vectors[0]) > 500
