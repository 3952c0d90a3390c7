//! What making and moving a FIFO costs: from the pool, to another owner, to look at many. How long a
//! node takes to hand one over, from its order to the next owner's call, `handed` in `swell-node` tells.

use std::io::{BufReader, BufWriter};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use swell_fifo::class::Class;
use swell_fifo::fifo::Fifo;
use swell_fifo::layout::region;
use swell_fifo::mapping::Mapping;
use swell_fifo::owner::{Begun, Heir, Next};
use swell_fifo::pool::Sharing;
use swell_fifo::producer::Producer;
use swell_fifo::refusal::PushError;
use swell_fifo::template::Segment;
use swell_fifo::transfer::{export, import};

use crate::{making, measure, ours, table};

pub(crate) fn print() {
    measure::unpin();
    println!("\nmaking and moving{:>22} {:>10}", "p50 us", "p99 us");
    for class in [Class::MIN, Class::holding(1 << 20, 0).expect("there is one"), Class::MAX] {
        let size = class.bytes() >> 10;
        row(&format!("make for functions, {size} KiB"), making::for_functions(class));
        row(&format!("make for processes, {size} KiB"), making::for_processes(class));
    }
    if table::is_real_time() {
        // Its threads never stop, so nothing else would run beside them.
        println!("  hand over: run `-- moving` at ordinary priority");
    } else {
        row("hand over between threads, busy", hand_over(300));
    }
    let (bytes, nanos) = send_away();
    println!(
        "  to another node, {} MiB over loopback {:>14.0}",
        bytes >> 20,
        nanos as f64 / 1000.0
    );
    let (many, nanos) = look_at_many(10_000);
    println!("  look at {many} FIFOs {:>17.1}", nanos as f64 / 1000.0);
}

fn row(name: &str, mut nanos: Vec<u64>) {
    nanos.sort_unstable();
    let quantile = |share: f64| nanos[((nanos.len() - 1) as f64 * share) as usize] as f64 / 1000.0;
    println!("  {name:<30} {:>7.1} {:>10.1}", quantile(0.5), quantile(0.99));
}

/// From the daemon's word to the first item in the hands of the new owner, with a producer
/// that never stops.
fn hand_over(count: usize) -> Vec<u64> {
    let (mut fifo, [control, region, page]) = ours::fifo(64);
    let (news, pages) = mpsc::channel::<Mapping>();
    let (stop, stopped) = mpsc::channel::<()>();
    let mut producer =
        Producer::open(control.memory.clone(), 0, region.memory.clone(), page.memory.clone())
            .expect("sound");
    let filling = thread::spawn(move || {
        while stopped.try_recv().is_err() {
            match producer.push(&[7; 64]) {
                Ok(()) => {}
                Err(PushError::Full) => {
                    let _ = producer.wait(64, Some(Duration::from_millis(1)));
                }
                // The pages of all epochs come in order; the daemon sends no more at the end.
                Err(_) => pages.recv().map_or((), |page| producer.announce(page).expect("sound")),
            }
        }
    });
    let lanes = || vec![vec![region.memory.clone()]];
    let own = |page: Mapping, before: Option<Mapping>| {
        let mut heir = Heir::new(control.memory.clone(), page, before, lanes()).expect("sound");
        heir.set_spins(2000);
        let (first, began) = mpsc::channel();
        thread::spawn(move || {
            let mut heir = heir;
            let mut owner = loop {
                match heir.begin().expect("sound") {
                    Begun::Owner(owner) => break owner,
                    Begun::NotYet(again) => heir = again,
                    Begun::Revoked => return,
                }
                heir.wait(None);
            };
            owner.set_spins(2000);
            let mut first = Some(first);
            let mut bytes = Vec::new();
            loop {
                match owner.take().expect("sound") {
                    Next::Item(item) => {
                        let _ = item.copy_to(&mut bytes);
                        if let Some(first) = first.take() {
                            let _ = first.send(Instant::now());
                        }
                        owner.commit();
                    }
                    Next::Empty => owner.wait(None),
                    Next::Revoked => return owner.release(),
                }
            }
        });
        began
    };
    let began = own(page.memory.clone(), None);
    began.recv().expect("it begins");
    let mut before = page.memory.clone();
    let mut times = Vec::new();
    for _ in 0..count {
        let next = Segment::page(Sharing::Processes).expect("memory");
        fifo.prepare(next.memory.clone());
        let _ = news.send(next.memory.clone());
        let began = own(next.memory.clone(), Some(before));
        // The heir is waiting by then; preparing is not part of the pause.
        thread::sleep(Duration::from_micros(300));
        let start = Instant::now();
        fifo.raise(1);
        let first: Instant = began.recv().expect("it begins");
        times.push((first - start).as_nanos() as u64);
        before = next.memory.clone();
        fifo.forget();
    }
    let _ = stop.send(());
    drop(news);
    filling.join().expect("it ends");
    let last = Segment::page(Sharing::Processes).expect("memory");
    fifo.prepare(last.memory.clone());
    fifo.raise(0);
    times
}

/// Nanoseconds to read what there is to know of so many FIFOs, each with pages of its own.
fn look_at_many(count: usize) -> (usize, u64) {
    let heap = |size| swell_fifo::heap::Heap::new(size);
    let fifos: Vec<_> = (0..count)
        .map(|_| {
            let page = heap(4096);
            let mut fifo = Fifo::new(heap(4096), 1, false, vec![heap(4096 + 128)]);
            fifo.prepare(page);
            fifo.raise(1);
            fifo.take_over().expect("sound");
            fifo
        })
        .collect();
    let look = || {
        let start = Instant::now();
        let sum: u64 = fifos
            .iter()
            .map(|fifo| fifo.lane(0).tail ^ fifo.owner().items)
            .fold(0, u64::wrapping_add);
        (start.elapsed().as_nanos() as u64, sum)
    };
    let mut times: Vec<u64> = (0..11).map(|_| std::hint::black_box(look()).0).collect();
    times.sort_unstable();
    (count, times[5])
}

/// Nanoseconds from the fence to the first item in the hands of the owner there, with 64 MiB
/// unread in five lanes, and the producers' numbers taken along.
fn send_away() -> (u64, u64) {
    const LANES: usize = 5;
    const ITEMS: usize = 205;
    let page = || Segment::page(Sharing::Processes).expect("memory").memory;
    let region = || {
        let size = region::DATA + Class::MAX.bytes() as usize;
        Segment::new("region", size).expect("memory").memory
    };
    let (control, first) = (page(), page());
    let regions: Vec<Mapping> = (0..LANES).map(|_| region()).collect();
    let mut here = Fifo::new(control.clone(), 1, false, regions.clone());
    here.prepare(first.clone());
    here.raise(1);
    here.take_over().expect("sound");
    let item = vec![7; 64 << 10];
    for (lane, region) in regions.iter().enumerate() {
        let mut producer =
            Producer::open(control.clone(), lane, region.clone(), first.clone()).expect("sound");
        (0..ITEMS).for_each(|_| producer.push(&item).expect("room"));
    }
    // There, all is made beforehand, as templates are.
    let (control, first, second) = (page(), page(), page());
    let regions: Vec<Mapping> = (0..LANES).map(|_| region()).collect();
    let mut there = Fifo::new(control.clone(), 1, false, regions.clone());
    let door = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = door.local_addr().expect("it is bound");
    let start = Instant::now();
    let sending = thread::spawn(move || {
        here.send_away(page());
        let mut to =
            BufWriter::with_capacity(1 << 20, TcpStream::connect(address).expect("it listens"));
        export(&here, 1, &mut to).expect("it arrives");
    });
    let (from, _) = door.accept().expect("it comes");
    let mut from = BufReader::with_capacity(1 << 20, from);
    import(&mut there, first, &mut from, |_| None).expect("it comes whole");
    there.prepare(second.clone());
    there.raise(1);
    there.take_over().expect("sound");
    let lanes = regions.into_iter().map(|region| vec![region]).collect();
    let heir = Heir::new(control, second, None, lanes).expect("sound");
    let Ok(Begun::Owner(mut owner)) = heir.begin() else { panic!("positions are given") };
    assert!(matches!(owner.take(), Ok(Next::Item(_))));
    let nanos = start.elapsed().as_nanos() as u64;
    sending.join().expect("it ends");
    let count = owner.drain(usize::MAX, |_| {}).expect("sound");
    assert_eq!(count + 1, LANES * ITEMS, "nothing is lost");
    ((LANES * ITEMS * item.len()) as u64, nanos)
}
