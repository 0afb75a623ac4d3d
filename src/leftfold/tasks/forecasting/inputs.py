"""Series from what Python users have: arrays, dictionaries, data frames, tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from leftfold.tasks.errors import DataError
from leftfold.tasks.forecasting.series import Panel, Roles, find_roles, read_panel
from leftfold.tasks.tables import Table


def as_panel(
    data: Any,
    y: Any = None,
    *,
    time: str | None = None,
    value: str | Sequence[str] | None = None,
    series: str | None = None,
    past: Sequence[str] = (),
    future: Sequence[str] = (),
    missing: str = "error",
    sort: bool = False,
) -> Panel:
    """Series from any of the forms that a `Forecaster` takes.

    Args:
        data: a `Panel`; a `Table`; a data frame, long or wide; a dictionary of arrays by name; an
            array `(n,)`, or `(n, series)`. With `y`, covariates known ahead `(n, F)`, or `None`.
        y: the values `(n,)` of one series.
        time: the column of times.
        value: the column of values, or columns.
        series: the column that tells series apart.
        past: columns of covariates known up to the present.
        future: columns of covariates known ahead.
        missing: `"error"` or `"skip"`.
        sort: whether rows may be out of order.

    Raises:
        DataError: for what cannot be used.

    Example:
        >>> panel = as_panel({"a": [1, 2, 3], "b": [3, 2, 1, 0]})
        >>> [(one.name, len(one)) for one in panel.series]
        [('a', 3), ('b', 4)]
    """
    if isinstance(data, Panel):
        return data
    if y is not None:
        return _with_covariates(data, y, missing)
    table = data if isinstance(data, Table) else _frame(data)
    if table is not None:
        roles, notes = find_roles(table, time, value, series, past, future)
        panel = read_panel(table, roles, missing, sort)
        panel.notes[:0] = notes
        return panel
    if isinstance(data, Mapping):
        arrays = {str(name): _column(values, str(name)) for name, values in data.items()}
    else:
        arrays = _columns(data)
    names = [name for name, values in arrays.items() for _ in values]
    values = [v for array in arrays.values() for v in array.tolist()]
    if not values:
        raise DataError("data expected values, got none.")
    if len(arrays) == 1:
        (name,) = arrays
        return read_panel(Table({name: values}), Roles(None, (name,)), missing)
    table = Table({"series": names, "value": values})
    return read_panel(table, Roles(None, ("value",), "series"), missing)


def _with_covariates(data: Any, y: Any, missing: str) -> Panel:
    values = _column(y, "y")
    columns: dict[str, list[Any]] = {"y": values.tolist()}
    names: list[str] = []
    if data is not None:
        rows = np.asarray(data, float)
        rows = rows[:, None] if rows.ndim == 1 else rows
        if rows.ndim != 2 or len(rows) != len(values):
            raise DataError(
                f"X expected covariates of shape ({len(values)}, covariates), as y has "
                f"{len(values)} values, got {rows.shape}."
            )
        names = [f"x{number}" for number in range(rows.shape[1])]
        columns.update({name: rows[:, i].tolist() for i, name in enumerate(names)})
    return read_panel(Table(columns), Roles(None, ("y",), None, (), tuple(names)), missing)


def _frame(data: Any) -> Table | None:
    """A data frame, or a series with an index, as a table; `None` for something else."""
    if hasattr(data, "to_frame") and hasattr(data, "index") and not hasattr(data, "columns"):
        data = data.to_frame(data.name if data.name is not None else "value")
    if not hasattr(data, "columns") or not hasattr(data, "__getitem__"):
        return None
    columns = {str(name): list(data[name]) for name in data.columns}
    index: Any = getattr(data, "index", None)
    kind = getattr(getattr(index, "dtype", None), "kind", "")
    if kind == "M" or "period" in str(getattr(index, "dtype", "")):
        stamps = index.to_timestamp() if hasattr(index, "to_timestamp") and kind != "M" else index
        columns = {str(index.name or "time"): stamps.to_pydatetime().tolist(), **columns}
    return Table(columns)


def _columns(data: Any) -> dict[str, np.ndarray]:
    array = np.asarray(data)
    if array.ndim == 2 and array.shape[1] > 1:
        return {f"series {i + 1}": _column(array[:, i], "data") for i in range(array.shape[1])}
    return {"value": _column(array[:, 0] if array.ndim == 2 else array, "data")}


def _column(values: Any, name: str) -> np.ndarray:
    try:
        array = np.asarray(values, float)
    except (TypeError, ValueError):
        raise DataError(f"{name} expected numbers, got {np.asarray(values).dtype}.") from None
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(f"{name} expected values of shape (n,), got {array.shape}.")
    return array
