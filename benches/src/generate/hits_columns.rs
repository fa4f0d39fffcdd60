//! The 105 columns of `hits`: what each holds of a hit, in a table. A column's own number keeps its random values apart from those of
//! the others; what several columns share is a method of [`Hit`].

use super::hits::Hit;
use super::hits_texts::{Origin, referer, title, url, words};
use super::random::mix;
use arrow_array::builder::StringViewBuilder;
use arrow_array::{ArrayRef, Date32Array, Int16Array, Int32Array, Int64Array, RecordBatch, TimestampMicrosecondArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::sync::Arc;

/// The address and the referer that queries name by their hashes.
const QUERIED_URL_HASH: i64 = 2_868_770_270_353_813_622;
const QUERIED_REFERER_HASH: i64 = 3_594_120_000_172_545_465;
const QUERIED_COUNTER: i32 = 62;
const SCREENS: [(u16, u16); 10] = [
    (1366, 768),
    (1920, 1080),
    (1280, 1024),
    (1280, 800),
    (1600, 900),
    (1440, 900),
    (1680, 1050),
    (1024, 768),
    (2560, 1440),
    (0, 0),
];
const PHONES: [&str; 10] = [
    "iPad",
    "iPhone",
    "A500",
    "N8-00",
    "GT-I9500",
    "Lumia 920",
    "LT26i",
    "HTC One",
    "Desire",
    "MI 2",
];

/// The number below `count` that a value between 0 and 1 stands for; small ones often, large ones rarely.
fn few(unit: f64, count: u16) -> u16 {
    (unit * unit * unit * unit * f64::from(count)) as u16
}

/// The value between 0 and 1 that bits stand for in a role.
fn unit(bits: u64, role: u64) -> f64 {
    (mix(bits ^ mix(role)) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

impl Hit {
    fn chance(&self, role: u64, probability: f64) -> bool {
        unit(self.row, role) < probability
    }

    fn few(&self, role: u64, count: u16) -> u16 {
        few(unit(self.row, role), count)
    }

    /// The same for all hits of a user.
    fn user_few(&self, role: u64, count: u16) -> u16 {
        few(unit(self.user, role), count)
    }

    /// 32 bits of the row that mean nothing.
    fn any(&self, role: u64) -> i32 {
        mix(self.row ^ mix(role)) as i32
    }

    fn screen(&self) -> (u16, u16) {
        SCREENS[usize::from(self.user_few(1_000, 18) % 10)]
    }

    fn is_mobile(&self) -> bool {
        unit(self.user, 1_001) < 0.055
    }

    fn origin(&self) -> Origin {
        let place = |role, count| u64::from(self.few(role, count));
        match (self.phrase, unit(self.row, 1_002)) {
            (Some(phrase), _) => Origin::Search(phrase),
            (_, part) if part < 0.19 => Origin::Nowhere,
            (_, part) if part < 0.24 => Origin::Portal,
            (_, part) if part < 0.3 => Origin::Search(place(1_003, 20_000)),
            (_, part) if part < 0.75 => Origin::Site(place(1_003, 2_000)),
            _ => Origin::Elsewhere(place(1_003, 1_000), place(1_004, 500)),
        }
    }

    /// Microseconds since 1970, so many seconds after the hit.
    fn time(&self, later: i64) -> i64 {
        ((i64::from(self.day) * 24 * 60 * 60) + i64::from(self.second) + later) * 1_000_000
    }
}

/// What a column holds: its type, and the value for a hit and the column's number.
enum Values {
    Small(fn(&Hit, u64) -> u16),
    Int(fn(&Hit, u64) -> i32),
    Big(fn(&Hit, u64) -> i64),
    Text(fn(&Hit, u64, &mut String)),
    Day(fn(&Hit) -> i32),
    Time(fn(&Hit, u64) -> i64),
}
use Values::{Big, Day, Int, Small, Text, Time};

/// No value, for columns that are empty in nearly all rows.
const NO_TEXT: Values = Text(|hit, own, text| {
    if hit.chance(own, 0.002) {
        words(u64::from(hit.few(own + 500, 3_000)), text);
    }
});
const RARE: Values = Small(|hit, own| if hit.chance(own, 0.01) { 1 } else { 0 });
const OFTEN: Values = Small(|hit, own| u16::from(hit.chance(own, 0.95)));
const MILLISECONDS: Values = Int(|hit, own| {
    if hit.chance(own, 0.6) {
        0
    } else {
        i32::from(hit.few(own + 500, 30_000))
    }
});
const TAG: Values = Text(|hit, own, text| {
    if unit(hit.visit, own) < 0.03 {
        words(u64::from(few(unit(hit.visit, own + 500), 900)), text);
    }
});

/// All columns in the table's order.
const COLUMNS: [(&str, Values); 105] = [
    ("WatchID", Big(|hit, own| (mix(hit.row ^ own) >> 1) as i64)),
    ("JavaEnable", Small(|hit, own| u16::from(unit(hit.user, own) < 0.7))),
    ("Title", Text(|hit, _, text| title(hit, text))),
    ("GoodEvent", Small(|_, _| 1)),
    ("EventTime", Time(|hit, _| hit.time(0))),
    ("EventDate", Day(|hit| hit.day)),
    ("CounterID", Int(|hit, _| hit.counter_id)),
    ("ClientIP", Int(|hit, own| mix(hit.user ^ own) as i32)),
    (
        "RegionID",
        Int(|hit, own| (i32::from(few(unit(hit.user, own), 9_041)) * 7_919 + 229) % 9_041),
    ),
    ("UserID", Big(|hit, _| hit.user_id)),
    ("CounterClass", Small(|hit, own| few(unit(hit.site, own), 3))),
    ("OS", Small(|hit, own| hit.user_few(own, 90))),
    ("UserAgent", Small(|hit, own| hit.user_few(own, 80))),
    ("URL", Text(|hit, _, text| url(hit.site, hit.page, text))),
    ("Referer", Text(|hit, _, text| referer(hit, hit.origin(), text))),
    ("IsRefresh", Small(|hit, own| u16::from(hit.chance(own, 0.12)))),
    ("RefererCategoryID", Small(|hit, own| hit.few(own, 30))),
    ("RefererRegionID", Int(|hit, own| i32::from(hit.few(own, 9_000)))),
    ("URLCategoryID", Small(|hit, own| few(unit(hit.site, own), 40))),
    (
        "URLRegionID",
        Int(|hit, own| i32::from(few(unit(hit.site, own), 2_000))),
    ),
    ("ResolutionWidth", Small(|hit, _| hit.screen().0)),
    ("ResolutionHeight", Small(|hit, _| hit.screen().1)),
    (
        "ResolutionDepth",
        Small(|hit, own| [32, 24, 24, 16, 0][usize::from(hit.user_few(own, 5))]),
    ),
    (
        "FlashMajor",
        Small(|hit, own| 11u16.saturating_sub(hit.user_few(own, 12))),
    ),
    ("FlashMinor", Small(|hit, own| hit.user_few(own, 9))),
    (
        "FlashMinor2",
        Text(|hit, own, text| text.push_str(["700", "224", "", "169", "80", "94"][usize::from(hit.user_few(own, 6))])),
    ),
    ("NetMajor", Small(|hit, own| hit.user_few(own, 5))),
    ("NetMinor", Small(|hit, own| hit.user_few(own, 6))),
    ("UserAgentMajor", Small(|hit, own| hit.user_few(own, 40))),
    (
        "UserAgentMinor",
        Text(|hit, own, text| {
            text.push_str(["0", "D\u{fffd}", "15", "1", "4", "28"][usize::from(hit.user_few(own, 6))])
        }),
    ),
    ("CookieEnable", OFTEN),
    ("JavascriptEnable", OFTEN),
    ("IsMobile", Small(|hit, _| u16::from(hit.is_mobile()))),
    (
        "MobilePhone",
        Small(|hit, own| if hit.is_mobile() { 1 + hit.user_few(own, 90) } else { 0 }),
    ),
    (
        "MobilePhoneModel",
        Text(|hit, own, text| {
            if hit.is_mobile() {
                let model = hit.user_few(own, 166);
                text.push_str(PHONES[usize::from(model % 10)]);
                if model >= 10 {
                    text.push('-');
                    text.push_str(&model.to_string());
                }
            }
        }),
    ),
    ("Params", NO_TEXT),
    (
        "IPNetworkID",
        Int(|hit, own| (unit(hit.user, own).powi(3) * 4_000_000.0) as i32),
    ),
    (
        "TraficSourceID",
        Small(|hit, _| match hit.origin() {
            Origin::Nowhere => u16::MAX,
            Origin::Portal => 6,
            Origin::Search(_) => 2,
            Origin::Site(_) => 0,
            Origin::Elsewhere(..) => 1,
        }),
    ),
    (
        "SearchEngineID",
        Small(|hit, own| {
            if matches!(hit.origin(), Origin::Search(_)) {
                2 + hit.user_few(own, 90)
            } else {
                0
            }
        }),
    ),
    (
        "SearchPhrase",
        Text(|hit, _, text| {
            if let Some(phrase) = hit.phrase {
                words(phrase, text);
            }
        }),
    ),
    (
        "AdvEngineID",
        Small(|hit, own| {
            if hit.chance(own, 0.0063) {
                2 + hit.few(own + 500, 60)
            } else {
                0
            }
        }),
    ),
    ("IsArtifical", RARE),
    (
        "WindowClientWidth",
        Small(|hit, own| hit.screen().0.saturating_sub(hit.few(own, 900))),
    ),
    (
        "WindowClientHeight",
        Small(|hit, own| hit.screen().1.saturating_sub(60 + hit.few(own, 600))),
    ),
    ("ClientTimeZone", Small(|hit, own| 120 + 60 * hit.user_few(own, 8))),
    (
        "ClientEventTime",
        Time(|hit, own| hit.time(i64::from(hit.user_few(own, 20_000)) - 300)),
    ),
    (
        "SilverlightVersion1",
        Small(|hit, own| if unit(hit.user, own) < 0.4 { 5 } else { 0 }),
    ),
    ("SilverlightVersion2", Small(|hit, own| hit.user_few(own, 2))),
    (
        "SilverlightVersion3",
        Int(|hit, own| i32::from(hit.user_few(own, 60)) * 1_000),
    ),
    ("SilverlightVersion4", Small(|hit, own| hit.user_few(own, 5))),
    (
        "PageCharset",
        Text(|hit, own, text| {
            text.push_str(["windows", "utf-8;charset", ""][usize::from(few(unit(hit.site, own), 3))])
        }),
    ),
    (
        "CodeVersion",
        Int(|hit, own| 1_600 + i32::from(few(unit(hit.site, own), 300))),
    ),
    ("IsLink", Small(|hit, own| u16::from(hit.chance(own, 0.06)))),
    ("IsDownload", Small(|hit, own| u16::from(hit.chance(own, 0.002)))),
    ("IsNotBounce", Small(|hit, own| u16::from(unit(hit.visit, own) < 0.1))),
    (
        "FUniqID",
        Big(|hit, own| {
            if unit(hit.user, own) < 0.4 {
                0
            } else {
                (mix(hit.user ^ own) >> 1) as i64
            }
        }),
    ),
    (
        "OriginalURL",
        Text(|hit, own, text| {
            if hit.chance(own, 0.05) {
                url(hit.site, hit.page, text)
            }
        }),
    ),
    ("HID", Int(Hit::any)),
    ("IsOldCounter", Small(|_, _| 0)),
    ("IsEvent", RARE),
    ("IsParameter", RARE),
    ("DontCountHits", Small(|hit, own| u16::from(hit.chance(own, 0.07)))),
    ("WithHash", RARE),
    (
        "HitColor",
        Text(|hit, own, text| text.push_str(["5", "g", "F"][usize::from(hit.few(own, 3))])),
    ),
    (
        "LocalEventTime",
        Time(|hit, own| hit.time(i64::from(hit.user_few(own, 12)) * 3_600)),
    ),
    (
        "Age",
        Small(|hit, own| [0, 31, 22, 39, 55][usize::from(hit.user_few(own, 5))]),
    ),
    ("Sex", Small(|hit, own| hit.user_few(own, 3))),
    ("Income", Small(|hit, own| hit.user_few(own, 4))),
    ("Interests", Small(|hit, own| hit.user_few(own, 30_000))),
    (
        "Robotness",
        Small(|hit, own| {
            if unit(hit.user, own) < 0.02 {
                10 + hit.user_few(own, 50)
            } else {
                0
            }
        }),
    ),
    ("RemoteIP", Int(|hit, own| mix(hit.user ^ own) as i32)),
    (
        "WindowName",
        Int(|hit, own| if hit.chance(own, 0.3) { hit.any(own) } else { -1 }),
    ),
    (
        "OpenerName",
        Int(|hit, own| if hit.chance(own, 0.1) { hit.any(own) } else { -1 }),
    ),
    ("HistoryLength", Small(|hit, own| hit.few(own, 100))),
    (
        "BrowserLanguage",
        Text(|hit, own, text| text.push_str(["ru", "en", "tr", "uk", "S0"][usize::from(hit.user_few(own, 5))])),
    ),
    (
        "BrowserCountry",
        Text(|hit, own, text| text.push_str(["RU", "US", "TR", "UA", "KZ", ""][usize::from(hit.user_few(own, 6))])),
    ),
    ("SocialNetwork", NO_TEXT),
    ("SocialAction", NO_TEXT),
    (
        "HTTPError",
        Small(|hit, own| if hit.chance(own, 0.003) { 404 } else { 0 }),
    ),
    ("SendTiming", MILLISECONDS),
    ("DNSTiming", MILLISECONDS),
    ("ConnectTiming", MILLISECONDS),
    ("ResponseStartTiming", MILLISECONDS),
    ("ResponseEndTiming", MILLISECONDS),
    ("FetchTiming", MILLISECONDS),
    ("SocialSourceNetworkID", RARE),
    ("SocialSourcePage", NO_TEXT),
    (
        "ParamPrice",
        Big(|hit, own| {
            if hit.chance(own, 0.002) {
                i64::from(hit.few(own + 500, 60_000)) * 100
            } else {
                0
            }
        }),
    ),
    ("ParamOrderID", NO_TEXT),
    (
        "ParamCurrency",
        Text(|hit, own, text| text.push_str(["NH\u{1c}", "RUB", "USD"][usize::from(hit.few(own, 3))])),
    ),
    ("ParamCurrencyID", RARE),
    ("OpenstatServiceName", TAG),
    ("OpenstatCampaignID", TAG),
    ("OpenstatAdID", TAG),
    ("OpenstatSourceID", TAG),
    ("UTMSource", TAG),
    ("UTMMedium", TAG),
    ("UTMCampaign", TAG),
    ("UTMContent", TAG),
    ("UTMTerm", TAG),
    ("FromTag", TAG),
    ("HasGCLID", RARE),
    (
        "RefererHash",
        Big(|hit, own| match hit.origin() {
            Origin::Nowhere | Origin::Portal => QUERIED_REFERER_HASH,
            Origin::Search(phrase) => mix(own ^ mix(phrase)) as i64,
            Origin::Site(page) => mix(hit.site ^ mix(page)) as i64,
            Origin::Elsewhere(site, page) => mix(mix(site) ^ mix(page)) as i64,
        }),
    ),
    (
        "URLHash",
        Big(|hit, _| match (hit.counter_id, hit.page) {
            (QUERIED_COUNTER, 0) => QUERIED_URL_HASH,
            _ => mix(hit.site ^ mix(hit.page)) as i64,
        }),
    ),
    (
        "CLID",
        Int(|hit, own| {
            if hit.chance(own, 0.02) {
                i32::from(hit.few(own + 500, 3_000))
            } else {
                0
            }
        }),
    ),
];

/// Names and types; there are no NULLs.
pub(super) fn schema() -> SchemaRef {
    let fields = COLUMNS.iter().map(|(name, values)| {
        let data_type = match values {
            Small(_) => DataType::Int16,
            Int(_) => DataType::Int32,
            Big(_) => DataType::Int64,
            Text(_) => DataType::Utf8View,
            Day(_) => DataType::Date32,
            Time(_) => DataType::Timestamp(TimeUnit::Microsecond, None),
        };
        Field::new(*name, data_type, false)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The columns of these hits.
pub(super) fn record_batch(hits: &[Hit]) -> RecordBatch {
    let columns = COLUMNS
        .iter()
        .zip(0..)
        .map(|((_, values), own)| column(values, own, hits));
    RecordBatch::try_new(schema(), columns.collect()).expect("the columns are of the schema's types and equal length")
}

fn column(values: &Values, own: u64, hits: &[Hit]) -> ArrayRef {
    match values {
        // Small numbers are signed in the table: what is above the middle is below zero.
        Small(value) => Arc::new(Int16Array::from_iter_values(
            hits.iter().map(|hit| value(hit, own) as i16),
        )),
        Int(value) => Arc::new(Int32Array::from_iter_values(hits.iter().map(|hit| value(hit, own)))),
        Big(value) => Arc::new(Int64Array::from_iter_values(hits.iter().map(|hit| value(hit, own)))),
        Day(value) => Arc::new(Date32Array::from_iter_values(hits.iter().map(value))),
        Time(value) => {
            let micros = hits.iter().map(|hit| value(hit, own));
            Arc::new(TimestampMicrosecondArray::from_iter_values(micros))
        }
        Text(value) => {
            let mut builder = StringViewBuilder::with_capacity(hits.len());
            let mut text = String::new();
            for hit in hits {
                text.clear();
                value(hit, own, &mut text);
                builder.append_value(&text);
            }
            Arc::new(builder.finish())
        }
    }
}
