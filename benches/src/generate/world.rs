//! What all tables agree on: which products there are and what they cost, where a customer lives, how many of them there are.
//! Everything is a function of the seed and an id, so that no table needs another one to be made first.

use super::random::{Weighted, mix};

/// Products in the catalogue; their ids are 1 to this.
pub const PRODUCT_COUNT: usize = 100_000;

/// The product of the flash sale.
pub const FLASH_PRODUCT: usize = 4_242;

/// Regions, their share of customers, and what the `locations` table says of them.
pub const REGIONS: [Region; 10] = [
    Region {
        name: "us-east",
        share: 0.21,
        country: "United States",
        continent: "North America",
        currency: "USD",
    },
    Region {
        name: "us-west",
        share: 0.17,
        country: "United States",
        continent: "North America",
        currency: "USD",
    },
    Region {
        name: "canada",
        share: 0.07,
        country: "Canada",
        continent: "North America",
        currency: "CAD",
    },
    Region {
        name: "brazil",
        share: 0.06,
        country: "Brazil",
        continent: "South America",
        currency: "BRL",
    },
    Region {
        name: "britain",
        share: 0.12,
        country: "United Kingdom",
        continent: "Europe",
        currency: "GBP",
    },
    Region {
        name: "germany",
        share: 0.11,
        country: "Germany",
        continent: "Europe",
        currency: "EUR",
    },
    Region {
        name: "france",
        share: 0.08,
        country: "France",
        continent: "Europe",
        currency: "EUR",
    },
    Region {
        name: "nordics",
        share: 0.04,
        country: "Sweden",
        continent: "Europe",
        currency: "SEK",
    },
    Region {
        name: "india",
        share: 0.09,
        country: "India",
        continent: "Asia",
        currency: "INR",
    },
    Region {
        name: "japan",
        share: 0.05,
        country: "Japan",
        continent: "Asia",
        currency: "JPY",
    },
];

/// A region.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the columns of locations, in words")]
pub struct Region {
    pub name: &'static str,
    pub share: f64,
    pub country: &'static str,
    pub continent: &'static str,
    pub currency: &'static str,
}

/// Customers of so many sales: one for twenty rows, at least a thousand, at most twenty million.
pub fn customer_count(sales_rows: u64) -> u64 {
    (sales_rows / 20).clamp(1_000, 20_000_000)
}

/// Products by popularity and price, regions by customer.
#[derive(Clone, Debug)]
pub struct World {
    seed: u64,
    popularity: Weighted,
    prices_cents: Vec<i32>,
    regions: Vec<u8>,
}

/// The rank-th most popular product sits at this index: popularity must not follow the id.
fn product_index(rank: usize) -> usize {
    (rank * 48_271 + 17) % PRODUCT_COUNT
}

/// What a product costs: most between 5 and 100, some up to 2,500; ending as shops like it.
fn price_cents(seed: u64, product_id: usize) -> i32 {
    let bits = mix(seed ^ mix(product_id as u64 ^ 0x7072_6963));
    let bell: f64 = (0..4)
        .map(|part| f64::from(((bits >> (part * 16)) & 0xFFFF) as u16) / 65_535.0)
        .sum::<f64>()
        - 2.0;
    let price = (2_900.0 * (bell * 1.75).exp()) as i32;
    let ending = [99, 95, 49, 90][(bits % 4) as usize];
    (price / 100 * 100 + ending).clamp(199, 249_900)
}

impl World {
    /// The world of a seed.
    pub fn new(seed: u64) -> Self {
        let shares: Vec<f64> = REGIONS.iter().map(|region| region.share).collect();
        let by_share = Weighted::new(&shares);
        World {
            seed,
            popularity: Weighted::zipf(PRODUCT_COUNT, 0.85, product_index),
            prices_cents: (0..=PRODUCT_COUNT)
                .map(|product_id| price_cents(seed, product_id))
                .collect(),
            regions: (0..4_096)
                .map(|slot| by_share.pick_by(mix(slot ^ 0x7265_6769)) as u8)
                .collect(),
        }
    }

    /// A product id, popular ones more often.
    pub fn pick_product(&self, bits: u64) -> usize {
        self.popularity.pick_by(bits) + 1
    }

    /// What a product costs, in cents.
    pub fn price_cents(&self, product_id: usize) -> i32 {
        self.prices_cents[product_id]
    }

    /// Where a customer or user lives: an index into [`REGIONS`].
    pub fn region(&self, customer_id: u64) -> usize {
        let slot = customer_id.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52;
        usize::from(self.regions[slot as usize])
    }

    /// Bits that belong to an id in a role, for attributes that never change.
    pub fn attribute(&self, role: u64, id: u64) -> u64 {
        mix(self.seed ^ mix(id ^ (role << 48)))
    }
}

/// One of `count` ids from 1, the busiest ten percent in about four of ten picks. Busy ones are spread over all ids.
pub fn pick_skewed(unit: f64, count: u64) -> u64 {
    let rank = (unit * unit * unit.sqrt() * count as f64) as u64;
    (rank.wrapping_mul(2_654_435_761) + 7) % count + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay_in_range_and_are_spread() {
        assert_eq!(pick_skewed(0.0, 1_000), 8);
        for step in 0..10_000 {
            let id = pick_skewed(f64::from(step) / 10_000.0, 1_000);
            assert!((1..=1_000).contains(&id));
        }
    }

    #[test]
    fn places_of_products_are_a_permutation() {
        let mut seen = vec![false; PRODUCT_COUNT];
        (0..PRODUCT_COUNT).for_each(|rank| seen[product_index(rank)] = true);
        assert!(seen.iter().all(|&seen| seen));
    }

    #[test]
    fn prices_and_regions_are_lifelike() {
        let world = World::new(1);
        let mut prices: Vec<i32> = (1..=PRODUCT_COUNT).map(|product| world.price_cents(product)).collect();
        prices.sort_unstable();
        assert!(
            (1_500..5_000).contains(&prices[PRODUCT_COUNT / 2]),
            "{}",
            prices[PRODUCT_COUNT / 2]
        );
        assert!(prices[0] >= 199 && prices[PRODUCT_COUNT - 1] <= 249_900);
        let east = (1..=100_000).filter(|&customer| world.region(customer) == 0).count();
        assert!((17_000..25_000).contains(&east), "{east}");
    }
}
