// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 the libvow authors
//
// tokio, on its current-thread runtime: tokio-peer <w1..w8|echo> [n [rounds]]
// Prints ns_per_op bytes_per_object checksum, as bench.h says; echo is the server of W9 and prints its port.
// Each workload is a spawned task, since what block_on() itself awaits goes through the driver every time.
mod bench;

use std::cell::RefCell;
use std::future::{poll_fn, Future};
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use bench::Bench;

// An await that waits, as one of a settled promise does elsewhere: what is ready does not wait at all, and after
// yield_now() the driver is asked first.
async fn wait_once() {
    let mut has_waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

// A link is a task that awaits the one before it. Boxed futures, each with the one before it inside, take half the
// time, but run nothing by themselves, and need a stack of some hundred bytes a link.
async fn w1(mut bench: Bench) -> Bench {
    bench.begin();
    let (first, receiver) = oneshot::channel::<u64>();
    let mut chain = tokio::spawn(async move { receiver.await.unwrap() + 1 });
    for _ in 1..bench.n {
        chain = tokio::spawn(async move { chain.await.unwrap() + 1 });
    }
    wait_once().await; // they all run, as far as their await
    bench.alive();
    first.send(0).unwrap();
    bench.checksum += chain.await.unwrap();
    bench.end();
    bench
}

async fn w2(mut bench: Bench) -> Bench {
    bench.begin();
    for i in (1..=bench.n).rev() {
        let (sender, receiver) = oneshot::channel::<u64>();
        let then = tokio::spawn(async move { receiver.await.unwrap() });
        sender.send(i).unwrap();
        bench.checksum += then.await.unwrap();
    }
    bench.end();
    bench
}

// What waits for all of them awaits one after the other: cheaper than a JoinSet, and the values come in order.
async fn w3(mut bench: Bench) -> Bench {
    bench.begin();
    let (mut senders, mut receivers) = (bench.array(), bench.array());
    for _ in 0..bench.n {
        let (sender, receiver) = oneshot::channel::<u64>();
        senders.push(sender);
        receivers.push(receiver);
    }
    let all = tokio::spawn(async move {
        let mut values = Vec::with_capacity(receivers.len());
        for receiver in receivers {
            values.push(receiver.await.unwrap());
        }
        values
    });
    for (i, sender) in senders.into_iter().enumerate() {
        sender.send(i as u64).unwrap();
    }
    bench.alive();
    bench.checksum += all.await.unwrap().iter().sum::<u64>();
    bench.end();
    bench
}

async fn w4(mut bench: Bench) -> Bench {
    bench.begin();
    for _ in 0..bench.n {
        wait_once().await;
        bench.checksum += 3;
    }
    bench.end();
    bench
}

async fn child(number: u64) -> u64 {
    wait_once().await;
    number
}

async fn w5(mut bench: Bench) -> Bench {
    bench.begin();
    let mut tasks = bench.array();
    for i in 0..bench.n {
        tasks.push(tokio::spawn(child(i)));
    }
    bench.alive();
    for task in tasks {
        bench.checksum += task.await.unwrap();
    }
    bench.end();
    bench
}

async fn w6(mut bench: Bench) -> Bench {
    let mut seed = 1;
    bench.begin();
    let mut tasks = bench.array();
    for _ in 0..bench.n {
        let us = (bench.n * bench::random(&mut seed)) >> 31;
        tasks.push(tokio::spawn(tokio::time::sleep(Duration::from_micros(us))));
    }
    wait_once().await; // they all run, as far as their await
    bench.alive();
    for task in tasks {
        task.await.unwrap();
        bench.checksum += 1;
    }
    bench.end();
    bench
}

fn skynet(first: u64, leaves: u64) -> JoinHandle<u64> {
    tokio::spawn(async move {
        if leaves == 1 {
            return first;
        }
        let children: Vec<_> = (0..10).map(|i| skynet(first + i * leaves / 10, leaves / 10)).collect();
        let mut sum = 0;
        for child in children {
            sum += child.await.unwrap();
        }
        sum
    })
}

async fn w7(mut bench: Bench) -> Bench {
    bench.begin();
    bench.checksum += skynet(0, bench.n).await.unwrap();
    bench.end();
    bench
}

thread_local! {
    // Fake I/O that completes on the next turn.
    static UNDER_WAY: RefCell<Vec<(oneshot::Sender<u64>, u64)>> = RefCell::new(Vec::new());
}

async fn complete_all() {
    for (sender, value) in UNDER_WAY.with(|every| every.take()) {
        sender.send(value).unwrap();
    }
}

// It is under way when this returns, so that two of them may be awaited one after the other.
fn fake_io(value: u64) -> oneshot::Receiver<u64> {
    let (sender, receiver) = oneshot::channel();
    UNDER_WAY.with(|every| {
        let mut every = every.borrow_mut();
        if every.is_empty() {
            tokio::spawn(complete_all());
        }
        every.push((sender, value));
    });
    receiver
}

async fn upload(id: u64) -> Result<u64, oneshot::error::RecvError> {
    let (blob, file) = (fake_io(id + 1), fake_io(0));
    let (blob, mut file) = (blob.await?, file.await?);
    let version = fake_io(blob + 1).await?;
    if file == 0 {
        let query = fake_io(version + 1).await?;
        file = fake_io(query + 1).await?;
    }
    let inserted = fake_io(file + 1).await?;
    fake_io(inserted + version).await
}

async fn w8(mut bench: Bench) -> Bench {
    bench.begin();
    let mut uploads = bench.array();
    for i in 0..bench.n {
        uploads.push(tokio::spawn(upload(i)));
    }
    wait_once().await;
    bench.alive();
    for upload in uploads {
        bench.checksum += upload.await.unwrap().unwrap();
    }
    bench.end();
    bench
}

async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut bytes = [0; 1024];
    stream.set_nodelay(true)?;
    loop {
        let count = stream.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&bytes[..count]).await?;
    }
}

async fn echo() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(stream));
    }
}

fn measure<W, F>(work: W) -> bool
where
    W: Fn(Bench) -> F,
    F: Future<Output = Bench> + Send + 'static,
{
    let number = |index| std::env::args().nth(index).map(|text| text.parse::<u64>().expect("n and rounds are numbers"));
    let rounds = number(3).unwrap_or(1);
    let mut bench = Bench::new(number(2).unwrap_or(1_000_000));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for _ in 0..rounds {
        bench = runtime.block_on(async { tokio::spawn(work(bench)).await.unwrap() });
    }
    bench.print(rounds);
    true
}

fn main() {
    let known = match std::env::args().nth(1).as_deref() {
        Some("w1") => measure(w1),
        Some("w2") => measure(w2),
        Some("w3") => measure(w3),
        Some("w4") => measure(w4),
        Some("w5") => measure(w5),
        Some("w6") => measure(w6),
        Some("w7") => measure(w7),
        Some("w8") => measure(w8),
        Some("echo") => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(echo()).unwrap();
            true
        }
        _ => false,
    };
    if !known {
        eprintln!("bench: this peer has no such workload");
        std::process::exit(1);
    }
}
