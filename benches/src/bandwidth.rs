//! How fast this machine reads memory: the floor under every scan. Each thread sums an array of its own, far larger than any
//! cache, several times; the best time counts.

use std::sync::Barrier;
use std::time::Instant;

const ROUNDS: usize = 5;

/// Bytes per second that so many threads read together, over `bytes` in all.
pub fn read_bandwidth(threads: usize, bytes: usize) -> f64 {
    let words = (bytes / 8 / threads).max(1);
    let barrier = Barrier::new(threads);
    let seconds: Vec<Vec<f64>> = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| read_rounds(words, &barrier)))
            .collect();
        readers
            .into_iter()
            .map(|reader| reader.join().expect("summing cannot fail"))
            .collect()
    });
    // A round is as long as its slowest thread.
    let round = |round: usize| seconds.iter().map(|times| times[round]).fold(0.0, f64::max);
    let best = (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min);
    (words * 8 * threads) as f64 / best
}

fn read_rounds(words: usize, barrier: &Barrier) -> Vec<f64> {
    let memory: Vec<u64> = (0..words as u64).collect();
    let round = |_| {
        barrier.wait();
        let begin = Instant::now();
        let sum = memory.iter().fold(0u64, |sum, word| sum.wrapping_add(*word));
        std::hint::black_box(sum);
        begin.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(round).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bandwidth_is_finite_and_positive() {
        for threads in [1, 2] {
            let bandwidth = read_bandwidth(threads, 1 << 20);
            assert!(bandwidth.is_finite() && bandwidth > 0.0);
        }
    }
}
