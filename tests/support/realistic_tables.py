"""Look-alikes of the tables that one meets, as the files come.

Made up, and the same for the same arguments.
"""

import codecs
import csv
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Final

import numpy as np

from service.sample import generate_sample

Columns = Mapping[str, Sequence[object] | np.ndarray]

FIRST_DAY: Final = np.datetime64("1997-01-01")
EIGHTEEN_MONTHS: Final = 546
YES_NO: Final = ("Yes", "No")


def mall(n_customers: int = 200, seed: int = 7) -> bytes:
    """Mall customers: short, clean, headers with spaces and units."""
    return generate_sample(n_customers, seed).encode()


def wholesale(n_customers: int = 440, seed: int = 1) -> bytes:
    """Customers of a wholesaler.

    Channel and region as codes, yearly spending by category, very skewed, no id.
    """
    rng = np.random.default_rng(seed)
    channel = 1 + (rng.random(n_customers) < 0.32)
    retail = channel == 2
    spending = {
        "Fresh": _amounts(rng, np.where(retail, 8.5, 9.0), 1.3),
        "Milk": _amounts(rng, np.where(retail, 9.0, 7.7), 0.9),
        "Grocery": _amounts(rng, np.where(retail, 9.5, 7.9), 0.9),
        "Frozen": _amounts(rng, np.where(retail, 6.9, 7.5), 1.2),
        "Detergents_Paper": _amounts(rng, np.where(retail, 8.6, 5.9), 1.2),
        "Delicassen": _amounts(rng, np.where(retail, 6.8, 6.5), 1.2),
    }
    region = rng.choice([1, 2, 3], n_customers, p=[0.18, 0.11, 0.71])
    return _delimited({"Channel": channel, "Region": region, **spending})


def marketing(n_customers: int = 2240, seed: int = 2) -> bytes:
    """Customers of a grocer's campaigns.

    A byte order mark, semicolons, missing incomes, a date, two constants.
    """
    rng = np.random.default_rng(seed)
    income = rng.normal(10.75, 0.45, n_customers)
    wealth = income - 10.75
    offers = ("AcceptedCmp3", "AcceptedCmp4", "AcceptedCmp5", "AcceptedCmp1", "AcceptedCmp2")
    columns = {
        "ID": rng.choice(12 * n_customers, n_customers, replace=False),
        "Year_Birth": np.clip(rng.normal(1969, 12, n_customers), 1940, 1996).astype(int),
        "Education": _drawn(
            rng,
            n_customers,
            Graduation=0.5,
            PhD=0.22,
            Master=0.17,
            Basic=0.02,
            **{"2n Cycle": 0.09},
        ),
        "Marital_Status": _drawn(
            rng,
            n_customers,
            Married=0.385,
            Together=0.26,
            Single=0.215,
            Divorced=0.1,
            Widow=0.035,
            Alone=0.005,
        ),
        "Income": _with_gaps(rng, np.exp(income).astype(int), scaled(24, n_customers, 2240)),
        "Kidhome": rng.choice(3, n_customers, p=[0.58, 0.40, 0.02]),
        "Teenhome": rng.choice(3, n_customers, p=[0.52, 0.46, 0.02]),
        "Dt_Customer": np.datetime64("2012-07-30") + rng.integers(0, 700, n_customers),
        "Recency": rng.integers(0, 100, n_customers),
        "MntWines": _amounts(rng, 5.0 + 2.5 * wealth, 1.1),
        "MntFruits": _amounts(rng, 2.4 + 2.5 * wealth, 1.2),
        "MntMeatProducts": _amounts(rng, 4.3 + 2.8 * wealth, 1.0),
        "MntFishProducts": _amounts(rng, 2.7 + 2.5 * wealth, 1.3),
        "MntSweetProducts": _amounts(rng, 2.4 + 2.5 * wealth, 1.3),
        "MntGoldProds": _amounts(rng, 3.3 + 1.5 * wealth, 1.1),
        "NumDealsPurchases": rng.poisson(2.3, n_customers),
        "NumWebPurchases": rng.poisson(4.1 * np.exp(0.5 * wealth)),
        "NumCatalogPurchases": rng.poisson(2.7 * np.exp(1.2 * wealth)),
        "NumStorePurchases": rng.poisson(5.8 * np.exp(0.6 * wealth)),
        "NumWebVisitsMonth": rng.poisson(5.3 * np.exp(-0.6 * wealth)),
        **{offer: _flags(rng, n_customers, 0.06) for offer in offers},
        "Complain": _flags(rng, n_customers, 0.01),
        "Z_CostContact": np.full(n_customers, 3),
        "Z_Revenue": np.full(n_customers, 11),
        "Response": _flags(rng, n_customers, 0.15),
    }
    return codecs.BOM_UTF8 + _delimited(columns, delimiter=";")


def credit_cards(n_customers: int = 8950, seed: int = 3) -> bytes:
    """Holders of a credit card.

    Ids such as C10001, skewed amounts with many zeros, frequencies, missing payments.
    """
    rng = np.random.default_rng(seed)
    one_off = _money(rng, n_customers, 6.2, 1.5, zeros=0.48)
    instalments = _money(rng, n_customers, 5.6, 1.3, zeros=0.44)
    cash = _money(rng, n_customers, 6.8, 1.3, zeros=0.52)
    columns = {
        "CUST_ID": [f"C{10001 + n}" for n in range(n_customers)],
        "BALANCE": _money(rng, n_customers, 6.3, 1.9, zeros=0.01),
        "BALANCE_FREQUENCY": _twelfths(rng.beta(5, 0.7, n_customers)),
        "PURCHASES": np.round(one_off + instalments, 2),
        "ONEOFF_PURCHASES": one_off,
        "INSTALLMENTS_PURCHASES": instalments,
        "CASH_ADVANCE": cash,
        "PURCHASES_FREQUENCY": _twelfths(rng.beta(0.5, 0.5, n_customers)),
        "ONEOFF_PURCHASES_FREQUENCY": _twelfths(rng.beta(0.3, 1.0, n_customers) * (one_off > 0)),
        "PURCHASES_INSTALLMENTS_FREQUENCY": _twelfths(
            rng.beta(0.5, 0.6, n_customers) * (instalments > 0)
        ),
        "CASH_ADVANCE_FREQUENCY": _twelfths(rng.beta(0.6, 2.5, n_customers) * (cash > 0)),
        "CASH_ADVANCE_TRX": rng.negative_binomial(0.6, 0.1, n_customers) * (cash > 0),
        "PURCHASES_TRX": rng.negative_binomial(0.5, 0.03, n_customers),
        "CREDIT_LIMIT": _with_gaps(
            rng, 500 * rng.integers(1, 25, n_customers), scaled(1, n_customers, 8950)
        ),
        "PAYMENTS": _money(rng, n_customers, 6.8, 1.2, zeros=0.03),
        "MINIMUM_PAYMENTS": _with_gaps(
            rng, _money(rng, n_customers, 5.9, 1.2, zeros=0), scaled(313, n_customers, 8950)
        ),
        "PRC_FULL_PAYMENT": _twelfths(rng.beta(0.2, 1.0, n_customers)),
        "TENURE": rng.choice(
            [6, 7, 8, 9, 10, 11, 12], n_customers, p=[*(0.02,) * 4, 0.03, 0.04, 0.85]
        ),
    }
    return _delimited(columns)


def telco(n_customers: int = 7043, seed: int = 4) -> bytes:
    """Customers of a telephone company.

    Many yes and no, 0 and 1, and a blank where nothing was charged yet.
    """
    rng = np.random.default_rng(seed)
    months = rng.integers(1, 73, n_customers)
    months[rng.choice(n_customers, scaled(11, n_customers, 7043), replace=False)] = 0
    internet = _drawn(rng, n_customers, **{"Fiber optic": 0.44, "DSL": 0.34, "No": 0.22})
    phone = _drawn(rng, n_customers, Yes=0.9, No=0.1)
    charges = np.round(
        rng.normal(20, 2, n_customers)
        + 55 * (internet == "Fiber optic")
        + 35 * (internet == "DSL"),
        2,
    )
    total = np.round(charges * months * rng.normal(1, 0.03, n_customers), 2).astype(str)
    services = (
        "OnlineSecurity",
        "OnlineBackup",
        "DeviceProtection",
        "TechSupport",
        "StreamingTV",
        "StreamingMovies",
    )
    columns = {
        "customerID": _tags(rng, n_customers),
        "gender": _drawn(rng, n_customers, Male=0.505, Female=0.495),
        "SeniorCitizen": _flags(rng, n_customers, 0.16),
        "Partner": rng.choice(YES_NO, n_customers),
        "Dependents": _drawn(rng, n_customers, Yes=0.3, No=0.7),
        "tenure": months,
        "PhoneService": phone,
        "MultipleLines": np.where(
            phone == "No", "No phone service", rng.choice(YES_NO, n_customers)
        ),
        "InternetService": internet,
        **{
            service: np.where(
                internet == "No", "No internet service", rng.choice(YES_NO, n_customers)
            )
            for service in services
        },
        "Contract": _drawn(
            rng, n_customers, **{"Month-to-month": 0.55, "One year": 0.21, "Two year": 0.24}
        ),
        "PaperlessBilling": rng.choice(YES_NO, n_customers),
        "PaymentMethod": rng.choice(
            [
                "Electronic check",
                "Mailed check",
                "Bank transfer (automatic)",
                "Credit card (automatic)",
            ],
            n_customers,
        ),
        "MonthlyCharges": charges,
        "TotalCharges": np.where(months == 0, " ", total),
        "Churn": _drawn(rng, n_customers, Yes=0.27, No=0.73),
    }
    return _delimited(columns)


def transactions(n_customers: int = 23_000, seed: int = 5) -> bytes:
    """Eighteen months of a shop's invoices.

    Cancellations with a negative quantity, and guests without an id.
    """
    rng = np.random.default_rng(seed)
    customer, day = _orders(rng, n_customers)
    quantity = rng.geometric(0.4, day.size) * np.where(rng.random(day.size) < 0.02, -1, 1)
    price = np.round(rng.lognormal(2.6, 0.4, day.size), 2)
    minute = rng.integers(8 * 60, 20 * 60, day.size)
    columns = {
        "InvoiceNo": [
            f"{'C' if items < 0 else ''}{number}" for number, items in enumerate(quantity, 536_365)
        ],
        "CustomerID": np.where(rng.random(day.size) < 0.01, "", customer.astype(str)),
        "InvoiceDate": np.char.replace(
            ((FIRST_DAY + day).astype("datetime64[m]") + minute).astype(str), "T", " "
        ),
        "Quantity": quantity,
        "UnitPrice": price,
        "Amount": np.round(quantity * price, 2),
    }
    return _delimited(columns)


LOOKALIKES: Final[Mapping[str, Callable[..., bytes]]] = {
    made.__name__: made for made in (mall, wholesale, marketing, credit_cards, telco, transactions)
}


def scaled(count: int, n_customers: int, of: int) -> int:
    """How many of `n_customers` stand for a count among `of`; at least one."""
    return max(1, round(count * n_customers / of))


def _delimited(columns: Columns, delimiter: str = ",") -> bytes:
    text = StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue().encode()


def _orders(rng: np.random.Generator, n_customers: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw who ordered on which day, by day.

    How often somebody orders again is gamma-Poisson (Ehrenberg, 1959).
    """
    n_orders = 1 + rng.poisson(rng.gamma(0.5, 4.0, n_customers))
    customer = np.repeat(np.arange(1, n_customers + 1), n_orders)
    first = np.repeat(rng.integers(0, 180, n_customers), n_orders)
    day = (first + (EIGHTEEN_MONTHS - first) * rng.beta(0.6, 1.4, customer.size)).astype(int)
    order = np.argsort(day, kind="stable")
    return customer[order], day[order]


def _drawn(rng: np.random.Generator, n: int, **shares: float) -> np.ndarray:
    return rng.choice(list(shares), n, p=list(shares.values()))


def _flags(rng: np.random.Generator, n: int, share: float) -> np.ndarray:
    return (rng.random(n) < share).astype(int)


def _amounts(rng: np.random.Generator, log_mean: np.ndarray, spread: float) -> np.ndarray:
    return rng.lognormal(log_mean, spread).astype(int)


def _money(
    rng: np.random.Generator, n: int, log_mean: float, spread: float, *, zeros: float
) -> np.ndarray:
    return np.where(rng.random(n) < zeros, 0.0, np.round(rng.lognormal(log_mean, spread, n), 2))


def _twelfths(shares: np.ndarray) -> np.ndarray:
    return np.round(np.round(12 * shares) / 12, 6)


def _with_gaps(rng: np.random.Generator, values: np.ndarray, n_gaps: int) -> list[object]:
    gaps = set(rng.choice(values.size, n_gaps, replace=False).tolist())
    return ["" if row in gaps else value for row, value in enumerate(values)]


def _tags(rng: np.random.Generator, n: int) -> list[str]:
    """Make ids such as 7590-VHVEG."""
    letters = rng.choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), (n, 5))
    numbers = rng.choice(10_000, n, replace=n > 10_000)
    return [f"{number:04}-{''.join(tag)}" for number, tag in zip(numbers, letters, strict=True)]
