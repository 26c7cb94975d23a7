"""Words for low and high values of a column, by its header and, if ambiguous, its cells."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, Literal

from models.columns.headers import words_of

MAX_PHRASE: Final = 40

Words = tuple[str, str]  # for low, and for high values
Quantity = Literal["amount", "count"]

SPENDING: Final = ("low spending", "high spending")
BUYING: Final = ("rare buyers", "frequent buyers")
# Headers without accents and in lower case, in any order of their words.
VOCABULARY: Final = (
    ("age|alter|edad|eta|idade|leeftijd", "younger", "older"),
    ("birth|birth year|born|geburtsjahr|annee naissance|ano nacimiento", "older", "younger"),
    (
        (
            "income|salary|earnings|wage|wages|einkommen|haushaltseinkommen|jahreseinkommen|gehalt|revenu|revenus|salaire|"
            "ingreso|ingresos|salario|renta|reddito|inkomen"
        ),
        "low income",
        "high income",
    ),
    (
        (
            "spending|spend|spent|spending score|amount spent|expenses|monetary|monetary "
            "value|revenue|sales|turnover|"
            "umsatz|umsatze|jahresumsatz|gesamtumsatz|ausgaben|chiffre "
            "affaires|depenses|depense|ventes|gasto|gastos|"
            "ventas|facturacion|spesa|omzet"
        ),
        *SPENDING,
    ),
    (
        (
            "recency|since last purchase|since last order|last purchase ago|last order ago|seit "
            "letztem kauf|"
            "seit letzter bestellung|seit letztem einkauf|depuis dernier achat|depuis derniere "
            "commande|"
            "desde ultima compra|desde ultimo pedido|recence|recencia"
        ),
        "recent buyers",
        "lapsed",
    ),
    (
        (
            "frequency|purchase frequency|orders|order count|purchases|purchase "
            "count|bestellungen|kaufe|einkaufe|"
            "kaufhaufigkeit|haufigkeit|bestellhaufigkeit|commandes|achats|frequence|frequence "
            "achat|pedidos|compras|"
            "frecuencia|frecuencia compra|ordini|acquisti|bestellingen"
        ),
        *BUYING,
    ),
    (
        "visits|sessions|logins|besuche|sitzungen|visites|visitas|sesiones",
        "rare visitors",
        "frequent visitors",
    ),
    (
        (
            "order value|basket|basket size|basket "
            "value|bestellwert|warenkorb|warenkorbwert|panier|valeur panier|"
            "valor pedido|cesta|valor cesta"
        ),
        "small baskets",
        "large baskets",
    ),
    (
        (
            "between orders|between purchases|zwischen bestellungen|zwischen kaufen|entre "
            "commandes|entre achats|"
            "entre pedidos|entre compras"
        ),
        "short gaps between orders",
        "long gaps between orders",
    ),
    (
        (
            "tenure|account age|since signup|since registration|anciennete|antiguedad|seit "
            "registrierung|"
            "seit anmeldung|depuis inscription|desde registro"
        ),
        "new",
        "long-standing",
    ),
)
BUSINESS: Final[Mapping[frozenset[str], Words]] = {
    frozenset(header.split()): (low, high)
    for headers, low, high in VOCABULARY
    for header in headers.split("|")
}


def _words(spaced: str) -> frozenset[str]:
    return frozenset(spaced.split())


# Headers that are used for the number of purchases as well as for their sum.
AMBIGUOUS: Final = _words(
    "orders purchases sales bestellungen kaufe einkaufe commandes achats ventes pedidos compras "
    "ventas ordini acquisti bestellingen"
)
OF_QUANTITY: Final[Mapping[Quantity, Words]] = {"amount": SPENDING, "count": BUYING}
UNTOLD: Final = _words(
    "annual average avg customer days mean monthly months n number num of total year yearly years "
    "anzahl der des jahrlich monatlich durchschnittlich durchschnittlicher gesamt tage tagen "
    "monate jahre "
    "nombre nb de du la le les moyen moyenne annuel annuelle annuels annuelles mensuel jours mois "
    "client "
    "numero cantidad el los las medio media anual mensual dias meses anos cliente"
)
COUNTED: Final = re.compile(
    r"^(?:total )?(?:(?:number|num|nr|nb|n|count|anzahl)(?: (?:of|der|de|des|d))?|"
    r"(?:no|nombre|numero|número|numéro|cantidad|aantal) (?:of|de|des|d)) "
)
ACRONYMS: Final = _words(
    "AOV API ARPU B2B B2C BMI CLTV CLV CRM CTR EUR GBP GMV ID KPI LTV NPS RFM ROI SKU SMS URL USD "
    "VAT VIP"
)


def numeric_words(
    headers: Sequence[str], quantities: Mapping[str, Quantity] | None = None
) -> dict[str, Words]:
    """Return the words for low and high values by header, no two of them the same.

    Parameters
    ----------
    headers
        The numeric columns of a table.
    quantities
        For each header, whether its cells are amounts of money or small counts, if known;
        `purchases` may be either.

    Returns
    -------
    dict
        Business words where no two headers share them, else ever more of the header.
    """
    words: dict[str, Words] = {}
    for wording in (partial(_business, quantities or {}), _plain, _verbatim):
        proposed = {header: wording(header) for header in headers if header not in words}
        times = Counter(proposed.values())
        words |= {header: pair for header, pair in proposed.items() if times[pair] == 1}
    return words


def label(header: str) -> str:
    """Return a readable header: no units in brackets, no underscores, capitals only in acronyms."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", _remove_parentheses(header)).split()
    return " ".join(word if _is_acronym(word, header) else word.lower() for word in words) or header


def cut(text: str, length: int = MAX_PHRASE) -> str:
    """Return the text, shortened before its last word, or within it if that is too long."""
    if len(text) <= length:
        return text
    *words, last = text.split(" ")
    room = length - len(last) - 1
    kept = ""
    for word in words:
        longer = f"{kept} {word}".lstrip()
        if len(longer) + 2 > room:
            break
        kept = longer
    return f"{kept} … {last}" if kept else f"{text[: length - 1].rstrip()}…"


def _business(quantities: Mapping[str, Quantity], header: str) -> Words:
    meant = frozenset(words_of(_remove_parentheses(header)))
    thing, quantity = meant - UNTOLD, quantities.get(header)
    if quantity and len(thing) == 1 and thing <= AMBIGUOUS and not COUNTED.match(label(header)):
        return OF_QUANTITY[quantity]
    return BUSINESS.get(meant) or BUSINESS.get(thing) or _plain(header)


def _plain(header: str) -> Words:
    name = label(header)
    things = COUNTED.sub("", name)
    few, many = ("few", "many") if things != name else ("low", "high")
    return cut(f"{few} {things}"), cut(f"{many} {things}")


def _verbatim(header: str) -> Words:
    return f"low {header}", f"high {header}"


def _is_acronym(word: str, header: str) -> bool:
    """Check whether a word keeps its capitals; in a header all in capitals they mean nothing."""
    return word in ACRONYMS or (word.isupper() and len(word) > 1 and not header.isupper())


def _remove_parentheses(header: str) -> str:
    return _without(_without(header, "(", ")"), "[", "]")


def _without(header: str, opening: str, closing: str) -> str:
    """Return a header without its brackets and the text in them.

    Each ends at the first that closes it.
    """
    *closed, rest = header.split(closing)
    return " ".join([*(part.partition(opening)[0] for part in closed), rest])
