"""Names of months and weekdays in the supported languages."""

import unicodedata
from typing import Final

LANGUAGES: Final = "English, German, French, Spanish, Italian, Dutch, Polish and Portuguese"

# Full names, then abbreviations, normalized like the output of `_plain`; Polish has a nominative
# and a genitive.
_MONTHS: Final = (
    (
        "january januar jaenner janner janvier enero gennaio januari styczen stycznia janeiro jan "
        "janv ene gen sty"
    ),
    (
        "february februar feber fevrier febrero febbraio februari luty lutego fevereiro feb febr "
        "fev fevr lut"
    ),
    "march marz maerz mars marzo maart marzec marca marco mar mrz mrt maa",
    "april avril abril aprile kwiecien kwietnia apr avr abr kwi",
    "may mai mayo maggio mei maj maja maio mag",
    "june juni juin junio giugno czerwiec czerwca junho jun giu cze",
    "july juli juillet julio luglio lipiec lipca julho jul juil lug lip",
    "august aout agosto augustus sierpien sierpnia aug aou ago sie",
    (
        "september septembre septiembre setiembre settembre wrzesien wrzesnia setembro sep sept "
        "set sett wrz"
    ),
    "october oktober octobre octubre ottobre pazdziernik pazdziernika outubro oct okt ott paz out",
    "november novembre noviembre listopad listopada novembro nov lis",
    "december dezember decembre diciembre dicembre grudzien grudnia dezembro dec dez dic gru",
)
_WEEKDAYS: Final = (
    (
        "monday montag lundi lunes lunedi maandag poniedzialek segunda segunda-feira mon mo lun lu "
        "ma pon pn seg"
    ),
    "tuesday dienstag mardi martes martedi dinsdag wtorek terca terca-feira tue tues di mar wt ter",
    (
        "wednesday mittwoch mercredi miercoles mercoledi woensdag sroda quarta quarta-feira wed mi "
        "mer mie wo sr qua"
    ),
    (
        "thursday donnerstag jeudi jueves giovedi donderdag czwartek quinta quinta-feira thu thur "
        "thurs do jeu jue gio czw"
    ),
    (
        "friday freitag vendredi viernes venerdi vrijdag piatek sexta sexta-feira fri fr ven vie "
        "vr pt sex"
    ),
    "saturday samstag sonnabend samedi sabado sabato zaterdag sobota sat sa sam sab za sob",
    "sunday sonntag dimanche domingo domenica zondag niedziela sun so dim dom zo niedz nd",
)
_STROKES: Final = str.maketrans({"ł": "l"})  # Unicode does not decompose it


def month_number(name: str) -> int | None:
    """Return the number of a month by its name or abbreviation in any supported language.

    None if unknown.
    """
    return _NUMBERS.get(_plain(name))


def is_weekday(name: str) -> bool:
    """Check whether a word is the name of a weekday in any supported language."""
    return _plain(name) in _DAYS


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold().translate(_STROKES))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


_NUMBERS: Final = {
    name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()
}
_DAYS: Final = frozenset(name for names in _WEEKDAYS for name in names.split())
