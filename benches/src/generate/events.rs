//! Table `events`: a week of what people do in a shop, in about the order it was received. Sessions follow the funnel: search,
//! view, click, cart, purchase, in the mix of 50 views, 20 clicks, 10 searches, 5 carts and half a purchase. Users, products and
//! campaigns are skewed, some products trend for an hour, an experiment has arms that differ, a flash sale runs in the last
//! hour. Phones without a connection send a whole session half an hour or two days later; what has not arrived by
//! [`END_MICROS`] is not in the table, as in life.

use super::random::{Random, Weighted, mix};
use super::world::{FLASH_PRODUCT, World, pick_skewed};
use super::{Table, event_columns};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

/// "Now": the moment up to which events were received, 2024-12-31 20:00:00 UTC, in microseconds since 1970.
pub const END_MICROS: i64 = 1_735_675_200_000_000;

const MINUTE_MICROS: i64 = 60_000_000;
/// Minutes before the end at which sessions begin.
const MINUTES: usize = 7 * 24 * 60;
/// Minutes for which offline phones of the two kinds stay silent.
const LATE_MINUTES: [usize; 2] = [30, 2 * 24 * 60];
/// Of a thousand sessions, so many are late by half an hour, and so many by two days.
const LATE_PER_MILLE: [u64; 2] = [12, 4];
/// The flash sale runs in the last hour.
const FLASH_MINUTES: usize = 60;
/// Events of an average session; the mission's mix divided by its half purchase per twenty sessions.
const SESSION_EVENTS: f64 = 8.55;
/// Rows of a chunk are about this many; part of what decides the data.
const CHUNK_ROWS: u64 = 1 << 17;
const STREAM: u64 = 0x6576_656E;

/// What happened, in the order of the funnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the data")]
pub enum Kind {
    Search,
    View,
    Click,
    Cart,
    Purchase,
}

/// The words of `event_type`, by [`Kind`].
pub const KINDS: [&str; 5] = ["search", "view", "click", "cart", "purchase"];
/// The words of `campaign`; index 0 is the flash sale's.
pub const CAMPAIGNS: [&str; 12] = [
    "flash-sale",
    "brand-search",
    "newsletter",
    "retargeting",
    "holiday-tv",
    "influencers",
    "affiliates",
    "app-push",
    "podcasts",
    "student-deal",
    "winback",
    "print",
];
/// The words of `device`.
pub const DEVICES: [&str; 4] = ["ios", "android", "desktop", "tablet"];
/// The words of `experiment_arm`.
pub const ARMS: [&str; 3] = ["control", "one-click", "social-proof"];

/// One event on its way into columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) kind: Kind,
    pub(super) event_time: i64,
    pub(super) received_time: i64,
    pub(super) user: u64,
    pub(super) session: u64,
    /// 0 where no product is meant.
    pub(super) product: usize,
    pub(super) region: usize,
    pub(super) campaign: Option<usize>,
    pub(super) device: usize,
    pub(super) arm: usize,
    /// 0 where nothing was bought.
    pub(super) revenue_cents: i64,
    pub(super) quantity: u32,
    /// For the id and the payload.
    pub(super) bits: u64,
}

/// Generator of `events`.
pub struct Events {
    rows: u64,
    seed: u64,
    users: u64,
    world: World,
    campaigns: Weighted,
    devices: Weighted,
    /// Sessions up to the end of each minute.
    minute_ends: Vec<u64>,
    minutes_per_chunk: usize,
}

/// How busy a minute is: asleep at four, busiest in the evening, doubled by the flash sale.
fn minute_weight(minute: usize) -> f64 {
    let to_end = MINUTES - minute;
    let of_day = (20 * 60 + 24 * 60 * 8 - to_end) % (24 * 60);
    let angle = (of_day as f64 / (24.0 * 60.0) - 20.0 / 24.0) * std::f64::consts::TAU;
    let daily = 1.0 + 0.75 * angle.cos();
    if to_end <= FLASH_MINUTES { daily * 2.0 } else { daily }
}

impl Events {
    /// About so many rows.
    pub fn new(rows: u64, seed: u64) -> Self {
        let mut reached = 0.0;
        let sums: Vec<f64> = (0..MINUTES)
            .map(|minute| {
                reached += minute_weight(minute);
                reached
            })
            .collect();
        let sessions = rows as f64 / SESSION_EVENTS;
        let chunks = (rows / CHUNK_ROWS).clamp(1, MINUTES as u64) as usize;
        let campaign_weights: Vec<f64> = (0..CAMPAIGNS.len())
            .map(|campaign| if campaign == 0 { 0.0 } else { 1.0 / campaign as f64 })
            .collect();
        Events {
            rows,
            seed,
            users: (rows / 25).max(500),
            world: World::new(seed),
            campaigns: Weighted::new(&campaign_weights),
            devices: Weighted::new(&[31.0, 38.0, 26.0, 5.0]),
            minute_ends: sums
                .iter()
                .map(|sum| (sum / reached * sessions).round() as u64)
                .collect(),
            minutes_per_chunk: MINUTES.div_ceil(chunks),
        }
    }

    /// How many users there are.
    pub fn user_count(&self) -> u64 {
        self.users
    }

    /// How many sessions begin, arrived or not.
    pub fn session_count(&self) -> u64 {
        self.minute_ends[MINUTES - 1]
    }

    /// The events that arrive because of sessions begun in a minute and delayed in a way: `None` is not at all.
    fn sessions_of(&self, minute: usize, late: Option<usize>, events: &mut Vec<Event>) {
        let first = if minute == 0 { 0 } else { self.minute_ends[minute - 1] };
        for session in first..self.minute_ends[minute] {
            let fate = mix(self.seed ^ mix(session ^ 0x6C61_7465)) % 1_000;
            let lateness = match fate {
                fate if fate < LATE_PER_MILLE[0] => Some(0),
                fate if fate < LATE_PER_MILLE[0] + LATE_PER_MILLE[1] => Some(1),
                _ => None,
            };
            if lateness == late {
                self.session(minute, session, late, events);
            }
        }
    }

    /// All events of a session.
    fn session(&self, minute: usize, session: u64, late: Option<usize>, events: &mut Vec<Event>) {
        let mut random = Random::new(self.seed, STREAM, session);
        let user = pick_skewed(random.unit(), self.users);
        let flash = MINUTES - minute <= FLASH_MINUTES && random.chance(0.4);
        let campaign = match () {
            () if flash => Some(0),
            () if random.chance(0.45) => Some(self.campaigns.pick(&mut random)),
            () => None,
        };
        let begin = END_MICROS - (MINUTES - minute) as i64 * MINUTE_MICROS + random.below(60_000_000) as i64;
        let delay = late.map_or(0, |kind| LATE_MINUTES[kind] as i64 * MINUTE_MICROS);
        let mut walk = Walk {
            world: &self.world,
            events,
            time: begin,
            delay,
            trending: self.trending(minute),
            flash,
            template: Event {
                kind: Kind::Search,
                event_time: begin,
                received_time: begin,
                user,
                session: session + 1,
                product: 0,
                region: self.world.region(user),
                campaign,
                device: self.devices.pick_by(self.world.attribute(1, user)),
                arm: (self.world.attribute(2, user) % ARMS.len() as u64) as usize,
                revenue_cents: 0,
                quantity: 0,
                bits: 0,
            },
        };
        walk.run(&mut random);
    }

    /// The three products that trend in a minute's hour.
    fn trending(&self, minute: usize) -> [usize; 3] {
        [0, 1, 2].map(|place| {
            self.world
                .pick_product(self.world.attribute(3 + place, (minute / 60) as u64))
        })
    }
}

/// A session under way.
struct Walk<'a> {
    world: &'a World,
    events: &'a mut Vec<Event>,
    time: i64,
    delay: i64,
    trending: [usize; 3],
    flash: bool,
    template: Event,
}

impl Walk<'_> {
    /// Searches, looks at products, clicks, fills the cart, and sometimes buys what is in it.
    fn run(&mut self, random: &mut Random) {
        let mut cart: Vec<(usize, u32)> = Vec::new();
        let mut looks_left = 1 + geometric(random, 0.8);
        if random.chance(0.62) {
            self.happens(random, Kind::Search, 0, 0, 0);
        }
        while looks_left > 0 {
            looks_left -= 1;
            let product = self.product(random);
            self.happens(random, Kind::View, product, 0, 0);
            if random.chance(0.4) {
                self.happens(random, Kind::Click, product, 0, 0);
                if random.chance(if self.flash { 0.45 } else { 0.245 }) {
                    let quantity = 1 + geometric(random, 0.18) as u32;
                    self.happens(random, Kind::Cart, product, quantity, 0);
                    cart.push((product, quantity));
                }
            }
            if looks_left > 0 && random.chance(0.097) {
                self.happens(random, Kind::Search, 0, 0, 0);
            }
        }
        if !cart.is_empty() && random.chance(self.purchase_chance()) {
            self.buy(random, &cart);
        }
    }

    /// How likely a filled cart is bought: the arms of the experiment and the flash sale make the difference.
    fn purchase_chance(&self) -> f64 {
        let by_arm = [0.138, 0.152, 0.143][self.template.arm];
        if self.flash { by_arm * 3.0 } else { by_arm }
    }

    /// One purchase event for the order, of its dearest product.
    fn buy(&mut self, random: &mut Random, cart: &[(usize, u32)]) {
        let cents = |&(product, quantity): &(usize, u32)| {
            let full = i64::from(self.world.price_cents(product)) * i64::from(quantity);
            if self.flash && product == FLASH_PRODUCT {
                full * 60 / 100
            } else {
                full
            }
        };
        let revenue_cents = cart.iter().map(cents).sum();
        let quantity = cart.iter().map(|(_, quantity)| quantity).sum();
        let dearest = cart.iter().max_by_key(|item| cents(item)).map_or(0, |item| item.0);
        self.happens(random, Kind::Purchase, dearest, quantity, revenue_cents);
    }

    fn product(&self, random: &mut Random) -> usize {
        match random.unit() {
            share if self.flash && share < 0.6 => FLASH_PRODUCT,
            share if share < 0.05 => self.trending[random.below(3) as usize],
            _ => self.world.pick_product(random.bits()),
        }
    }

    fn happens(&mut self, random: &mut Random, kind: Kind, product: usize, quantity: u32, revenue_cents: i64) {
        // A phone is offline in one piece: what it did arrives in order, half a second and more apart from the rest.
        let received_time = self.time + self.delay + 20_000 + random.below(900_000) as i64;
        if received_time < END_MICROS {
            self.events.push(Event {
                kind,
                event_time: self.time,
                received_time,
                product,
                quantity,
                revenue_cents,
                bits: random.bits(),
                ..self.template
            });
        }
        self.time += 1_000_000 + random.below(45_000_000) as i64;
    }
}

/// How often in a row something with that chance happens; at most 60 times.
fn geometric(random: &mut Random, chance: f64) -> u64 {
    let mut count = 0;
    while count < 60 && random.chance(chance) {
        count += 1;
    }
    count
}

impl Table for Events {
    fn name(&self) -> &'static str {
        "events"
    }

    fn schema(&self) -> SchemaRef {
        event_columns::schema()
    }

    fn chunk_count(&self) -> usize {
        MINUTES.div_ceil(self.minutes_per_chunk)
    }

    fn chunk(&self, index: usize) -> RecordBatch {
        let begin = index * self.minutes_per_chunk;
        let end = (begin + self.minutes_per_chunk).min(MINUTES);
        let mut events = Vec::with_capacity(CHUNK_ROWS as usize * 5 / 4);
        for minute in begin..end {
            self.sessions_of(minute, None, &mut events);
            for (kind, late_minutes) in LATE_MINUTES.iter().enumerate() {
                if let Some(begun) = minute.checked_sub(*late_minutes) {
                    self.sessions_of(begun, Some(kind), &mut events);
                }
            }
        }
        events.sort_by_key(|event| (event.received_time, event.session));
        event_columns::record_batch(&self.world, &events)
    }

    fn row_count_estimate(&self) -> u64 {
        self.rows
    }
}

#[cfg(test)]
#[path = "events_test.rs"]
mod tests;
