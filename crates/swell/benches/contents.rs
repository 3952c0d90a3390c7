//! What a read of a content costs that is answered by this node's copy (causal, in a session), beyond
//! what the gateway costs anyway: `cargo bench --workspace --bench contents`.
//!
//! The whole program runs in a process of its own. One connection is kept alive, and one request
//! is made at a time, now for the content and now for `/healthz`, in turns, so that both see the same
//! machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 200;
/// Requests of a kind in a round.
const REQUESTS: usize = 100;
/// Rounds before anything counts.
const WARMUP: usize = 20;
const BODY_BYTES: usize = 1024;
/// What a local hit may cost beyond the gateway, at the median.
const GOAL: Duration = Duration::from_micros(100);

/// The program, until this is dropped.
struct Node(Child);

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A connection that is kept.
struct Line {
    stream: BufReader<TcpStream>,
    address: String,
}

/// What was answered: the status, the session that came with it, and where it came from.
struct Answer {
    status: u16,
    session: String,
    source: String,
}

impl Line {
    fn ask(&mut self, request: &[u8]) -> Answer {
        self.stream.get_mut().write_all(request).expect("the node listens");
        let (mut line, mut length) = (String::new(), 0);
        let mut answer = Answer { status: 0, session: String::new(), source: String::new() };
        loop {
            line.clear();
            assert_ne!(
                self.stream.read_line(&mut line).expect("the node answers"),
                0,
                "it hung up"
            );
            let text = line.trim_end();
            if answer.status == 0 {
                let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
                answer.status = status.expect("it is HTTP");
                continue;
            }
            let Some((name, value)) = text.split_once(": ") else { break };
            match name {
                "content-length" => length = value.parse().expect("a length"),
                "x-swell-content-session" => answer.session = value.to_string(),
                "x-swell-source" => answer.source = value.to_string(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("all of it comes");
        answer
    }

    fn request(&self, method: &str, path: &str, more: &str, body: &str) -> Vec<u8> {
        let (host, length) = (&self.address, body.len());
        let head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n{more}");
        format!("{head}content-length: {length}\r\n\r\n{body}").into_bytes()
    }
}

fn start(folder: &std::path::Path) -> (Node, Line) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_swell"));
    command.args(["up", "--listen", "127.0.0.1:0", "--memory", "256MiB", "--data", "data"]);
    command.env("SWELL__CACHE__WORKLOADS", "shop").current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut said = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let node = Node(child);
    let serves = said.by_ref().map_while(Result::ok).find(|line| line.contains("serves at"));
    let serves = serves.expect("the node serves");
    // Somebody has to listen, or the node would be stopped by its full pipe.
    std::thread::spawn(move || said.for_each(drop));
    let address = serves.rsplit('/').find(|part| part.contains(':')).expect("an address");
    let stream = TcpStream::connect(address).expect("the node listens");
    stream.set_nodelay(true).expect("a socket");
    (node, Line { stream: BufReader::new(stream), address: address.to_string() })
}

/// The share of times that are at most this long.
fn quantile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * share) as usize]
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_node, mut line) = start(folder.path());
    let put = line.request("PUT", "/v1/content/shop/a", "", &"x".repeat(BODY_BYTES));
    // Its leader may not be elected yet.
    let deadline = Instant::now() + Duration::from_secs(60);
    let session = loop {
        let answer = line.ask(&put);
        if matches!(answer.status, 201 | 204) {
            break answer.session;
        }
        assert!(Instant::now() < deadline, "the content cannot be written: {}", answer.status);
    };
    let session = format!("x-swell-read: causal\r\nx-swell-content-session: {session}\r\n");
    let read = line.request("GET", "/v1/content/shop/a", &session, "");
    let bare = line.request("GET", "/healthz", "", "");
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..WARMUP + ROUNDS {
        for (kind, request) in [&bare, &read].into_iter().enumerate() {
            for _ in 0..REQUESTS {
                let began = Instant::now();
                let answer = line.ask(request);
                let took = began.elapsed();
                assert_eq!(answer.status, 200);
                assert!(kind == 0 || answer.source == "local", "it came from {}", answer.source);
                if round >= WARMUP {
                    times[kind].push(took);
                }
            }
        }
    }
    let mut medians = [Duration::ZERO; 2];
    for (kind, name) in ["the bare gateway (/healthz)", "a local causal hit"].iter().enumerate() {
        let [p50, p99] = [0.5, 0.99].map(|share| quantile(&mut times[kind], share));
        medians[kind] = p50;
        println!("{name:<32} p50 {p50:>8.1?}   p99 {p99:>8.1?}");
    }
    let beyond = medians[1].saturating_sub(medians[0]);
    let word = if beyond < GOAL { "within" } else { "beyond" };
    println!(
        "{:<32} p50 {beyond:>8.1?}   {word} the goal of {GOAL:?}",
        "the hit beyond the gateway"
    );
}
