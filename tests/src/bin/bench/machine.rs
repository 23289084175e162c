//! What the figures were measured on.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use crate::Outcome;
use crate::load::{micros, quantile_ms};

/// Writes that are forced to disk to learn what one costs: at the head of the table.
const SYNCS: usize = 200;
/// The same beside each round of code flows, because disks that are shared change from second to second.
pub(crate) const SOME_SYNCS: usize = 40;

/// The machine and the disk below the measured folder.
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
    pub(crate) file_system: String,
    pub(crate) sync_median_ms: f64,
    pub(crate) sync_p99_ms: f64,
}

impl Machine {
    /// Reads what this machine is, and measures the disk that holds `folder`.
    pub(crate) fn read(folder: &Path) -> Outcome<Machine> {
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = processors.lines().find(|line| line.starts_with("model name"));
        let processor = processor.and_then(|line| line.split_once(':')).map_or("unknown", |(_, name)| name.trim());
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let costs = sync_costs(folder, SYNCS)?;
        Ok(Machine {
            processor: processor.to_owned(),
            cores: cores(),
            kernel: kernel.trim().to_owned(),
            file_system: file_system(folder),
            sync_median_ms: quantile_ms(&costs, 0.5),
            sync_p99_ms: quantile_ms(&costs, 0.99),
        })
    }

    /// One line for the head of the table.
    pub(crate) fn line(&self) -> String {
        format!(
            "{} · {} cores · Linux {} · {}, fdatasync of 4 KiB {:.3} ms (p99 {:.3} ms)",
            self.processor, self.cores, self.kernel, self.file_system, self.sync_median_ms, self.sync_p99_ms
        )
    }
}

/// Ticks of all processors since the system's start, and those of this program and the children it has waited for.
pub(crate) struct Ticks {
    all: f64,
    busy: f64,
    stolen: f64,
    own: f64,
}

impl Ticks {
    /// The ticks at this moment; zeros where the system does not tell.
    pub(crate) fn now() -> Ticks {
        let numbers = |text: &str| -> Vec<f64> { text.split_whitespace().filter_map(|n| n.parse().ok()).collect() };
        let system = fs::read_to_string("/proc/stat").unwrap_or_default();
        // user, nice, system, idle, iowait, irq, softirq, steal; guest time is part of user.
        let mut each = numbers(system.lines().next().unwrap_or_default());
        each.resize(8, 0.0);
        let own = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // After the name in brackets the state, then numbers: user and system time are the 11th and 12th of them, those of
        // the children follow.
        let own = numbers(own.rsplit(')').next().unwrap_or_default());
        Ticks {
            all: each[..8].iter().sum(),
            busy: each[0] + each[1] + each[2] + each[5] + each[6],
            stolen: each[7],
            own: own.iter().skip(10).take(4).sum(),
        }
    }

    /// What share of the processors others had since `earlier`, and what share the machine below this one kept. Time of
    /// the kernel's own threads counts as the others'.
    pub(crate) fn others_since(&self, earlier: &Ticks) -> (f64, f64) {
        let all = (self.all - earlier.all).max(1.0);
        let foreign = (self.busy - earlier.busy) - (self.own - earlier.own);
        (foreign.max(0.0) / all, (self.stolen - earlier.stolen) / all)
    }
}

/// Cores this program may use; the server and the bare handler take as many workers.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Microseconds of each forced write at the end of a growing file, as a write-ahead log does it.
pub(crate) fn sync_costs(folder: &Path, count: usize) -> Outcome<Vec<u32>> {
    let path = folder.join("sync-cost");
    let mut file = fs::File::create(&path)?;
    let page = [0x5a_u8; 4096];
    let mut costs = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        file.write_all(&page)?;
        file.sync_data()?;
        costs.push(micros(start.elapsed()));
    }
    fs::remove_file(path)?;
    Ok(costs)
}

/// The type of the file system that holds the folder: that of the longest mount point above it.
fn file_system(folder: &Path) -> String {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let above = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        let (point, kind) = (words.next()?, words.next()?);
        folder.starts_with(point).then_some((point.len(), kind))
    });
    above.max_by_key(|(length, _)| *length).map_or("unknown file system", |(_, kind)| kind).to_owned()
}
