"""What the scores of a simulation add up to, on the sample and its truth."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import ROOT

TRUTH = ROOT / "sample" / "sales" / "truth.csv"
MODELS = (
    "stg_sales_truth__anomalies",
    "detection_reports",
    "detection_matches",
    "detection_match_scores",
    "detection_scores",
)


@pytest.fixture
def scored(sample_copy, monkeypatch):
    """Score the sample's own build, unit tests of the scores included."""
    monkeypatch.setenv("ARCHETYPE_SALES_TRUTH", str(TRUTH))
    return sample_copy.built("--select", *MODELS)


def test_scores_add_up(scored):
    """All patterns make up `all`, more is found later, and every report has one role."""
    truth = pd.read_csv(TRUTH)
    rows = scored.query_warehouse(
        "select pattern, moment, n_planted, n_detected, recall from detection_scores"
    )
    scores = {(pattern, moment): row for pattern, moment, *row in rows}
    patterns = set(truth["pattern"])
    assert set(scores) == {
        (pattern, moment)
        for pattern in patterns | {"all"}
        for moment in ("quarter", "half", "whole", "every tick")
    }
    for moment in ("quarter", "half", "whole", "every tick"):
        for column in (0, 1):
            parts = sum(scores[pattern, moment][column] for pattern in patterns)
            assert scores["all", moment][column] == parts
    for pattern in patterns:
        found = [scores[pattern, moment][1] for moment in ("quarter", "half", "whole")]
        n_planted, n_detected, recall = scores[pattern, "whole"]
        assert found == sorted(found)
        assert n_planted == (truth["pattern"] == pattern).sum()
        assert recall == n_detected / n_planted
    roles = dict(
        scored.query_warehouse("select report_role, count(*) from detection_reports group by all")
    )
    n_reports, n_true, n_false = scored.query_warehouse(
        "select n_reports, n_true, n_false from detection_scores"
        " where pattern = 'all' and moment = 'whole'"
    )[0]
    logged = "select count(distinct report_id) from minority_reports_detected_log"
    assert n_reports == sum(roles.values()) == scored.query_warehouse(logged)[0][0]
    assert n_true == roles["first"] == scores["all", "whole"][1] > 0
    assert n_false == roles.get("false", 0)


def test_no_other_build_makes_scores(sample_warehouse):
    """Without a truth there is nothing to score."""
    sql = "select count(*) from duckdb_tables() where table_name like 'detection\\_%' escape '\\'"
    assert sample_warehouse.query_warehouse(sql) == [(0,)]
