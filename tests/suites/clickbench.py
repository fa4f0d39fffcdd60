"""ClickBench: a table of 105 columns shaped like its `hits` (few values often, many rarely), made here, and its 43 queries. The values
that the queries name occur often enough for every query to have an answer."""

import pathlib

from suite import Suite

QUERIES = pathlib.Path(__file__).resolve().parent.parent.parent / "sql/src/tests/clickbench.sql"

# Columns that the queries look at, in terms of the row's number i; all others get values by their type.
VALUES = {
    "WatchID": "any(1)",
    "Title": "CASE WHEN few(2, 9) = 1 THEN 'Google maps ' || few(3, 50) WHEN few(2, 9) = 2 THEN '' ELSE 'Title ' || few(3, 5000) END",
    "EventTime": "timestamp '2013-07-01' + to_seconds(any(4) % 2678400)",
    "EventDate": "(timestamp '2013-07-01' + to_seconds(any(4) % 2678400))::date",
    "ClientEventTime": "timestamp '2013-07-01' + to_seconds(any(5) % 2678400)",
    "LocalEventTime": "timestamp '2013-07-01' + to_seconds(any(6) % 2678400)",
    "CounterID": "CASE WHEN part(7) < 0.4 THEN 62 ELSE 1000 + few(8, 3000) END",
    "ClientIP": "few(9, 50000) * 40009 - 1000000000",
    "RegionID": "few(10, 1000)",
    "UserID": "CASE WHEN part(11) < 0.0001 THEN 435090932899640449 ELSE few(12, 80000) * 52345678901 - 999999999 END",
    "URL": "'http://' || CASE WHEN few(2, 9) = 3 THEN 'google' WHEN few(2, 9) = 4 THEN 'maps.google' ELSE 'example' END || '.com/' || page(i)",
    "URLHash": "CASE page(i) WHEN 0 THEN 2868770270353813622 ELSE page(i) * 7777777777 END",
    "Referer": "CASE WHEN part(14) < 0.2 THEN '' WHEN part(14) < 0.6 THEN 'https://www.news.example.org/' || few(15, 9000) ELSE 'http://site' || few(16, 999) || '.ru/x?' || few(15, 90) END",
    "RefererHash": "CASE WHEN part(17) < 0.2 THEN 3594120000172545465 ELSE any(18) END",
    "IsRefresh": "(part(19) < 0.1)::integer",
    "ResolutionWidth": "[1280, 1366, 1920, 1024, 0, 1600][few(20, 6) + 1]",
    "SearchEngineID": "few(21, 30)",
    "SearchPhrase": "CASE WHEN part(22) < 0.8 THEN '' ELSE 'phrase ' || few(23, 20000) || ' слова' END",
    "AdvEngineID": "CASE WHEN part(24) < 0.95 THEN 0 ELSE few(25, 20) END",
    "MobilePhone": "few(26, 90)",
    "MobilePhoneModel": "CASE WHEN part(27) < 0.9 THEN '' ELSE ['iPad', 'iPhone', 'GT-I9500', 'Lumia 920', 'é7'][few(28, 5) + 1] END",
    "TraficSourceID": "few(29, 10) - 1",
    "WindowClientWidth": "any(30) % 2000",
    "WindowClientHeight": "any(31) % 1200",
    "IsLink": "(part(32) < 0.3)::integer",
    "IsDownload": "(part(33) < 0.05)::integer",
    "DontCountHits": "(part(34) < 0.1)::integer",
    "HitColor": "['F', '5', 'g'][few(35, 3) + 1]",
}

COLUMNS = """WatchID bigint, JavaEnable smallint, Title text, GoodEvent smallint, EventTime timestamp, EventDate date, CounterID integer,
ClientIP integer, RegionID integer, UserID bigint, CounterClass smallint, OS smallint, UserAgent smallint, URL text, Referer text,
IsRefresh smallint, RefererCategoryID smallint, RefererRegionID integer, URLCategoryID smallint, URLRegionID integer,
ResolutionWidth smallint, ResolutionHeight smallint, ResolutionDepth smallint, FlashMajor smallint, FlashMinor smallint, FlashMinor2 text,
NetMajor smallint, NetMinor smallint, UserAgentMajor smallint, UserAgentMinor varchar(255), CookieEnable smallint,
JavascriptEnable smallint, IsMobile smallint, MobilePhone smallint, MobilePhoneModel text, Params text, IPNetworkID integer,
TraficSourceID smallint, SearchEngineID smallint, SearchPhrase text, AdvEngineID smallint, IsArtifical smallint,
WindowClientWidth smallint, WindowClientHeight smallint, ClientTimeZone smallint, ClientEventTime timestamp, SilverlightVersion1 smallint,
SilverlightVersion2 smallint, SilverlightVersion3 integer, SilverlightVersion4 smallint, PageCharset text, CodeVersion integer,
IsLink smallint, IsDownload smallint, IsNotBounce smallint, FUniqID bigint, OriginalURL text, HID integer, IsOldCounter smallint,
IsEvent smallint, IsParameter smallint, DontCountHits smallint, WithHash smallint, HitColor char, LocalEventTime timestamp, Age smallint,
Sex smallint, Income smallint, Interests smallint, Robotness smallint, RemoteIP integer, WindowName integer, OpenerName integer,
HistoryLength smallint, BrowserLanguage text, BrowserCountry text, SocialNetwork text, SocialAction text, HTTPError smallint,
SendTiming integer, DNSTiming integer, ConnectTiming integer, ResponseStartTiming integer, ResponseEndTiming integer, FetchTiming integer,
SocialSourceNetworkID smallint, SocialSourcePage text, ParamPrice bigint, ParamOrderID text, ParamCurrency text, ParamCurrencyID smallint,
OpenstatServiceName text, OpenstatCampaignID text, OpenstatAdID text, OpenstatSourceID text, UTMSource text, UTMMedium text,
UTMCampaign text, UTMContent text, UTMTerm text, FromTag text, HasGCLID smallint, RefererHash bigint, URLHash bigint, CLID integer"""


class ClickBench(Suite):
    """Scale 1 is a million rows."""

    default_scale = 0.4

    def generate(self, connection):
        macros = {
            "part(salt)": "hash(i, salt) % 1000003 / 1000003",
            "any(salt)": "(hash(i, salt) // 2)::bigint",
            "few(salt, count)": "floor(count * power(hash(i, salt) % 1000003 / 1000003, 4))::bigint",
            "page(i)": "CASE WHEN hash(i, 13) % 10 < 2 THEN 0 ELSE floor(40000 * power(hash(i, 36) % 1000003 / 1000003, 3))::bigint END",
        }
        # Macros see only their parameters: the row's number is written out.
        def expand(text):
            for name in ("part", "any", "few"):
                text = text.replace(f"{name}(", f"{name}_of(i, ")
            return text

        for head, body in macros.items():
            name = head.split("(")[0]
            head = head if name == "page" else head.replace(f"{name}(", f"{name}_of(i, ")
            connection.execute(f"CREATE TEMP MACRO {head} AS {body}")
        written = []
        for at, column in enumerate(COLUMNS.split(",")):
            name, kind = column.split(maxsplit=1)
            ordinary = {"text": f"CASE WHEN few({100 + at}, 4) = 0 THEN '' ELSE 'v' || few({200 + at}, 100) END", "smallint": f"few({100 + at}, 100)"}
            value = VALUES.get(name) or ordinary.get("text" if "char" in kind else kind, f"few({100 + at}, 10000)")
            written.append(f"({expand(value)})::{'text' if 'char' in kind else kind} AS {name}")
        count = int(self.scale * 1_000_000)
        connection.execute(f"CREATE TABLE hits AS SELECT {', '.join(written)} FROM range({count}) AS numbers(i)")

    def queries(self, connection):
        return list(enumerate((query for query in QUERIES.read_text().splitlines() if query.strip()), 1))

    def schema(self):
        return [f"CREATE TABLE hits ({COLUMNS})"]
