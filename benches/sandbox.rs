//! The sandbox against the clock and the memory: `cargo bench --bench sandbox [-- OBJECTS [SECONDS]]`.
//!
//! Fills one sandbox with 100,000 objects by the requests a cluster gets (see `sandbox/fleet.rs` for what they are),
//! then asks: how much memory does it take (`VmRSS` and its peak `VmHWM` in `/proc/self/status`, the whole process, with
//! schemas and the bench itself)? How fast do lists, streaming lists and the four kinds of write go? How many writes and
//! watch events pass a second on two threads with ten watchers on each kind, as fast as they go and at 1,000 writes a
//! second, and how long does one write take then? Everything goes through the tower service, as the kube client's
//! requests do, but for the socket. Prints figures; judges nothing.
//!
//! Measured on two cores shared with compilers (load 4 to 8): 100,000 objects that are 363 MB as JSON (a Pod 5.3 kB, a
//! Deployment 4.7 kB, a ConfigMap and a Secret 2 kB) took 337 MB when filled, by 1,821 requests a second, and 402 MB in
//! the end and at most. All 40,000 Pods were listed in 39 ms, in 80 pages in 84 ms (the slowest 2.9 ms), streamed in 109
//! ms. With 40 watchers 2,021 writes and 20,209 events passed a second on 1.00 core; at 1,000 writes a second 9,994
//! events on 0.64 of a core, a write p50 0.60 ms, p99 2.9 ms, and p99 5.4 ms while somebody listed all Pods ten times a
//! second. A first sandbox took 20 to 73 ms, a second one 0.2 ms.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a bench stops at the first surprise")]
#![allow(clippy::cast_precision_loss, reason = "figures for people: no count here comes near 2^52")]

#[path = "sandbox/fleet.rs"]
mod fleet;
#[path = "sandbox/gauge.rs"]
mod gauge;
#[path = "sandbox/load.rs"]
mod load;

use std::time::{Duration, Instant};

use driftdeck::sandbox::{Clock, Options, Sandbox};
use fleet::Kind;
use gauge::{Memory, Times, megabytes};
use load::{Client, Watchers, Writer};

/// Objects unless told otherwise.
const OBJECTS: usize = 100_000;
/// How long each stage under load lasts unless told otherwise.
const SECONDS: u64 = 5;
/// Watchers on each of the four kinds.
const WATCHERS: usize = 10;
/// Writes of one kind, alone.
const ALONE: usize = 2_000;
/// Writes a second, where they are paced.
const PACE: u64 = 1_000;

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let objects = numbers.first().copied().unwrap_or(OBJECTS);
    let seconds = numbers.get(1).map_or(SECONDS, |seconds| *seconds as u64);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build();
    runtime.expect("a runtime").block_on(async {
        let before = Memory::now();
        let sandbox = starts();
        let client = Client::of(&sandbox);
        fill(&sandbox, objects, &before).await;
        lists(&client).await;
        for kind in Kind::ALL {
            alone(&sandbox, objects, kind).await;
        }
        for (pace, crowded) in [(None, false), (Some(PACE), false), (Some(PACE), true)] {
            under_watch(&sandbox, objects, (pace, crowded, seconds)).await;
        }
        let after = Memory::now();
        println!("memory at the end: {}", after.beside(&before));
    });
}

fn options() -> Options {
    let start = "2026-01-01T00:00:00Z".parse().expect("a time");
    Options { clock: Clock::Held(start), seed: 7, server_version: "v1.36.3".to_owned() }
}

/// The first sandbox reads the documents; the second shares them.
fn starts() -> Sandbox {
    let start = Instant::now();
    let first = Sandbox::new(options()).expect("a sandbox");
    let read = start.elapsed();
    let again = Instant::now();
    let _ = Sandbox::new(options()).expect("a sandbox");
    let (read, again) = (read.as_secs_f64() * 1e3, again.elapsed().as_secs_f64() * 1e3);
    println!("start: first sandbox {read:.1} ms, second {again:.2} ms");
    first
}

async fn fill(sandbox: &Sandbox, objects: usize, before: &Memory) {
    let made = Memory::now();
    println!("memory of an empty sandbox: {}", made.beside(before));
    let client = Client::of(sandbox);
    for n in 0..fleet::namespaces(objects) {
        client.sends(fleet::namespace(n)).await;
    }
    let (start, used, mut requests) = (Instant::now(), gauge::cpu(), 0);
    for request in fleet::all(objects) {
        client.sends(request).await;
        requests += 1;
    }
    let took = start.elapsed().as_secs_f64();
    let busy = gauge::cpu() - used;
    let (objects, each) = (objects as f64, Memory::now().since(&made) / objects as u64);
    let (rate, requests) = (objects / took, f64::from(requests) / took);
    println!(
        "fill: {objects} objects in {took:.1} s, {busy:.1} s of a core: {rate:.0} objects/s, {requests:.0} requests/s"
    );
    println!("memory filled: {}; {each} bytes an object, all told", Memory::now().beside(before));
}

async fn lists(client: &Client) {
    let mut stored = 0;
    for kind in Kind::ALL {
        let path = kind.path();
        let start = Instant::now();
        let (_, whole) = client.get(path).await;
        let (took, start) = (start.elapsed(), Instant::now());
        let pages = client.pages(path, 500).await;
        let (by_page, start) = (start.elapsed(), Instant::now());
        let lines = client.streams(path).await;
        let streamed = start.elapsed();
        stored += whole;
        println!(
            "list {path}: {} as JSON in {:.0} ms; {} pages of 500 in {:.0} ms, the slowest {:.1} ms; \
             streamed, {lines} events, in {:.0} ms",
            megabytes(whole as u64),
            took.as_secs_f64() * 1e3,
            pages.len(),
            by_page.as_secs_f64() * 1e3,
            pages.at(100),
            streamed.as_secs_f64() * 1e3,
        );
    }
    println!("all objects as JSON: {}", megabytes(stored as u64));
}

/// One kind of write after the other, nobody watching.
async fn alone(sandbox: &Sandbox, objects: usize, kind: Kind) {
    let writer = Writer::new(sandbox, objects);
    let (mut times, start, used) = (Times::default(), Instant::now(), gauge::cpu());
    for _ in 0..ALONE {
        times.push(writer.write(kind).await);
    }
    let rate = ALONE as f64 / start.elapsed().as_secs_f64();
    let each = (gauge::cpu() - used) / ALONE as f64 * 1e6;
    println!("alone, {}: {rate:.0} writes/s; {times}; {each:.0} us of a core each", kind.write());
}

/// All kinds of write in turn by two writers, ten watchers on each kind.
async fn under_watch(sandbox: &Sandbox, objects: usize, (pace, crowded, seconds): (Option<u64>, bool, u64)) {
    let watchers = Watchers::open(sandbox, WATCHERS).await;
    let lister = crowded.then(|| load::lists_on(sandbox));
    let (start, used) = (Instant::now(), gauge::cpu());
    let until = start + Duration::from_secs(seconds);
    let writers = [(); 2].map(|()| {
        let writer = Writer::new(sandbox, objects);
        tokio::spawn(load::writes_until(writer, until, pace.map(|pace| Duration::from_nanos(2_000_000_000 / pace))))
    });
    let mut times = Times::default();
    for writer in writers {
        times.extend(writer.await.expect("a writer ends"));
    }
    let written = start.elapsed().as_secs_f64();
    watchers.have(times.len() * WATCHERS).await;
    let (took, cores) = (start.elapsed().as_secs_f64(), (gauge::cpu() - used) / start.elapsed().as_secs_f64());
    let lists = lister.map(load::Lister::ends);
    let (rate, events) = (times.len() as f64 / written, (times.len() * WATCHERS) as f64 / took);
    let how = pace.map_or("as fast as it goes".to_owned(), |pace| format!("{pace} writes/s asked for"));
    let beside = lists.map_or(String::new(), |lists| format!(", {lists} whole lists of pods beside"));
    println!(
        "{} watchers, {how}{beside}: {rate:.0} writes/s, {events:.0} events/s on {cores:.2} cores; a write {times}",
        WATCHERS * Kind::ALL.len()
    );
}
