"""What the store says of one node at one time."""

from typing import Any

from farthing.model.prices import Prices
from farthing.store.days import Store
from farthing.store.engine import connect, parquet, text


def node_labels(store: Store, cluster: str, name: str, at: int) -> dict[str, str] | None:
    """The labels of the node ``name`` on the day that holds ``at`` [unix s]; None where that day is not stored. Raises StoreError."""
    for day in store.manifests(cluster):
        if day.start <= at < day.end:
            file = (store.files(day, "day") or {})["workload"]
            with connect(threads=1) as connection:
                found = connection.execute(
                    f"select key, value from {parquet([file])} where kind = 'node_label' and pod = {text(name)}"  # noqa: S608 - quoted
                )
                return {str(key): str(value) for key, value in found.fetchall()}
    return None


def has_prices(store: Store, cluster: str, start: int, prices: Prices) -> bool:
    """Whether the facts that begin at ``start`` [unix s], of an hour or of a day, were made at ``prices``. Raises StoreError."""
    return all(
        one.prices == prices.identity_at(one.start)
        for day in store.manifests(cluster)
        if day.start <= start < day.end
        for one in day.coverage
        if one.start == start or not day.has_hours
    )


def node_facts(store: Store, cluster: str, name: str, at: int | None) -> list[dict[str, Any]]:
    """The rows of ``tables.ASSET`` of the nodes named ``name`` in the interval that holds ``at`` [unix s], or in the last.

    The interval is an hour where hours are kept, else a day. Empty where nothing is stored of it. Raises StoreError.
    """
    days = [day for day in store.manifests(cluster) if at is None or day.start <= at < day.end]
    for day in reversed(days):
        files = store.files(day, "hour") or store.files(day, "day") or {}
        until = "true" if at is None else f'"start" <= {at:d}'
        with connect(threads=1) as connection:
            found = connection.execute(
                f"select * from {parquet([files['asset']])} where type = 'Node' and name = {text(name)} and {until} "  # noqa: S608 - quoted
                'qualify rank() over (order by "start" desc) = 1 order by provider_id'
            )
            columns = [column[0] for column in found.description]
            rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
        if rows:
            return rows
    return []
