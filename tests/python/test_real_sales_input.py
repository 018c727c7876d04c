"""The public sales files, read by variables alone: every row used or counted."""

from __future__ import annotations

import duckdb
import pytest
from conftest import SHARED, WITHOUT_UNIT_TESTS, Warehouse

SELECTED = ("--select", "+sales_processing_log", *WITHOUT_UNIT_TESTS)
SELECTED += ("--indirect-selection", "cautious")
RETAIL = {
    "sales_columns": {
        "store": "Country",
        "sku": "upper(StockCode)",
        "instant": "InvoiceDate",
        "units": "Quantity",
        "revenue": "Quantity * UnitPrice",
    }
}
JOURNEY = {
    "sales_columns": {
        "store": "store_id",
        "sku": "product_id",
        "instant": "transaction_timestamp",
        "units": "quantity",
        "revenue": "sales_value",
    },
    "sales_time_zone": "America/New_York",
    "sales_tick": "1 day",
}


@pytest.fixture
def read_real(warehouse):
    """Give a function that reads a public file; skip, and say so, where it is absent."""
    file = SHARED / "sales"
    if not file.is_dir():
        pytest.skip("../shared/data/sales is absent: nothing was tried on the real sales")

    def read(name: str, variables: dict) -> Warehouse:
        return warehouse.built(*SELECTED, sales=file / name, **variables)

    return read


def counts(warehouse: Warehouse) -> dict[str, int]:
    """Give the counts of the one file that are not 0."""
    with duckdb.connect(str(warehouse.home / "archetype.duckdb"), read_only=True) as connection:
        found = connection.execute("select columns('n_.*') from sales_processing_log")
        names = [column[0] for column in found.description]
        return {name: n for name, n in zip(names, found.fetchone(), strict=True) if n}


@pytest.mark.long
def test_every_row_of_online_retail_is_used_or_counted(read_real):
    warehouse = read_real("online_retail.parquet", RETAIL)
    # 10,624 returns, 37 of them copies of another; of 5,268 copies in all 5,231 are of sales.
    assert counts(warehouse) == {
        "n_rows": 541_909,
        "n_rows_used": 526_054,
        "n_rows_returned": 10_587,
        "n_rows_duplicate": 5_268,
        "n_returns": 10_624,
        "n_zero_price": 2_515,
        "n_duplicates": 5_268,
        "n_rows_without_zone": 541_909,
    }
    raw = SHARED / "sales" / "online_retail.parquet"
    expected = warehouse.query_warehouse(
        "select Country, upper(StockCode), date_trunc('hour', InvoiceDate), sum(Quantity),"
        f" count(*) from (select distinct * from '{raw}') where Quantity >= 0 group by all"
    )
    stored = warehouse.query_warehouse(
        "select store_id, sku, tick_local, units, n_rows from stg_sales__ticks"
    )
    assert sorted(stored) == sorted(expected)
    assert warehouse.query_warehouse(
        "select max(written_at)::varchar, count(distinct sku), count(distinct store_id)"
        " from stg_sales__ticks"
    ) == [("2011-12-09 13:00:00", 3_829, 38)]


@pytest.mark.long
def test_every_row_of_complete_journey_is_used_on_its_local_day(read_real):
    warehouse = read_real("completejourney_transactions.parquet", JOURNEY)
    assert counts(warehouse) == {"n_rows": 75_000, "n_rows_used": 75_000, "n_zero_price": 113}
    # 23 rows lie in 2018 by UTC, none by the clock of New York; a day is 23 or 25 hours twice.
    raw = SHARED / "sales" / "completejourney_transactions.parquet"
    sold = warehouse.query_warehouse(f"select cast(sum(quantity) as bigint) from '{raw}'")[0][0]
    assert warehouse.query_warehouse(
        "select min(tick_local)::varchar, max(tick_local)::varchar, max(written_at)::varchar,"
        " cast(sum(units) as bigint) from stg_sales__ticks"
    ) == [("2017-01-01 00:00:00", "2017-12-31 00:00:00", "2018-01-01 05:00:00", sold)]
    assert warehouse.query_warehouse(
        "select distinct date_diff('hour', tick_local, written_at) from stg_sales__ticks"
        " where tick_local::date in ('2017-03-11', '2017-03-12', '2017-11-04', '2017-11-05')"
        " order by all"
    ) == [(28,), (29,)]
