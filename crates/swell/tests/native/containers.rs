//! Processes in containers at the flows of a node: what `docker run -v FOLDER:/run/swell` gives
//! them, across ends of the node and of containers.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use swell_flow_client::producer::Producer;
use swell_samples::samples;

use crate::container::{Container, INSIDE, Image};
use crate::node::{Node, command, until};
use crate::shell::Folder;
use crate::stage::{FUNCTIONS, PATIENCE, frames};

/// Denies the kernel's wait for several words, as filters of containers do that are older.
const FILTER: &str = r#"
import ctypes, os, struct, sys
words = [(0x20, 0, 0, 0), (0x15, 0, 1, 449), (6, 0, 0, 0x50001), (6, 0, 0, 0x7fff0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *word) for word in words))
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]
program = Program(len(words), ctypes.addressof(code))
if ctypes.CDLL(None).prctl(22, 2, ctypes.byref(program), 0, 0) != 0:
    sys.exit("no filter")
os.execvp(sys.argv[1], sys.argv[1:])
"#;

const SEND: &str = "/swell flow send frames --as sensor --patience 60s";
const RECEIVE: &str = "/swell flow receive frames --as viewer --names --idle 60s --patience 60s";

/// A node whose socket is in a folder of its own.
struct Stage {
    node: Option<Node>,
    folder: Arc<Folder>,
    image: Image,
    words: String,
}

impl Stage {
    /// Nothing where this machine has no namespaces.
    fn new(flow: &str, mode: &str, by: impl FnOnce(&mut Command)) -> Option<Self> {
        let folder = Arc::new(Folder::new());
        let image = Image::new(&folder.0)?;
        std::fs::create_dir(folder.0.join("door")).expect("the folder of the test can be written");
        let words = format!(
            "up --listen 127.0.0.1:0 --memory 1GiB --data data --set flow.socket-mode={mode} --set \
             flow.socket={}/door/flow.sock",
            folder.0.display()
        );
        let mut up = command(&folder, &words);
        by(&mut up);
        let node = Node::by(up, folder.clone());
        node.write("camera.wasm", samples::ECHO);
        node.write("detect.wasm", samples::COLLECT);
        let app = format!("{FUNCTIONS}[[flow]]\nname = \"frames\"\n{flow}");
        node.write("app.toml", app.as_bytes());
        node.fine("deploy -f app.toml");
        Some(Self { node: Some(node), folder, image, words })
    }

    fn node(&self) -> &Node {
        self.node.as_ref().expect("it is up")
    }

    /// Ends the node, at once or in order, and starts the next.
    fn restart(&mut self, in_order: bool) {
        let node = self.node.take().expect("it is up");
        let folder = if in_order { node.stop() } else { node.kill() };
        self.node = Some(Node::by(command(&folder, &self.words), folder));
    }

    fn door(&self) -> PathBuf {
        self.folder.0.join("door")
    }

    /// A container with this command inside, as this user.
    fn run(&self, user: &str, words: &str) -> Container {
        let words = format!("{words} --socket {INSIDE}/flow.sock");
        let words: Vec<&str> = words.split(' ').collect();
        self.image.run(&self.door(), user, &words)
    }
}

/// What came out, under its names: once each, in order and whole.
#[derive(Default)]
struct Effects {
    due: u64,
    again: u64,
}

impl Effects {
    /// Reads the lines of one receiver.
    fn read(&mut self, lines: &[String]) {
        for line in lines {
            let Some((name, payload)) = line.split_once('\t') else { continue };
            let number = name.strip_prefix("native:sensor/").expect("whose it is");
            let number: u64 = number.parse().expect("a number");
            assert_eq!(payload, number.to_string(), "it is whole");
            assert!(number <= self.due, "item {number} came where {} was due", self.due);
            if number == self.due {
                self.due += 1;
            } else {
                self.again += 1;
            }
        }
    }
}

/// How many items came until now, under their names.
fn came(before: &Effects, receiver: &Container) -> u64 {
    let mut effects = Effects { ..*before };
    effects.read(&receiver.lines());
    effects.due
}

#[test]
fn containers_put_in_and_take_out_whatever_ends() {
    let flow = "from = \"native:sensor\"\nto = \"native:viewer\"\nitem = \"256B\"\n";
    let Some(mut stage) = Stage::new(flow, "owner", |_| {}) else { return };
    let mut look = stage.image.run(
        &stage.door(),
        "0:0",
        &[
            "/bin/sh",
            "-c",
            "read name < /proc/sys/kernel/hostname; echo $name; echo /dev/shm/*; \
           echo /* /proc/[0-9]*; : > /run/swell/x",
        ],
    );
    let (code, lines) = look.ended();
    assert_ne!(code, Some(0), "the folder cannot be written: {lines:?}");
    assert!(lines.iter().any(|line| line == "container"), "a name of its own: {lines:?}");
    assert!(lines.iter().any(|line| line == "/dev/shm/*"), "nothing is shared: {lines:?}");
    let all = lines.iter().find(|line| line.starts_with("/bin")).expect("it has a root");
    assert!(!all.contains("/etc") && all.split("/proc/").count() <= 4, "all its own: {all}");

    let (mut sender, mut receiver) = (stage.run("0:0", SEND), stage.run("0:0", RECEIVE));
    let (mut put, mut effects) = (0, Effects::default());
    let mut more = |sender: &mut Container, count: u64| {
        (put..put + count).for_each(|number| sender.write(&number.to_string()));
        put += count;
        put
    };
    // The node ends at once, then in order; containers find the next in the folder.
    for in_order in [false, true] {
        let put = more(&mut sender, 40);
        until("some came", || (came(&effects, &receiver) + 20 >= put).then_some(()));
        stage.restart(in_order);
        let put = more(&mut sender, 40);
        until("all came", || (came(&effects, &receiver) == put).then_some(()));
    }
    // The taking container ends in the middle, and another begins.
    let put = more(&mut sender, 400);
    until("some came", || (came(&effects, &receiver) + 390 >= put).then_some(()));
    effects.read(&receiver.kill());
    receiver = stage.run("0:0", RECEIVE);
    until("all came", || (came(&effects, &receiver) == put).then_some(()));
    // The putting one ends in the middle; what it had put in before is in, as its successor hears.
    let put = more(&mut sender, 400);
    until("some came", || (came(&effects, &receiver) + 390 >= put).then_some(()));
    sender.kill();
    let successor = Producer::connect(stage.door().join("flow.sock"), "frames", "sensor", PATIENCE);
    let accepted = successor.expect("it may take part").next();
    assert!(accepted <= put, "{accepted} of {put}");
    until("all of that came", || (came(&effects, &receiver) == accepted).then_some(()));
    let mut sender = stage.run("0:0", SEND);
    (accepted..accepted + 20).for_each(|number| sender.write(&number.to_string()));
    sender.close();
    let (code, told) = sender.ended();
    assert_eq!(code, Some(0), "{told:?}");
    until("all came", || (came(&effects, &receiver) == accepted + 20).then_some(()));
    effects.read(&receiver.kill());
    assert_eq!(effects.due, accepted + 20, "each once and in order");
    stage.node.take().expect("it is up").stop();
}

#[test]
fn a_socket_mounted_by_itself_ends_with_its_node_and_the_reason_is_told() {
    let flow = "from = \"native:sensor\"\nto = \"native:viewer\"\n";
    let Some(mut stage) = Stage::new(flow, "owner", |_| {}) else { return };
    let socket = stage.door().join("flow.sock");
    let words = format!("{} --socket {INSIDE}/flow.sock", SEND.replace("60s", "3s"));
    let words: Vec<&str> = words.split(' ').collect();
    let mut sender = stage.image.run(&socket, "0:0", &words);
    sender.write("1");
    until("it takes part", || {
        (frames(stage.node())["items"]["put"].as_u64() == Some(1)).then_some(())
    });
    stage.restart(false);
    sender.write("2");
    sender.close();
    let (code, told) = sender.ended();
    assert_eq!(code, Some(1), "{told:?}");
    assert!(told.iter().any(|line| line.contains("mount the folder that it is in")), "{told:?}");
    stage.node.take().expect("it is up").stop();
}

#[test]
fn the_group_of_the_node_takes_part_from_a_container_and_no_other() {
    let flow = "from = \"native:sensor\"\nto = \"native:viewer\"\n";
    let Some(stage) = Stage::new(flow, "group", |up| {
        up.gid(4_242);
    }) else {
        return;
    };
    let mut stranger = stage.run("1234:1234", "/swell flow send frames --as sensor --patience 1ms");
    stranger.close();
    let (code, told) = stranger.ended();
    assert_eq!(code, Some(1), "{told:?}");
    assert!(told.iter().any(|line| line.contains("Permission denied")), "{told:?}");
    let mut sender = stage.run("1234:4242", SEND);
    let receiver = stage.run("4321:4242", RECEIVE);
    (0..50).for_each(|number| sender.write(&number.to_string()));
    sender.close();
    let (code, told) = sender.ended();
    assert_eq!(code, Some(0), "{told:?}");
    until("all came", || (came(&Effects::default(), &receiver) == 50).then_some(()));
    let shown = frames(stage.node());
    // The sender may not be missed yet.
    let mut natives = shown["natives"].as_array().into_iter().flatten();
    let viewer = natives.find(|native| native["name"] == "native:viewer");
    let viewer = viewer.unwrap_or_else(|| panic!("{shown:#}"));
    assert_eq!((&viewer["uid"], viewer["pid"].is_u64()), (&4_321.into(), true), "{viewer}");
    drop(receiver);
    stage.node.expect("it is up").stop();
}

#[test]
fn a_node_in_a_container_is_reached_from_another() {
    let flow = "from = \"native:sensor\"\nto = \"native:viewer\"\n";
    let Some(stage) = Stage::new(flow, "owner", |up| {
        let mut inside = Command::new("unshare");
        inside.args(["--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]);
        inside.args(["--mount-proc", "--"]).arg(up.get_program()).args(up.get_args());
        inside.current_dir(up.get_current_dir().expect("it has one"));
        for (name, value) in up.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        *up = inside;
    }) else {
        return;
    };
    let mut sender = stage.run("0:0", SEND);
    let receiver = stage.run("0:0", RECEIVE);
    (0..50).for_each(|number| sender.write(&number.to_string()));
    until("all came", || (came(&Effects::default(), &receiver) == 50).then_some(()));
    let shown = stage.node().fine("flow show frames").out;
    assert!(shown.contains("a process in another container, of user 0"), "{shown}");
    assert!(frames(stage.node())["natives"][0]["pid"].is_null());
}

#[test]
fn a_filter_that_knows_no_wait_for_several_words_costs_no_processor() {
    let flow = "from = \"native:sensor\"\nto = \"native:viewer\"\n";
    let Some(stage) = Stage::new(flow, "owner", |_| {}) else { return };
    if Command::new("python3").args(["-c", ""]).status().is_err() {
        println!("skipped: there is no `python3` to set a filter of system calls with");
        return;
    }
    let words = format!("{RECEIVE} --socket {INSIDE}/flow.sock");
    let words: Vec<&str> = words.split(' ').collect();
    let way = ["python3", "-c", FILTER];
    let receiver = stage.image.run_by(&way, &stage.door(), "0:0", &words);
    let mut sender = stage.run("0:0", SEND);
    for number in 0..20 {
        sender.write(&number.to_string());
        until("it came", || (came(&Effects::default(), &receiver) > number).then_some(()));
    }
    // One that looked again and again would use whatever it gets of a processor, which is not
    // little even on a busy machine; and one that sleeps cannot use much.
    let used = || receiver.processor_ticks().expect("it runs");
    let (before, begun) = (used(), std::time::Instant::now());
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    let (used, passed) = (used() - before, begun.elapsed());
    let ticks = passed.as_millis() / 10;
    assert!(u128::from(used) * 4 < ticks, "it used {used} of {ticks} ticks while nothing came");
    stage.node.expect("it is up").stop();
}
