"""Texts that are not UTF-8: their charset is named, or found and told."""

import io

import pytest

from service.web.formats import UnreadableBody, UnsupportedFormat, read_table
from service.web.formats.charsets import CHARSETS, SAMPLE_BYTES

WORDS = {
    "cp1252": ["Größe", "Düsseldorf", "Nürnberg", "Weiß"],
    "cp1250": ["częstochowa", "Łomża", "Gdynia", "Świdnica"],
    "cp1254": ["müşteri", "İskenderun", "Muğla", "Eskişehir"],
    "cp1257": ["pirkėjas", "Šiauliai", "Kėdainiai", "Alytus"],
    "iso8859-2": ["częstotliwość", "Łódź", "Świdnica", "Żory"],
    "cp1251": ["Покупатель", "Воронеж", "Тула", "Омск"],
    "koi8-r": ["Покупатель", "Воронеж", "Тула", "Омск"],
    "cp1253": ["πελάτης", "Λάρισα", "Βόλος", "Λαμία"],
    "cp1255": ["לקוח", "אשדוד", "נתניה", "רמת"],
    "cp1256": ["زبون", "طنطا", "الأقصر", "جدة"],
    "cp874": ["ลูกค้า", "ขอนแก่น", "ภูเก็ต", "ระยอง"],
    "gbk": ["客户", "成都", "重庆", "深圳"],
    "shift_jis": ["顧客", "名古屋", "さいたま", "札幌"],
    "euc-kr": ["고객", "인천", "광주", "대전"],
    "big5": ["客戶", "臺南", "新竹", "嘉義"],
    "mac-roman": ["Größe", "Düsseldorf", "Nürnberg", "Köln"],
}


def body(charset):
    header, *words = WORDS[charset]
    return "\n".join([f"id;{header}", *(f"{n};{word}" for n, word in enumerate(words * 3))]).encode(
        charset
    )


def read(content, content_type="text/csv"):
    warnings = []
    table = read_table(io.BytesIO(content), content_type, warn=warnings.append)
    return table, warnings


@pytest.mark.parametrize("charset", WORDS)
def test_a_charset_is_detected_by_words_and_reported(charset):
    header, *words = WORDS[charset]
    table, [warning] = read(body(charset))
    assert (table.column_names[1], table[1].to_pylist()) == (header, words * 3)
    assert "charset=" in warning


@pytest.mark.parametrize("charset", WORDS)
def test_a_charset_that_is_named_is_obeyed_without_a_word(charset):
    table, warnings = read(body(charset), f"text/csv; charset={charset.upper()}")
    assert (table.column_names[1], warnings) == (WORDS[charset][0], [])


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_certain(charset):
    table, warnings = read("id;Größe\n1;Łódź\n".encode(charset))
    assert (table.column_names[1], warnings) == ("Größe", [])


@pytest.mark.parametrize(
    "charset", ["utf-7", "rot13", "hex", "idna", "punycode", "unicode_escape", "zlib"]
)
def test_a_codec_that_is_no_charset_is_refused(charset):
    with pytest.raises(UnsupportedFormat, match=CHARSETS[0]):
        read(b"a\n1\n", f"text/csv; charset={charset}")


def test_a_text_in_another_charset_than_the_named_one_is_refused():
    with pytest.raises(UnreadableBody, match="not ascii text"):
        read("a\nß\n".encode(), "text/csv; charset=us-ascii")


def test_a_character_far_down_is_found_as_well():
    rows = [f"{n};plain" for n in range(200_000)]
    content = "\n".join(["id;city", *rows, "x;Łódź", "y;Dąbrowa"]).encode("cp1250")
    assert read(content)[0]["city"].to_pylist()[-2:] == ["Łódź", "Dąbrowa"]


def test_any_bytes_are_some_text():
    content = b"a;b\n1;" + bytes(byte for byte in range(0x80, 0x100)) + b"\n"
    assert read(content)[0].num_rows == 1


def test_only_a_sample_is_looked_at():
    words = [f"Straße {n}" for n in range(20_000)]
    assert sum(map(len, words)) > 10 * SAMPLE_BYTES
    assert read("\n".join(["word", *words]).encode("cp1252"))[0]["word"].to_pylist() == words
