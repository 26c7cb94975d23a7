"""Vocabulary of column headers in several languages, in lower case and without accents."""

from typing import Final

Words = frozenset[str]


def _words(spaced: str) -> Words:
    return frozenset(spaced.split())


CUSTOMERS: Final = _words(
    "customer customers cust client clients clt user users member membership account acct "
    "subscriber "
    "patient shopper buyer consumer loyalty kunde kunden kd kdn mitglied mitglieds konto debitor "
    "debitoren besteller versicherten klant klanten abonne adherent cliente clientes usuario socio "
    "utente klient "
    "klienta kund kunder kundens asiakas zakaznik vasarlo ugyfel musteri клиент клиента покупатель "
    "客户 客戶 会员 會員 用户 顧客 会員 고객 회원"
)

# Last words of key headers: CLIENTNUM, Sl_No, CustomerKey, Kundennummer.
KEYS: Final = _words(
    "id ids uuid guid pk key no nr num number numero nummer numer nro kennung kennziffer "
    "schluessel schlussel cle "
    "clave chiave klucz nyckel sleutel index idx ref reference referenz serial seq sequence lfd "
    "rownum rowid "
    "rownumber recordnumber unnamed matricule matricula matrikel identifiant identificador "
    "identificativo identifier "
    "hash token cislo номер ид индекс 编号 番号 序号"
)
# Customer keys in one word, of scripts without spaces, and SAP's.
CUSTOMER_KEYS: Final = _words(
    "kunnr 客户编号 客户号 客户代码 客戶編號 客戶號 会员编号 会员号 會員編號 用户编号 用户号 "
    "顧客番号 顧客コード 会員番号 고객번호 회원번호"
)
# Headers of codes, which may repeat.
CODES: Final = _words(
    "id uuid guid code codes kode kod codigo codice zip zipcode postcode postalcode plz "
    "postleitzahl pincode iban ean gtin sku barcode isbn siren siret nif vat ssn tin phone "
    "telephone telefon telefono telefone tel mobile movil handy handynummer telefonnummer "
    "phonenumber fax msisdn imei код телефон индекс 邮编 电话 手机"
)
PHONES: Final = _words(
    "phone telephone telefon telefono telefone tel mobile movil handy handynummer telefonnummer "
    "phonenumber fax msisdn телефон 电话 手机"
)
# Suffixes of compound words: kundennr, ordernum, Auftragsnummer; the short ones only after a word
# of NAMED.
KEY_ENDINGS: Final = ("nummer", "number", "num", "nr", "key", "schluessel", "schlussel", "kennung")
SHORT_KEY_ENDINGS: Final = ("id", "no")
CODE_ENDINGS: Final = ("code", "kode", "postleitzahl", "telefon")
CUSTOMER_ENDINGS: Final = ("id", "no", "num", "key", "nr", "nummer", "number", "code", "ref")
NOT_KEYS: Final = _words(
    "platinum aluminum minimum maximum magnum annum plenum monkey turkey hockey whiskey jockey "
    "turnkey encode decode inr"
)
NAMED: Final = _words(
    "order invoice sl sr s serial policy bill row line record item contract card ticket booking "
    "receipt voucher case doc document emp employee staff bestell auftrag auftrags rechnung "
    "rechnungs beleg vertrag vertrags store product branch region shop campaign session device "
    "visitor transaction trans txn location loc zip area site dept lead"
)
CODE_WORDS: Final = _words("code kod codigo codice код")
# First words of code headers: code postal, id_tienda.
CODE_BEGINNINGS: Final = _words("id code codigo codice kod zip postal")
# First words of counts: number of orders, nombre de visites.
COUNT_BEGINNINGS: Final = _words("number num no nr numero n")
ROWS: Final = _words("row unnamed index level zeile ligne fila rang")
ARTICLES: Final = _words("of de des du der di del da dos das the la le les el l d von")

AMOUNTS: Final = _words(
    "age ages alter edad eta idade leeftijd amount amounts amt betrag montant importe importo "
    "valor value wert bedrag "
    "kwota belopp spend spending spent spendings expense expenses ausgaben depense depenses gasto "
    "gastos spesa "
    "revenue revenues umsatz umsaetze umsatze ca ventas vendite omzet przychod sales sale turnover "
    "income incomes "
    "einkommen revenu revenus ingreso ingresos reddito inkomen dochod salary gehalt lohn salaire "
    "salario stipendio "
    "wage wages price prices preis prix precio prezzo prijs cena cost costs kosten cout costo "
    "coste total totals sum "
    "summe somme suma gesamt balance saldo solde balances credit limit debt loan payment payments "
    "paid bill bills "
    "charge charges fee fees tax profit margin discount rabatt remise descuento cash count counts "
    "anzahl nombre "
    "cantidad quantita quantity qty menge aantal antal liczba ilosc orders order bestellungen "
    "commandes pedidos "
    "purchases purchase kaeufe achats compras acquisti visits visit besuche visites visitas "
    "transactions trx "
    "transaction clicks sessions calls minutes hours days tage jours dias giorni months monate "
    "mois meses years year "
    "jahr jahre annees anos anni week weeks duration tenure recency frequency monetary score "
    "scores scoring points "
    "punkte rate ratio share percent percentage pct avg average mean median min max size weight "
    "gewicht poids peso "
    "height groesse length width distance distanz usage volume mb gb kb kwh cents cent eur euro "
    "euros usd dollars gbp inr chf jpy "
    "k latitude longitude lat lon lng rank units items basket temperature children kids persons "
    "people population "
    "area sqft sqm rating ratings likes followers views"
)

DATES: Final = _words(
    "date datum data fecha dates time timestamp ts zeit day tag jour dia since seit depuis desde "
    "joined join created create creation registered registration signup signed enrolled enrollment "
    "opened open opening started start begin updated modified changed last latest first seen login "
    "visited purchased ordered birth birthday birthdate dob geburtstag geburtsdatum naissance "
    "nacimiento nascita expires expiry closed end ended became member beitritt angelegt eroeffnet "
    "letzter letzte erster erste dernier derniere ultimo ultima primera primer inscription alta dt "
    "at on дата 日期"
)

# Words that make any header one of dates: order_date, payment_dt.
SURE_DATES: Final = _words(
    "date datum fecha timestamp ts dt at dob birthday birthdate geburtstag geburtsdatum дата 日期"
)
# Words that make a header of EVENTS one of dates: last order, letzte Bestellung.
LASTS: Final = _words(
    "last latest first letzter letzte erster erste dernier derniere ultimo ultima primera primer"
)
EVENTS: Final = _words(
    "order orders purchase purchases visit visits payment payments transaction transactions "
    "session sessions call "
    "calls besuche bestellungen commandes pedidos achats compras visites visitas"
)

SEGMENTATIONS: Final = _words(
    "cluster clusters clusterid clusterno clusternr clustering segment segments segmentid "
    "segmentation segmentierung kundensegment kundencluster segmento segmentacion segmentazione "
    "segmentacao grappe kmeans сегмент кластер"
)
SEGMENTATION_COMPANIONS: Final = _words(
    "id no nr num number code group groups gruppe groupe label labels name names index key "
    "customer customers kunden "
    "kunde client cliente clientes clients rfm score scores k means kmeans hc hierarchical "
    "agglomerative dbscan "
    "gmm ward pred "
    "predicted prediction assigned assignment old previous prev last final new our my the de des "
    "del kundensegment"
)

# Words that make a header with RFM an earlier segmentation: RFM_Class, RFM_Level.
RFM_GROUPS: Final = _words("group groups gruppe class klasse level tier label labels")

OUTCOMES: Final = _words(
    "churn churned churner churners exited attrition attrited attritionflag label labels target "
    "output outcome response responded responder respondent converted conversion defaulted "
    "cancelled canceled klass y kuendigung kundigung gekuendigt gekundigt abwanderung abgewandert "
    "abandono baja desabonnement resilie resiliation respuesta reponse etiqueta etiquette objetivo "
    "zielvariable zielgroesse отток целевая"
)
OUTCOME_COMPANIONS: Final = _words(
    "flag label labels value status is has did will customer client kunde kunden class variable "
    "var binary yes no "
    "true target y the of last campaign indicator pred predicted prediction actual kennzeichen"
)

TOTALS: Final = _words(
    "total totals totaal totale totali sum sums summe summen gesamt gesamtsumme gesamtergebnis "
    "insgesamt somme suma "
    "soma subtotal razem lacznie celkem osszesen yhteensa totalt итого всего 合计 总计 合計 합계"
)
