"""The house rules that `dbt-score lint` checks in dbt's manifest."""
