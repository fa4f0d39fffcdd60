//! The MD5 digest (RFC 1321). Not for anything an adversary could gain by.

const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// The constants: the sines of 1 to 64.
fn constants() -> [u32; 64] {
    std::array::from_fn(|at| (((at + 1) as f64).sin().abs() * 4_294_967_296.0) as u32)
}

/// Digests messages one after the other.
pub(super) struct Md5 {
    constants: [u32; 64],
}

impl Md5 {
    pub(super) fn new() -> Self {
        Md5 { constants: constants() }
    }

    pub(super) fn digest(&self, message: &[u8]) -> [u8; 16] {
        let mut state = [0x6745_2301_u32, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476];
        let (blocks, rest) = message.as_chunks::<64>();
        blocks.iter().for_each(|block| self.add(&mut state, block));
        let mut tail = [0_u8; 128];
        tail[..rest.len()].copy_from_slice(rest);
        tail[rest.len()] = 0x80;
        let length = if rest.len() < 56 { 64 } else { 128 };
        let bits = (message.len() as u64).wrapping_mul(8);
        tail[length - 8..length].copy_from_slice(&bits.to_le_bytes());
        tail[..length]
            .as_chunks::<64>()
            .0
            .iter()
            .for_each(|block| self.add(&mut state, block));
        let mut digest = [0; 16];
        for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
            *bytes = word.to_le_bytes();
        }
        digest
    }

    fn add(&self, state: &mut [u32; 4], block: &[u8; 64]) {
        let mut words = [0_u32; 16];
        for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        let [mut a, mut b, mut c, mut d] = *state;
        for (step, constant) in self.constants.iter().enumerate() {
            let (mixed, word) = match step / 16 {
                0 => (b & c | !b & d, step),
                1 => (d & b | !d & c, (5 * step + 1) % 16),
                2 => (b ^ c ^ d, (3 * step + 5) % 16),
                _ => (c ^ (b | !d), 7 * step % 16),
            };
            let sum = a.wrapping_add(mixed).wrapping_add(*constant).wrapping_add(words[word]);
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(SHIFTS[step / 16][step % 4]));
        }
        for (word, value) in state.iter_mut().zip([a, b, c, d]) {
            *word = word.wrapping_add(value);
        }
    }
}
