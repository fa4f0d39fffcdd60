//! The texts of `hits`: addresses of sites and pages, titles, search phrases. Each is a function of a site's bits and a number, so that
//! the same page has the same address and title wherever it occurs.

use super::hits::Hit;
use super::random::mix;
use std::fmt::Write;

const HOSTS: [&str; 16] = [
    "auto", "dom", "kino", "moda", "novosti", "sport", "foto", "igry", "mama", "rabota", "muzyka", "tur", "recept",
    "forum", "magazin", "pogoda",
];
const DOMAINS: [&str; 6] = ["ru", "com", "ru", "com.tr", "ua", "net"];
const SECTIONS: [&str; 12] = [
    "catalog",
    "view_photo",
    "realty/leasehold",
    "search/results",
    "product/category",
    "forum/viewtopic.php",
    "user/profile",
    "news/detail",
    "games/online",
    "afisha/movie",
    "kinomania/search",
    "cars/passenger",
];
/// One for each six bits of a number.
const WORDS: [&str; 64] = [
    "купить",
    "фото",
    "онлайн",
    "смотреть",
    "скачать",
    "бесплатно",
    "москва",
    "работа",
    "погода",
    "отзывы",
    "цена",
    "фильм",
    "игры",
    "авто",
    "новый",
    "дом",
    "квартира",
    "рецепт",
    "как",
    "сделать",
    "своими",
    "руками",
    "песня",
    "сериал",
    "сезон",
    "серия",
    "телефон",
    "ремонт",
    "отдых",
    "море",
    "платье",
    "мебель",
    "кухня",
    "детский",
    "школа",
    "карта",
    "расписание",
    "поезд",
    "билет",
    "санкт",
    "петербург",
    "новости",
    "форум",
    "официальный",
    "сайт",
    "магазин",
    "интернет",
    "каталог",
    "размер",
    "таблица",
    "прогноз",
    "ставки",
    "футбол",
    "лига",
    "турция",
    "отель",
    "лечение",
    "симптомы",
    "значение",
    "имени",
    "стихи",
    "поздравления",
    "рождения",
    "юбилей",
];

/// The words that stand for a number, the last six bits first.
pub(super) fn words(number: u64, text: &mut String) {
    let mut left = number;
    loop {
        text.push_str(WORDS[(left & 63) as usize]);
        left >>= 6;
        if left == 0 {
            return;
        }
        text.push(' ');
    }
}

fn written(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a string takes everything");
}

/// A site's name on the web.
fn host(site: u64, text: &mut String) {
    let first = HOSTS[(site & 15) as usize];
    let second = HOSTS[((site >> 4) & 15) as usize];
    let domain = DOMAINS[((site >> 8) % DOMAINS.len() as u64) as usize];
    written(text, format_args!("{first}-{second}{}.{domain}", (site >> 12) % 100));
}

/// The address of a page. One in some thousands belongs to Google.
pub(super) fn url(site: u64, page: u64, text: &mut String) {
    let bits = mix(site ^ mix(page));
    text.push_str("http://");
    if page != 0 && bits.is_multiple_of(1_009) {
        written(
            text,
            format_args!("www.google.ru/maps?q={page}&hl=ru&source=lnms&zoom=12"),
        );
        return;
    }
    host(site, text);
    text.push('/');
    if page == 0 {
        return;
    }
    let section = SECTIONS[((bits >> 8) % SECTIONS.len() as u64) as usize];
    written(
        text,
        format_args!("{section}/{page}.html?city={}&period=week&sort=", (bits >> 16) % 1_000),
    );
    text.push_str(["date", "price", "newly", "rating-desc"][((bits >> 32) & 3) as usize]);
    if !(bits >> 40).is_multiple_of(4) {
        written(text, format_args!("&ref={:x}", bits >> 32));
    }
}

/// A page's title; every tenth page has none, some are about Google.
pub(super) fn title(hit: &Hit, text: &mut String) {
    let bits = mix(hit.site ^ mix(hit.page / 2) ^ 0x7469_746C);
    if bits.is_multiple_of(10) {
        return;
    }
    if bits % 2_003 < 2 {
        text.push_str("Google Maps: ");
    }
    words(bits >> 40, text);
    text.push_str(" — ");
    host(hit.site, text);
}

/// Where a hit came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Nowhere,
    /// The front page of a portal.
    Portal,
    /// The results of a search.
    Search(u64),
    /// Another page of the same site.
    Site(u64),
    /// A page of another site.
    Elsewhere(u64, u64),
}

/// The address that a hit came from.
pub(super) fn referer(hit: &Hit, origin: Origin, text: &mut String) {
    match origin {
        Origin::Nowhere => {}
        Origin::Portal => text.push_str("http://www.portal.example.ru/"),
        Origin::Search(phrase) => {
            written(
                text,
                format_args!("http://yandex.ru/yandsearch?lr={}&text=", phrase % 300),
            );
            words(phrase, text);
        }
        Origin::Site(page) => url(hit.site, page, text),
        Origin::Elsewhere(site, page) => url(mix(site), page, text),
    }
}
