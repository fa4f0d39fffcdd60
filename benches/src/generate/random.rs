//! Random numbers that are the same everywhere and for ever: SplitMix64, one independent stream per (seed, stream, index), so
//! that chunks can be made in any order and on any thread. Never used for anything secret.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

/// Mixes all bits of a number: the same input gives the same output, close inputs give unrelated ones.
pub fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

impl Random {
    /// The stream of that name, at that index.
    pub fn new(seed: u64, stream: u64, index: u64) -> Self {
        let state = mix(seed ^ mix(stream ^ mix(index.wrapping_add(0x9E37_79B9_7F4A_7C15))));
        Random { state }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.state)
    }

    /// From 0 to below `limit`, evenly; `limit` is at least 1.
    pub fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(limit)) >> 64) as u64
    }

    /// From 0 to below 1, evenly.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// True with that probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
}

/// Picks indexes with given weights in constant time (Vose's alias method).
#[derive(Clone, Debug)]
pub struct Weighted {
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    threshold: u32,
    alias: u32,
}

impl Weighted {
    /// Index `i` is picked with probability `weights[i]` / sum. There is at least one weight and none is negative.
    pub fn new(weights: &[f64]) -> Self {
        let scale = weights.len() as f64 / weights.iter().sum::<f64>();
        let mut shares: Vec<f64> = weights.iter().map(|weight| weight * scale).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..shares.len()).partition(|&slot| shares[slot] < 1.0);
        let mut slots: Vec<Slot> = (0..shares.len())
            .map(|slot| Slot {
                threshold: u32::MAX,
                alias: slot as u32,
            })
            .collect();
        while let (Some(less), Some(&more)) = (small.pop(), large.last()) {
            slots[less] = Slot {
                threshold: (shares[less] * f64::from(u32::MAX)) as u32,
                alias: more as u32,
            };
            shares[more] -= 1.0 - shares[less];
            if shares[more] < 1.0 {
                large.pop();
                small.push(more);
            }
        }
        Weighted { slots }
    }

    /// The weights of Zipf's law over `count` ranks: the rank-th is picked in proportion to 1 / rank^exponent. `place` puts
    /// rank 0, 1, .. at an index; it must be a permutation.
    pub fn zipf(count: usize, exponent: f64, place: impl Fn(usize) -> usize) -> Self {
        let mut weights = vec![0.0; count];
        for rank in 0..count {
            weights[place(rank)] = 1.0 / ((rank + 1) as f64).powf(exponent);
        }
        Weighted::new(&weights)
    }

    /// Picks an index.
    pub fn pick(&self, random: &mut Random) -> usize {
        self.pick_by(random.bits())
    }

    /// The index that 64 random bits pick.
    pub fn pick_by(&self, bits: u64) -> usize {
        let slot = (((bits >> 32) * self.slots.len() as u64) >> 32) as usize;
        let Slot { threshold, alias } = self.slots[slot];
        if bits as u32 <= threshold { slot } else { alias as usize }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let first: Vec<u64> = {
            let mut random = Random::new(1, 2, 3);
            (0..4).map(|_| random.bits()).collect()
        };
        let again: Vec<u64> = {
            let mut random = Random::new(1, 2, 3);
            (0..4).map(|_| random.bits()).collect()
        };
        let other: Vec<u64> = {
            let mut random = Random::new(1, 2, 4);
            (0..4).map(|_| random.bits()).collect()
        };
        assert_eq!(first, again);
        assert_ne!(first, other);
        assert_eq!(
            mix(1),
            0x5692_161d_100b_05e5,
            "the mixing function must never change: all data hangs on it"
        );
    }

    #[test]
    fn weights_are_met() {
        let weighted = Weighted::new(&[1.0, 0.0, 3.0, 6.0]);
        let mut random = Random::new(7, 0, 0);
        let mut counts = [0u32; 4];
        for _ in 0..100_000 {
            counts[weighted.pick(&mut random)] += 1;
        }
        assert_eq!(counts[1], 0);
        for (count, expected) in counts.iter().zip([10_000, 0, 30_000, 60_000]) {
            assert!(count.abs_diff(expected) < 1_000, "{counts:?}");
        }
    }

    #[test]
    fn zipf_is_skewed_at_the_placed_index() {
        let weighted = Weighted::zipf(1_000, 1.0, |rank| 999 - rank);
        let mut random = Random::new(7, 0, 0);
        let top = (0..10_000).filter(|_| weighted.pick(&mut random) == 999).count();
        assert!((1_150..1_550).contains(&top), "{top}");
    }
}
