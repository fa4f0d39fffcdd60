//! A t-digest (Dunning's merging form): a few hundred averages with weights that tell any quantile of many numbers, closely at both
//! ends. Up to [`CENTROIDS_MAX`] numbers it holds the numbers themselves. Infinities are counted apart, NaN is not taken in.

/// So many centroids, or numbers, are held before they are merged.
pub(super) const CENTROIDS_MAX: usize = 512;

/// How finely the digest keeps: about so many centroids are left by a merge.
const COMPRESSION: f64 = 200.0;

/// An average and the weight of what it is the average of.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Centroid {
    mean: f64,
    weight: f64,
}

/// The digest of a group's numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct TDigest {
    centroids: Vec<Centroid>,
    infinite_below: u64,
    infinite_above: u64,
    /// The extremes, once numbers have been merged.
    extremes: Option<(f64, f64)>,
}

impl TDigest {
    /// Takes a number in.
    pub(super) fn add(&mut self, value: f64) {
        match value {
            value if value.is_nan() => {}
            f64::INFINITY => self.infinite_above += 1,
            f64::NEG_INFINITY => self.infinite_below += 1,
            value => self.push(Centroid {
                mean: value,
                weight: 1.0,
            }),
        }
    }

    fn push(&mut self, centroid: Centroid) {
        self.centroids.push(centroid);
        if self.centroids.len() > CENTROIDS_MAX {
            self.compress();
        }
    }

    fn sort(&mut self) {
        self.centroids.sort_by(|left, right| left.mean.total_cmp(&right.mean));
    }

    /// Merges neighbours as far as their place among all allows: more in the middle than at the ends.
    fn compress(&mut self) {
        self.sort();
        let (Some(first), Some(last)) = (self.centroids.first(), self.centroids.last()) else {
            return;
        };
        let (least, most) = self.extremes.unwrap_or((f64::INFINITY, f64::NEG_INFINITY));
        self.extremes = Some((least.min(first.mean), most.max(last.mean)));
        let total: f64 = self.centroids.iter().map(|centroid| centroid.weight).sum();
        let mut merged: Vec<Centroid> = Vec::with_capacity(CENTROIDS_MAX);
        let (mut before, mut limit) = (0.0, quantile_limit(0.0));
        for centroid in &self.centroids {
            match merged.last_mut() {
                Some(last) if (before + last.weight + centroid.weight) / total <= limit => {
                    last.weight += centroid.weight;
                    last.mean += (centroid.mean - last.mean) * (centroid.weight / last.weight);
                }
                last => {
                    before += last.map_or(0.0, |last| last.weight);
                    limit = quantile_limit(before / total);
                    merged.push(*centroid);
                }
            }
        }
        self.centroids = merged;
    }

    /// Takes another digest in.
    pub(super) fn merge(&mut self, other: &TDigest) {
        self.infinite_below += other.infinite_below;
        self.infinite_above += other.infinite_above;
        self.extremes = match (self.extremes, other.extremes) {
            (Some(left), Some(right)) => Some((left.0.min(right.0), left.1.max(right.1))),
            (left, right) => left.or(right),
        };
        other.centroids.iter().for_each(|centroid| self.push(*centroid));
    }

    /// The value at a fraction, as `percentile_cont` has it while all numbers are held; `None` without numbers.
    pub(super) fn quantile(&mut self, fraction: f64) -> Option<f64> {
        self.sort();
        let finite: f64 = self.centroids.iter().map(|centroid| centroid.weight).sum();
        let (below, above) = (self.infinite_below as f64, self.infinite_above as f64);
        let total = finite + below + above;
        if total == 0.0 {
            return None;
        }
        // The place among all, counted from 0.
        let place = fraction * (total - 1.0);
        if place < below {
            return Some(f64::NEG_INFINITY);
        }
        let place = place - below;
        if finite == 0.0 || place > finite - 1.0 {
            return Some(f64::INFINITY);
        }
        self.value_at(place, finite)
    }

    /// The value at a place among the finite ones: between the middles of two centroids, or an extreme and a middle.
    fn value_at(&self, place: f64, finite: f64) -> Option<f64> {
        let (first, last) = (self.centroids.first()?, self.centroids.last()?);
        let (least, most) = self.extremes.unwrap_or((first.mean, last.mean));
        let mut known = (0.0, least.min(first.mean));
        let mut before = 0.0;
        for centroid in &self.centroids {
            let middle = before + (centroid.weight - 1.0) / 2.0;
            if place <= middle {
                return Some(between(known, (middle, centroid.mean), place));
            }
            known = (middle, centroid.mean);
            before += centroid.weight;
        }
        Some(between(known, (finite - 1.0, most.max(last.mean)), place))
    }

    /// Bytes held besides the struct.
    pub(super) fn memory_bytes(&self) -> usize {
        self.centroids.capacity() * size_of::<Centroid>()
    }

    /// As bytes: the infinite counts, the extremes (NaN for none), then pairs of mean and weight.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let (least, most) = self.extremes.unwrap_or((f64::NAN, f64::NAN));
        let mut bytes = Vec::with_capacity(32 + self.centroids.len() * 16);
        bytes.extend(self.infinite_below.to_le_bytes());
        bytes.extend(self.infinite_above.to_le_bytes());
        for value in [least, most] {
            bytes.extend(value.to_le_bytes());
        }
        for centroid in &self.centroids {
            bytes.extend(centroid.mean.to_le_bytes());
            bytes.extend(centroid.weight.to_le_bytes());
        }
        bytes
    }

    /// From what [`Self::to_bytes`] gave.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let word = |at: usize| {
            let word = bytes.get(at..at + 8).and_then(|word| word.try_into().ok());
            u64::from_le_bytes(word.unwrap_or_default())
        };
        let least = f64::from_bits(word(16));
        TDigest {
            infinite_below: word(0),
            infinite_above: word(8),
            extremes: (!least.is_nan()).then(|| (least, f64::from_bits(word(24)))),
            centroids: (32..bytes.len())
                .step_by(16)
                .map(|at| Centroid {
                    mean: f64::from_bits(word(at)),
                    weight: f64::from_bits(word(at + 8)),
                })
                .collect(),
        }
    }
}

/// How far a centroid that begins at a fraction may reach.
fn quantile_limit(fraction: f64) -> f64 {
    let scale = COMPRESSION / std::f64::consts::TAU;
    let place = scale * (2.0 * fraction.clamp(0.0, 1.0) - 1.0).asin() + 1.0;
    let angle = (place / scale).min(std::f64::consts::FRAC_PI_2);
    (angle.sin() + 1.0) / 2.0
}

fn between(low: (f64, f64), high: (f64, f64), place: f64) -> f64 {
    let width = high.0 - low.0;
    match width > 0.0 {
        true => {
            let part = ((place - low.0) / width).clamp(0.0, 1.0);
            low.1 * (1.0 - part) + high.1 * part
        }
        false => high.1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::Random;

    #[test]
    fn few_numbers_are_exact() {
        let mut digest = TDigest::default();
        assert_eq!(digest.quantile(0.5), None);
        [4.0, 1.0, f64::NAN, 3.0, 2.0]
            .iter()
            .for_each(|value| digest.add(*value));
        for (fraction, expected) in [(0.0, 1.0), (0.5, 2.5), (0.25, 1.75), (1.0, 4.0)] {
            assert_eq!(digest.quantile(fraction), Some(expected));
        }
        digest.add(f64::INFINITY);
        digest.add(f64::NEG_INFINITY);
        assert_eq!(digest.quantile(0.0), Some(f64::NEG_INFINITY));
        assert_eq!(digest.quantile(1.0), Some(f64::INFINITY));
        assert_eq!(digest.quantile(0.5), Some(2.5));
    }

    #[test]
    fn many_numbers_are_close_in_parts_too() {
        let mut random = Random::new(5);
        let mut values: Vec<f64> = (0..200_000).map(|_| (random.below(1 << 30) as f64).sqrt()).collect();
        let mut parts = vec![TDigest::default(); 7];
        for (at, value) in values.iter().enumerate() {
            parts[at % 7].add(*value);
        }
        let mut all = TDigest::default();
        for part in &parts {
            assert!(part.centroids.len() <= CENTROIDS_MAX);
            all.merge(&TDigest::from_bytes(&part.to_bytes()));
        }
        values.sort_by(f64::total_cmp);
        for fraction in [
            0.0, 0.0001, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 1.0,
        ] {
            let found = all.quantile(fraction).unwrap();
            let rank = values.partition_point(|value| *value < found) as f64 / values.len() as f64;
            let allowed = 0.02 * (fraction * (1.0 - fraction)).sqrt() + 0.0001;
            assert!((rank - fraction).abs() <= allowed, "{fraction}: {rank}");
        }
        assert_eq!(all.quantile(0.0), values.first().copied());
        assert_eq!(all.quantile(1.0), values.last().copied());
    }
}
