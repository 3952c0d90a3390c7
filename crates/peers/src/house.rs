//! What a node costs that does nothing, and one with very many functions.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::process::Server;
use crate::swell;

/// How long an idle node is watched.
const IDLE: Duration = Duration::from_secs(10);

/// Memory of a node that does nothing, and its CPU time in a second.
pub fn idle(program: &Path, data: &Path) -> Result<(u64, Duration), String> {
    let server = swell::up(program, data, &[])?;
    std::thread::sleep(Duration::from_secs(2));
    let before = server.cpu();
    std::thread::sleep(IDLE);
    let used = server.cpu().saturating_sub(before);
    Ok((server.memory(), used / IDLE.as_secs() as u32))
}

/// A node with many functions.
pub struct Many {
    /// To deploy one of them.
    pub deploy: Duration,
    /// From the start of the process to its first answer.
    pub start: Duration,
    /// To list them all.
    pub list: Duration,
    /// Memory of the node, in bytes.
    pub memory: u64,
}

/// Deploys many functions, starts the node anew, and lists them.
pub fn many(program: &Path, data: &Path, count: u32) -> Result<Many, String> {
    let begun = Instant::now();
    {
        let server = swell::up(program, data, &[])?;
        let mut client = Client::connect(server.port)?;
        for number in 0..count {
            swell::pretend(&mut client, &format!("function-{number}"))?;
        }
    }
    let deploy = begun.elapsed() / count.max(1);
    let server: Server = swell::up(program, data, &[])?;
    let mut client = Client::connect(server.port)?;
    let mut list = Duration::MAX;
    for _ in 0..5 {
        let answer = client.send(http::Method::GET, "/v1/functions", "")?;
        list = list.min(answer.took);
    }
    Ok(Many { deploy, start: server.came_up, list, memory: server.memory() })
}
