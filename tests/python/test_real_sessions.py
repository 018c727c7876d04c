"""The public sessions: what the design promises of them, in figures."""

from __future__ import annotations

import duckdb
import numpy as np
from conftest import Warehouse

from archetype.sessions.match import match_sessions

SILHOUETTE, STABILITY, CORRELATION = 0.36, 0.74, 0.98


def test_every_file_is_logged_with_its_reason(real_warehouse):
    counts = real_warehouse.query(
        "select dialect, status, reason, count(*) from session_processing_log group by all"
    )
    assert sorted(counts, key=str) == sorted(
        [
            ("adapted", "processed", "eligible_to_fit", 44),
            ("enhanced", "processed", "low_information", 13),
            ("enhanced", "skipped", "superseded", 44),
            (None, "skipped", "not_a_session", 3),
        ],
        key=str,
    )
    unnamed = real_warehouse.query(
        """
        select count(*) from session_processing_log as late
        left join session_processing_log as used
            on late.superseded_by = used.file_name and late.session_id = used.session_id
        where late.reason = 'superseded' and used.status is distinct from 'processed'
        """
    )
    assert unnamed == [(0,)]


def test_every_session_is_described_and_assigned(real_warehouse):
    assert real_warehouse.query(
        "select count(*), count(*) filter (where is_low_information),"
        " count(*) filter (where is_fitted_on), bool_and(is_low_information != is_fitted_on)"
        " from sessions"
    ) == [(57, 13, 44, True)]


def test_archetypes_are_apart_and_stable(real_warehouse):
    silhouette, stability, k = real_warehouse.query(
        "select silhouette, stability, k from session_models"
    )[0]
    assert k == 5
    assert silhouette >= SILHOUETTE
    assert stability >= STABILITY
    assert real_warehouse.query("select min(size) from session_archetypes")[0][0] > 1
    assert real_warehouse.query("select is_model from session_trials where is_recommended") == [
        (True,)
    ]


def test_no_archetype_is_a_dialect(real_warehouse):
    shares = real_warehouse.query(
        "select avg(is_low_information::int) from sessions group by archetype_id"
    )
    assert len(shares) == 5
    assert max(share for (share,) in shares) < 0.5


def test_no_feature_repeats_another(real_warehouse):
    rows = real_warehouse.query(
        "select feature_vector from session_fingerprints"
        " where checkpoint_pct = 100 and not is_low_information"
    )
    vectors = np.array([vector for (vector,) in rows])
    varies = [i for i in range(30) if np.std(vectors[:, i]) > 0 and i not in (6, 7, 8)]
    assert len(varies) == 27
    correlations = np.abs(np.corrcoef(vectors[:, varies].T) - np.eye(len(varies)))
    assert correlations.max() <= CORRELATION


def test_the_poorer_file_mostly_finds_the_same_archetype(real_warehouse, real_sessions, tmp_path):
    poorer = Warehouse(tmp_path / "home")
    poorer.built_up_to("session_fingerprints", sessions=f"{real_sessions}/enhanced/*.json")
    names = [
        name
        for (name,) in real_warehouse.query(
            "select column_name from duckdb_columns() where table_name = 'session_fingerprints'"
            " order by column_index"
        )
    ]
    features = names[names.index("rate_fvg_interaction") : names.index("significance_mean") + 1]
    with duckdb.connect(str(poorer.home / "archetype.duckdb"), read_only=True) as connection:
        pending = connection.execute(
            "select session_id, feature_vector,"
            f" [list_contains(imputed_features, n) for n in {features}] as is_imputed"
            " from session_fingerprints where checkpoint_pct = 100"
        ).to_arrow_table()
    with duckdb.connect(str(real_warehouse.published), read_only=True) as connection:
        model = connection.execute("from session_models").to_arrow_table()
        archetypes = connection.execute("from session_archetypes").to_arrow_table()
    alone = match_sessions(pending, model, archetypes).to_pylist()
    fitted = dict(
        real_warehouse.query("select session_id, archetype_id from sessions where is_fitted_on")
    )
    same = [
        row["archetype_id"] == fitted[row["session_id"]]
        for row in alone
        if row["session_id"] in fitted
    ]
    print(f"{sum(same)} of {len(same)} sessions get the same archetype from the enhanced file")
    assert len(same) == 44
    majority = max(np.bincount(list(fitted.values()))) / 44
    assert np.mean(same) > majority
