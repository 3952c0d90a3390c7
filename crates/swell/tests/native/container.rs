//! A container as `docker run` makes one, without a daemon: a process in mount, pid, ipc, net and
//! uts namespaces of its own, whose root holds the program, what that is linked with, and the
//! folder of the node's socket. It has no capabilities and sees no shared `/dev/shm`.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};

use crate::node::until;

/// The variable that says that this machine has namespaces, so that nothing is skipped.
const MUST: &str = "SWELL_TEST_NAMESPACES";
/// What the container is made of besides the program, and who makes it.
const PROGRAMS: [&str; 3] = ["/bin/sh", "/bin/umount", "/usr/bin/setpriv"];
/// Where the socket's folder is inside.
pub(crate) const INSIDE: &str = "/run/swell";

/// Makes the root, goes into it, gives up all rights, and becomes what is to run. The words are the
/// root, the folder or socket to mount, the program, the user, and the files of the image.
const MAKE: &str = r#"
set -e
root=$1 door=$2 program=$3 user=$4; shift 4
mount -t tmpfs -o mode=755 none "$root"
cd "$root"
mkdir -p proc dev/shm run tmp old
mount -t proc proc proc
mount -t tmpfs shm dev/shm
while [ "$1" != -- ]; do
    mkdir -p ".${1%/*}"; : > ".$1"; mount --bind "$1" ".$1"; shift
done; shift
: > swell; mount --bind "$program" swell
if [ -d "$door" ]; then mkdir run/swell; else mkdir run/swell; : > run/swell/flow.sock; fi
if [ -d "$door" ]; then at=run/swell; else at=run/swell/flow.sock; fi
mount --bind "$door" "$at"; mount -o remount,bind,ro "$at"
hostname container
pivot_root . old
exec /bin/sh -c 'umount -l /old; user=$1; shift
    exec setpriv --reuid "${user%:*}" --regid "${user#*:}" --clear-groups --no-new-privs \
        --inh-caps=-all --bounding-set=-all /bin/sh -c '\''"$@"; exit $?'\'' sh "$@"' \
    sh "$user" "$@"
"#;

/// What containers here are made of.
pub(crate) struct Image {
    files: Vec<String>,
    roots: PathBuf,
}

impl Image {
    /// An image; nothing, with the reason printed, where this machine has no namespaces.
    pub(crate) fn new(folder: &Path) -> Option<Self> {
        let made = Command::new("unshare")
            .args(["--mount", "--pid", "--ipc", "--net", "--uts", "--fork", "true"])
            .output();
        let why = match made {
            Ok(made) if made.status.success() => {
                let roots = folder.join("roots");
                std::fs::create_dir_all(&roots).expect("the folder of the test can be written");
                return Some(Self { files: files(), roots });
            }
            Ok(made) => String::from_utf8_lossy(&made.stderr).trim().to_string(),
            Err(error) => format!("`unshare` cannot be run: {error}"),
        };
        assert!(std::env::var_os(MUST).is_none(), "there have to be namespaces: {why}");
        println!("skipped: no namespaces for containers: {why}");
        None
    }

    /// Runs the program, or another, with these words as this user (`uid:gid`), with `door` at
    /// [`INSIDE`] (as `flow.sock` in it, if it is no folder).
    pub(crate) fn run(&self, door: &Path, user: &str, words: &[&str]) -> Container {
        self.run_by(&[], door, user, words)
    }

    /// The same, by way of a program that starts another.
    pub(crate) fn run_by(
        &self,
        way: &[&str],
        door: &Path,
        user: &str,
        words: &[&str],
    ) -> Container {
        let root =
            tempfile::tempdir_in(&self.roots).expect("the folder of the test can be written");
        let make = "unshare --mount --pid --ipc --net --uts --fork --kill-child sh -c";
        let all = way.iter().copied().chain(make.split(' '));
        let all: Vec<&str> = all.chain([MAKE, "make"]).collect();
        let mut command = Command::new(all[0]);
        command.args(&all[1..]).arg(root.path()).arg(door);
        command.args([env!("CARGO_BIN_EXE_swell"), user]).args(&self.files).arg("--").args(words);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("NO_COLOR", "1");
        Container::start(command, root)
    }
}

/// The programs, and all that they and ours are linked with.
fn files() -> Vec<String> {
    let ldd = Command::new("ldd").arg(env!("CARGO_BIN_EXE_swell")).args(PROGRAMS).output();
    let told = String::from_utf8(ldd.expect("`ldd` comes with the C library").stdout);
    let told = told.expect("it is text");
    let linked = told.lines().filter_map(|line| {
        line.split_whitespace().find(|word| word.starts_with('/') && !word.ends_with(':'))
    });
    let mut files: Vec<String> = linked.map(str::to_string).collect();
    files.extend(PROGRAMS.map(str::to_string));
    files.sort();
    files.dedup();
    files
}

/// A container that runs, and the lines that it tells. It is killed with its value.
pub(crate) struct Container {
    maker: Child,
    input: Option<ChildStdin>,
    lines: Arc<Mutex<Vec<String>>>,
    hearing: Vec<JoinHandle<()>>,
    _root: tempfile::TempDir,
}

impl Container {
    fn start(mut command: Command, root: tempfile::TempDir) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut maker = command.spawn().expect("`unshare` starts");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let out = BufReader::new(maker.stdout.take().expect("it is piped"));
        let told = BufReader::new(maker.stderr.take().expect("it is piped"));
        let hearing = vec![hear(out, lines.clone()), hear(told, lines.clone())];
        let input = maker.stdin.take();
        Self { maker, input, lines, hearing, _root: root }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("nobody panics with it").clone()
    }

    /// Writes a line to what runs inside.
    pub(crate) fn write(&mut self, line: &str) {
        let input = self.input.as_mut().expect("it was not closed");
        writeln!(input, "{line}").expect("it reads");
    }

    /// Says that nothing more is written.
    pub(crate) fn close(&mut self) {
        self.input = None;
    }

    /// How it ended, waited for, and all that it told.
    pub(crate) fn ended(&mut self) -> (Option<i32>, Vec<String>) {
        let status =
            until("the container ends", || self.maker.try_wait().expect("it is our child"));
        self.hearing.drain(..).for_each(|thread| thread.join().expect("it only reads"));
        (status.code(), self.lines())
    }

    /// Its first process, as this machine counts them.
    fn init(&self) -> Option<Pid> {
        children(self.maker.id()).first().copied()
    }

    /// What the program has used of the processors, in ticks of the kernel.
    pub(crate) fn processor_ticks(&self) -> Option<u64> {
        let init = self.init()?;
        let program = *children(init.as_raw_nonzero().get().unsigned_abs()).first()?;
        let stat = std::fs::read_to_string(format!("/proc/{program}/stat")).ok()?;
        let (_, rest) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split(' ').collect();
        Some(fields[11].parse::<u64>().ok()? + fields[12].parse::<u64>().ok()?)
    }

    /// Kills its first process, with which the kernel kills all others.
    pub(crate) fn kill(mut self) -> Vec<String> {
        let init = until("its first process is there", || self.init());
        kill_process(init, Signal::KILL).expect("it still runs");
        let (_, lines) = self.ended();
        lines
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if let Some(init) = self.init() {
            // It may have ended by itself.
            let _ = kill_process(init, Signal::KILL);
        }
        let _ = self.maker.kill();
        let _ = self.maker.wait();
    }
}

fn children(of: u32) -> Vec<Pid> {
    let list = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children"));
    let list = list.unwrap_or_default();
    list.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}

fn hear(told: impl BufRead + Send + 'static, lines: Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in told.lines().map_while(Result::ok) {
            lines.lock().expect("nobody panics with it").push(line);
        }
    })
}
