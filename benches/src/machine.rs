//! The machine that figures belong to, and the memory this process takes. What cannot be found out is empty or zero.

use serde::Serialize;
use std::fs::read_to_string;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The line beside every figure.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Memory of the machine.
    pub memory_bytes: u64,
    /// The kernel's release.
    pub kernel: String,
    /// How busy the machine was before the measurement, as the kernel counts it.
    pub load_average_before: f64,
}

impl Machine {
    /// This machine.
    pub fn describe() -> Self {
        let cpu = read_to_string("/proc/cpuinfo").unwrap_or_default();
        let cpu = cpu.lines().find_map(|line| {
            line.strip_prefix("model name")?
                .split_once(':')
                .map(|(_, name)| name.trim().to_owned())
        });
        let load = read_to_string("/proc/loadavg").unwrap_or_default();
        Machine {
            cpu: cpu.unwrap_or_default(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: kibibytes_of("/proc/meminfo", "MemTotal:"),
            kernel: read_to_string("/proc/sys/kernel/osrelease")
                .unwrap_or_default()
                .trim()
                .to_owned(),
            load_average_before: load
                .split_whitespace()
                .next()
                .and_then(|word| word.parse().ok())
                .unwrap_or_default(),
        }
    }

    /// In one line, for people.
    pub fn line(&self) -> String {
        let gibibytes = self.memory_bytes as f64 / f64::from(1 << 30);
        format!(
            "{}, {} cores, {gibibytes:.1} GiB, Linux {}, load average before {:.2}",
            self.cpu, self.cores, self.kernel, self.load_average_before
        )
    }
}

/// The bytes behind a name in one of the kernel's tables of kibibytes.
fn kibibytes_of(file: &str, name: &str) -> u64 {
    let text = read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap_or_default()
        * 1024
}

/// Bytes of all files below a folder.
pub fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let bytes_of = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(data) if data.is_dir() => folder_bytes(&entry.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    };
    entries.flatten().map(bytes_of).sum()
}

/// The most memory this process had resident while a measurement ran.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct PeakMemory {
    /// All of it: what `ps` calls RSS, mapped files included.
    pub resident_bytes: u64,
    /// Without mapped files, which the kernel takes back when it needs the memory.
    pub anonymous_bytes: u64,
}

/// Watches this process's memory from a thread of its own until [`MemoryWatch::finish`].
pub struct MemoryWatch {
    peaks: Arc<Peaks>,
    thread: std::thread::JoinHandle<()>,
}

#[derive(Default)]
struct Peaks {
    resident: AtomicU64,
    anonymous: AtomicU64,
    done: AtomicBool,
}

impl Peaks {
    fn look(&self) {
        let file = "/proc/self/status";
        self.resident.fetch_max(kibibytes_of(file, "VmRSS:"), Ordering::Relaxed);
        self.anonymous
            .fetch_max(kibibytes_of(file, "RssAnon:"), Ordering::Relaxed);
    }
}

impl MemoryWatch {
    /// Begins.
    pub fn begin() -> Self {
        let peaks = Arc::new(Peaks::default());
        let watched = peaks.clone();
        let thread = std::thread::spawn(move || {
            while !watched.done.load(Ordering::Relaxed) {
                watched.look();
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        MemoryWatch { peaks, thread }
    }

    /// Ends and tells the peaks.
    pub fn finish(self) -> PeakMemory {
        self.peaks.look();
        self.peaks.done.store(true, Ordering::Relaxed);
        // The thread only reads; were it gone, the last look above still counts.
        let _ = self.thread.join();
        PeakMemory {
            resident_bytes: self.peaks.resident.load(Ordering::Relaxed),
            anonymous_bytes: self.peaks.anonymous.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_described() {
        let machine = Machine::describe();
        assert!(machine.cores > 0 && machine.memory_bytes > 1 << 28 && !machine.kernel.is_empty());
        assert!(machine.line().contains("GiB"));
    }

    #[test]
    fn the_watch_sees_memory_taken() {
        let watch = MemoryWatch::begin();
        let taken = vec![1u8; 64 << 20];
        let peak = watch.finish();
        assert!(
            peak.resident_bytes > 64 << 20 && peak.anonymous_bytes > 64 << 20,
            "{peak:?} {}",
            taken.len()
        );
    }

    #[test]
    fn folders_are_added_up() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("inner")).unwrap();
        std::fs::write(folder.path().join("a"), [0; 10]).unwrap();
        std::fs::write(folder.path().join("inner/b"), [0; 5]).unwrap();
        assert_eq!(folder_bytes(folder.path()), 15);
        assert_eq!(folder_bytes(&folder.path().join("none")), 0);
    }
}
