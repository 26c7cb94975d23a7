"""Query parameters of a table of transactions."""

import re
from collections.abc import Mapping
from datetime import date as day
from typing import Annotated, Final, Literal

from fastapi import Depends, Query
from pydantic import BeforeValidator

from models.transactions import TransactionColumns
from service.errors import FieldError, InvalidRequest

ISO_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def _check_iso_day(text: object) -> object:
    if isinstance(text, str) and not ISO_DAY.fullmatch(text):
        raise ValueError("must be a day such as 2026-01-31")
    return text


Day = Annotated[day, BeforeValidator(_check_iso_day)]


def _recipe(
    shape: Annotated[
        Literal["customers", "transactions"],
        Query(description="Whether a row of the table is a customer or a transaction."),
    ] = "customers",
    customer: Annotated[
        str | None,
        Query(description="Transactions only, required: the column with the customer ids."),
    ] = None,
    date: Annotated[
        str | None, Query(description="Transactions only, required: the column with the dates.")
    ] = None,
    amount: Annotated[
        str | None,
        Query(description="Transactions only: the column with the amounts, if the table has one."),
    ] = None,
    order: Annotated[
        str | None,
        Query(
            description="Transactions only: the column with the order numbers, if rows are order "
            "lines. By default each row is an order."
        ),
    ] = None,
    returned: Annotated[
        str | None,
        Query(
            description="Transactions only: the column that marks returns by yes or true, by 1 "
            "among 0 and 1, or by a negative number. By default negative amounts are returns."
        ),
    ] = None,
    reference: Annotated[
        Day | None,
        Query(
            description="Transactions only: the day from which recency counts back. Defaults to "
            "the newest "
            "plausible date."
        ),
    ] = None,
) -> TransactionColumns | None:
    if shape == "customers":
        named = {
            "customer": customer,
            "date": date,
            "amount": amount,
            "order": order,
            "returned": returned,
        }
        _reject_transaction_parameters({**named, "reference": reference})
        return None
    if customer is None or date is None:
        faults = [
            FieldError(detail=f"query parameter {name}: is missing")
            for name in ("customer", "date")
        ]
        raise InvalidRequest(
            "With shape=transactions, the columns of the customer and of the date are required",
            errors=faults,
        )
    return TransactionColumns(
        customer=customer,
        date=date,
        amount=amount,
        order=order,
        returned=returned,
        reference=reference.isoformat() if reference else None,
    )


def _reject_transaction_parameters(named: Mapping[str, object]) -> None:
    """Raise InvalidRequest if a parameter of transactions is set for a table of customers."""
    faults = [
        FieldError(detail=f"query parameter {name}: is only allowed with shape=transactions")
        for name, value in named.items()
        if value is not None
    ]
    if faults:
        raise InvalidRequest(
            "The parameters belong to a table of transactions; send shape=transactions with them",
            errors=faults,
        )


RecipeDep = Annotated[TransactionColumns | None, Depends(_recipe)]
