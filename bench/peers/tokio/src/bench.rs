// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 the libvow authors
//
// What bench.h is to the peers in C: the clock (CPU time of the process), the memory and the line that is printed.
pub struct Bench {
    pub n: u64,
    pub checksum: u64,
    began: i64,
    elapsed: i64,
    rss: Option<i64>,
    bytes: Option<f64>, // for each object, of the first round
}

fn cpu() -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut now) };
    now.tv_sec as i64 * 1_000_000_000 + now.tv_nsec as i64
}

fn rss() -> i64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: i64 = text.split(' ').nth(1).and_then(|field| field.parse().ok()).unwrap_or(0);
    pages * unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as i64
}

// As bench_random(): a number below 2^31.
pub fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    *state >> 33
}

impl Bench {
    pub fn new(n: u64) -> Bench {
        Bench { n, checksum: 0, began: 0, elapsed: 0, rss: None, bytes: None }
    }

    // Room for n of whatever the workload keeps.
    pub fn array<T>(&self) -> Vec<T> {
        Vec::with_capacity(self.n as usize)
    }

    pub fn begin(&mut self) {
        self.rss.get_or_insert_with(rss);
        self.began = cpu();
    }

    // All objects of the first round are alive; the clock stands still meanwhile.
    pub fn alive(&mut self) {
        let now = cpu();
        if self.bytes.is_none() {
            self.bytes = Some((rss() - self.rss.unwrap_or(0)) as f64 / self.n as f64);
        }
        self.began += cpu() - now;
    }

    pub fn end(&mut self) {
        self.elapsed += cpu() - self.began;
    }

    pub fn print(&self, rounds: u64) {
        let each = self.elapsed as f64 / (self.n as f64 * rounds as f64);
        println!("{:.2} {:.1} {}", each, self.bytes.unwrap_or(0.0), self.checksum / rounds);
    }
}
