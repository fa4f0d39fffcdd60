//! The SHA-2 digests (FIPS 180-4): SHA-224, 256, 384 and 512.

/// The first primes, whose roots give the constants.
fn primes<const N: usize>() -> [u64; N] {
    let mut found = [0; N];
    let mut candidate = 2;
    let mut count = 0;
    while count < N {
        if (2..candidate)
            .take_while(|divisor| divisor * divisor <= candidate)
            .all(|divisor| candidate % divisor != 0)
        {
            found[count] = candidate;
            count += 1;
        }
        candidate += 1;
    }
    found
}

/// The first 64 bits of the fraction of a prime's cube root.
fn cube_root_fraction(prime: u64) -> u64 {
    // The largest root whose cube is at most prime * 2^192, found bit by bit; cubes are compared without being made.
    let mut root: u128 = 0;
    for bit in (0..68).rev() {
        let candidate = root | 1 << bit;
        if cube_at_most(candidate, prime) {
            root = candidate;
        }
    }
    root as u64
}

/// Whether `root^3 <= prime * 2^192`, for roots below 2^68.
fn cube_at_most(root: u128, prime: u64) -> bool {
    // Digits of 32 bits, lowest first.
    let digits = |value: u128| -> [u64; 4] { std::array::from_fn(|at| (value >> (32 * at)) as u64 & 0xFFFF_FFFF) };
    let multiply = |left: &[u64], right: &[u64]| -> Vec<u64> {
        let mut product = vec![0_u64; left.len() + right.len()];
        for (at, a) in left.iter().enumerate() {
            let mut carry = 0;
            for (to, b) in right.iter().enumerate() {
                let sum = product[at + to] + a * b + carry;
                product[at + to] = sum & 0xFFFF_FFFF;
                carry = sum >> 32;
            }
            product[at + right.len()] += carry;
        }
        product
    };
    let base = digits(root);
    let cube = multiply(&multiply(&base, &base), &base);
    let mut limit = vec![0_u64; cube.len()];
    limit[6] = prime;
    cube.iter().rev().le(limit.iter().rev())
}

/// Rotations and shifts of the two word sizes: of the state's two sums, of the schedule's two.
struct Turns {
    a: [u32; 3],
    e: [u32; 3],
    low: [u32; 3],
    high: [u32; 3],
}

macro_rules! family {
    ($name:ident, $word:ty, $rounds:literal, $block:literal, $turns:expr, $constant:expr) => {
        /// One word size of the family.
        pub(super) struct $name {
            constants: [$word; $rounds],
        }

        impl $name {
            pub(super) fn new() -> Self {
                let constants = primes::<$rounds>().map(|prime| $constant(cube_root_fraction(prime)));
                $name { constants }
            }

            /// The state after a message, from the digest's own beginning.
            pub(super) fn digest(&self, begin: [$word; 8], message: &[u8]) -> [$word; 8] {
                let mut state = begin;
                let (blocks, rest) = message.as_chunks::<$block>();
                blocks.iter().for_each(|block| self.add(&mut state, block));
                let mut tail = [0_u8; 2 * $block];
                tail[..rest.len()].copy_from_slice(rest);
                tail[rest.len()] = 0x80;
                let length = if rest.len() < $block - $block / 8 {
                    $block
                } else {
                    2 * $block
                };
                let bits = (message.len() as u64).wrapping_mul(8);
                tail[length - 8..length].copy_from_slice(&bits.to_be_bytes());
                let tail = &tail[..length];
                tail.as_chunks::<$block>()
                    .0
                    .iter()
                    .for_each(|block| self.add(&mut state, block));
                state
            }

            fn add(&self, state: &mut [$word; 8], block: &[u8; $block]) {
                const TURNS: Turns = $turns;
                let rotated = |value: $word, by: [u32; 3]| {
                    value.rotate_right(by[0]) ^ value.rotate_right(by[1]) ^ value.rotate_right(by[2])
                };
                let shifted =
                    |value: $word, by: [u32; 3]| value.rotate_right(by[0]) ^ value.rotate_right(by[1]) ^ value >> by[2];
                let mut words = [0 as $word; $rounds];
                for (word, bytes) in words.iter_mut().zip(block.as_chunks::<{ $block / 16 }>().0) {
                    *word = <$word>::from_be_bytes(*bytes);
                }
                for at in 16..$rounds {
                    words[at] = words[at - 16]
                        .wrapping_add(shifted(words[at - 15], TURNS.low))
                        .wrapping_add(words[at - 7])
                        .wrapping_add(shifted(words[at - 2], TURNS.high));
                }
                let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
                for (constant, word) in self.constants.iter().zip(words) {
                    let first = h
                        .wrapping_add(rotated(e, TURNS.e))
                        .wrapping_add(e & f ^ !e & g)
                        .wrapping_add(*constant)
                        .wrapping_add(word);
                    let second = rotated(a, TURNS.a).wrapping_add(a & b ^ a & c ^ b & c);
                    (h, g, f, e) = (g, f, e, d.wrapping_add(first));
                    (d, c, b, a) = (c, b, a, first.wrapping_add(second));
                }
                for (word, value) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
                    *word = word.wrapping_add(value);
                }
            }
        }
    };
}

family!(
    Sha32,
    u32,
    64,
    64,
    Turns {
        a: [2, 13, 22],
        e: [6, 11, 25],
        low: [7, 18, 3],
        high: [17, 19, 10],
    },
    |fraction: u64| (fraction >> 32) as u32
);

family!(
    Sha64,
    u64,
    80,
    128,
    Turns {
        a: [28, 34, 39],
        e: [14, 18, 41],
        low: [1, 8, 7],
        high: [19, 61, 6],
    },
    |fraction: u64| fraction
);

/// Where each digest begins.
pub(super) const BEGIN_224: [u32; 8] = [
    0xC105_9ED8,
    0x367C_D507,
    0x3070_DD17,
    0xF70E_5939,
    0xFFC0_0B31,
    0x6858_1511,
    0x64F9_8FA7,
    0xBEFA_4FA4,
];
pub(super) const BEGIN_256: [u32; 8] = [
    0x6A09_E667,
    0xBB67_AE85,
    0x3C6E_F372,
    0xA54F_F53A,
    0x510E_527F,
    0x9B05_688C,
    0x1F83_D9AB,
    0x5BE0_CD19,
];
pub(super) const BEGIN_384: [u64; 8] = [
    0xCBBB_9D5D_C105_9ED8,
    0x629A_292A_367C_D507,
    0x9159_015A_3070_DD17,
    0x152F_ECD8_F70E_5939,
    0x6733_2667_FFC0_0B31,
    0x8EB4_4A87_6858_1511,
    0xDB0C_2E0D_64F9_8FA7,
    0x47B5_481D_BEFA_4FA4,
];
pub(super) const BEGIN_512: [u64; 8] = [
    0x6A09_E667_F3BC_C908,
    0xBB67_AE85_84CA_A73B,
    0x3C6E_F372_FE94_F82B,
    0xA54F_F53A_5F1D_36F1,
    0x510E_527F_ADE6_82D1,
    0x9B05_688C_2B3E_6C1F,
    0x1F83_D9AB_FB41_BD6B,
    0x5BE0_CD19_137E_2179,
];
