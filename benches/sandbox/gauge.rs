//! What the bench reads: the process' memory and processor time, and the times of requests.

use std::fmt;
use std::time::Duration;

/// The process' memory, in bytes.
pub struct Memory {
    resident: u64,
    peak: u64,
}

impl Memory {
    pub fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let of = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
            line.split_whitespace().next().and_then(|word| word.parse::<u64>().ok()).unwrap_or_default() * 1024
        };
        Self { resident: of("VmRSS:"), peak: of("VmHWM:") }
    }

    /// How much more there is now.
    pub fn since(&self, before: &Self) -> u64 {
        self.resident.saturating_sub(before.resident)
    }

    pub fn beside(&self, before: &Self) -> String {
        let (more, peak) = (megabytes(self.since(before)), megabytes(self.peak));
        format!("{} resident ({more} more than at the start), at most {peak}", megabytes(self.resident))
    }
}

pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Seconds of processor time the process has used.
pub fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|word| word.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) / 100.0
}

/// How long requests took.
#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The time that this share (in percent) of all stays below, in milliseconds.
    pub fn at(&self, share: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort();
        sorted.get((sorted.len().saturating_sub(1)) * share / 100).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p50 {:.3} ms, p99 {:.3} ms, max {:.1} ms", self.at(50), self.at(99), self.at(100))
    }
}
