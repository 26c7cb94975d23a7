"""Charset detection for texts other than UTF-8, by words in several languages."""

import codecs
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

FALLBACK: Final = "iso8859-1"  # in which any byte is a character
COMMON_WEIGHT: Final = 0.1
# Letters beyond ASCII, one after the other, in a language that is written in Latin letters.
MAX_RUN: Final = 3
MIXED: Final = 0.95
RARITY: Final = 0.001  # off for each letter of a language that is more frequent

# Words and the signs next to them: a currency sign in the middle of a word tells of a wrong
# charset.
_WORD = re.compile("[A-Za-z\u0080-\U0010ffff]+")
_APART = re.compile(
    "[\u00a0\u00ad\u2010-\u201f\u2026\u2032\u2033\u00ab\u00bb\u00ae\u2122\u3000-\u3002]+"
)

# The letters of languages beyond ASCII, roughly the most frequent first.
_WESTERN: Final = (
    "äöüß",
    "éèàçêôîâûëïùœüÿæ",
    "íóáéñúüªº",
    "ãçáéíóêâúàõôºª",
    "àèéìíòóùú",
    "åäöæøé",
    "áðéíóúýþæö",
    "éëïóöüèá",
    "àçèéíïòóúü",
)
_CENTRAL: Final = (
    "łąęóśżćńź",
    "áíéěčřžýšůúťďňó",
    "áéíčžýšúľťôďňäĺŕóř",
    "éáöőóíüúű",
    "ăâîșțşţ",
    "čćđšž",
)
_TURKISH: Final = ("\u0131işüğçöİâîû",)
_BALTIC: Final = ("ėųūšžįčęą", "āīēšūņļģķčž", "äõöüšž")
_CYRILLIC: Final = (
    "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "оанивтересклудмпзяьбгйчхцжшюєіїґщф",
    "аоиенртсвлкдпмузбгчшцжљњћђџјхфѓѕќъщьюя",
)
_GREEK: Final = ("αοιετσνηυρπκμλωςγδθχφβξζψάέήίόύώϊϋ",)
_HEBREW: Final = ("יוהלאתרמבשנדעקפחצטסגכזםןךףץ",)
_THAI: Final = ("านรกอเงมยลวดทสตะปบคหแจพชขใไโผธซณฉฟศญถภุูิีึืั่้็์าำๆฯฝฮฐษฎฆฬฏฤ",)
_ARABIC: Final = ("اليمنوتربةدعسفحكقشهجصطخضغذءثئزظىأإآؤپچژگک",)


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A charset, and how to judge the words that a text spells in it."""

    charset: str
    score: Callable[[Sequence[str]], float]


def sample_of(blocks: Iterable[bytes], n_bytes: int) -> bytes:
    """Return the first lines that are not pure ASCII, at most `n_bytes`."""
    lines: list[bytes] = []
    n_left = n_bytes
    for block in blocks:
        if block.isascii():
            continue
        for line in block.split(b"\n"):
            if n_left > 0 and not line.isascii():
                lines.append(line[:n_left])
                n_left -= len(line)
        if n_left <= 0:
            break
    return b"\n".join(lines)


def rank_charsets(sample: bytes) -> list[str]:
    """Return the charsets that a sample may be in, the likeliest first.

    Of equals, the one in wider use.
    """
    scores = {
        each.charset: score for each in _CANDIDATES if (score := _score(sample, each)) is not None
    }
    return [*sorted(scores, key=scores.__getitem__, reverse=True), FALLBACK]


def _score(sample: bytes, candidate: _Candidate) -> float | None:
    try:
        text = codecs.getincrementaldecoder(candidate.charset)().decode(sample)
    except UnicodeError:
        return None
    runs = (run for word in _WORD.findall(text) for run in _APART.split(word))
    words = list(
        dict.fromkeys(run for run in runs if not run.isascii() and (len(run) > 1 or run.isalpha()))
    )
    return candidate.score(words) if words else 1.0


def _in_latin(*groups: Sequence[str]) -> Callable[[Sequence[str]], float]:
    """Score words by the language that explains most of them or, less, by several at once."""
    languages = [letter for group in groups for letter in group]
    alphabets = [(_ranked(letters), 1.0) for letters in languages]
    alphabets.append((dict.fromkeys(_both_cases("".join(languages)), 0), MIXED))

    def score(words: Sequence[str]) -> float:
        sound = [word for word in words if _is_plausible_word(word)]
        best = max(
            weight * sum(_frequency_score(word, ranks) for word in sound)
            for ranks, weight in alphabets
        )
        return best / len(words)

    return score


def _in_other_letters(languages: Sequence[str]) -> Callable[[Sequence[str]], float]:
    """Score words by the language that explains most of them and whose common letters they have."""
    alphabets = [(_both_cases(letters), _both_cases(letters[:10])) for letters in languages]

    def score(words: Sequence[str]) -> float:
        sound = [word for word in words if _has_word_case(word)]
        letters = "".join(words)
        return max(
            (1 - COMMON_WEIGHT) * sum(alphabet.issuperset(word) for word in sound) / len(words)
            + COMMON_WEIGHT * sum(letter in common for letter in letters) / len(letters)
            for alphabet, common in alphabets
        )

    return score


def _in_syllables(charset: str, leads: Sequence[range]) -> Callable[[Sequence[str]], float]:
    """Score characters by whether they are among the common ones of a two-byte charset."""

    @lru_cache(1 << 14)
    def is_common(character: str) -> bool:
        encoded = character.encode(charset)
        return len(encoded) > 1 and any(encoded[0] in lead for lead in leads)

    def score(words: Sequence[str]) -> float:
        letters = "".join(words)
        return sum(map(is_common, letters)) / len(letters)

    return score


def _both_cases(letters: str) -> frozenset[str]:
    return frozenset(letters + letters.upper())


def _ranked(letters: str) -> dict[str, int]:
    """Return the rank of each letter of a language, 0 for the most frequent one."""
    return {
        each: rank
        for rank, letter in reversed(list(enumerate(letters)))
        for each in (letter, letter.upper())
    }


def _frequency_score(word: str, ranks: Mapping[str, int]) -> float:
    """Return nearly 1 for a word of a language, less for rare letters, and 0 for other words."""
    letters = [letter for letter in word if not letter.isascii()]
    return (
        1 - RARITY * max(map(ranks.__getitem__, letters)) if ranks.keys() >= set(letters) else 0.0
    )


def _is_plausible_word(word: str) -> bool:
    run = longest = 0
    for letter in word:
        run = 0 if letter.isascii() else run + 1
        longest = max(longest, run)
    return longest <= MAX_RUN and _has_word_case(word)


def _has_word_case(word: str) -> bool:
    """Check that no capital beyond ASCII follows a small letter."""
    return not any(
        before.islower() and after.isupper() and not after.isascii()
        for before, after in pairwise(word)
    )


# Of equal ones the first is taken.
_CANDIDATES: Final = (
    _Candidate(charset="cp1252", score=_in_latin(_WESTERN)),
    _Candidate(charset="cp1250", score=_in_latin(_CENTRAL)),
    _Candidate(charset="cp1254", score=_in_latin(_TURKISH)),
    _Candidate(charset="cp1257", score=_in_latin(_BALTIC)),
    _Candidate(charset="iso8859-2", score=_in_latin(_CENTRAL)),
    _Candidate(charset="cp1251", score=_in_other_letters(_CYRILLIC)),
    _Candidate(charset="koi8-r", score=_in_other_letters(_CYRILLIC[:1])),
    _Candidate(charset="cp866", score=_in_other_letters(_CYRILLIC[:1])),
    _Candidate(charset="iso8859-5", score=_in_other_letters(_CYRILLIC)),
    _Candidate(charset="cp1255", score=_in_other_letters(_HEBREW)),
    _Candidate(charset="cp1253", score=_in_other_letters(_GREEK)),
    _Candidate(charset="cp1256", score=_in_other_letters(_ARABIC)),
    _Candidate(charset="cp874", score=_in_other_letters(_THAI)),
    _Candidate(charset="cp949", score=_in_syllables("cp949", [range(0xB0, 0xC9)])),
    _Candidate(charset="gb18030", score=_in_syllables("gb18030", [range(0xB0, 0xD8)])),
    _Candidate(
        charset="cp932", score=_in_syllables("cp932", [range(0x82, 0x84), range(0x88, 0x99)])
    ),
    _Candidate(
        charset="euc-jp", score=_in_syllables("euc-jp", [range(0xA4, 0xA6), range(0xB0, 0xD0)])
    ),
    _Candidate(charset="cp950", score=_in_syllables("cp950", [range(0xA4, 0xC7)])),
    _Candidate(charset="mac-roman", score=_in_latin(_WESTERN)),
    _Candidate(charset="cp850", score=_in_latin(_WESTERN)),
    _Candidate(charset="cp852", score=_in_latin(_CENTRAL)),
)
