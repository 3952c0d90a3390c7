//! A process at a flow, as the plays see it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::account::Ack;

/// A process at the flow. It is killed with its value.
pub(crate) struct End(Child);

/// Starts this program in a role, at the node with this socket.
pub(crate) fn start(role: &str, socket: &Path, name: &str, ack: Ack, more: Option<PathBuf>) -> End {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.arg(format!("role:{role}")).arg(socket).arg(name).arg(ack.word()).args(more);
    End(command.stdin(Stdio::null()).spawn().expect("this program can be started again"))
}

impl End {
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = kill_process(Pid::from_child(&self.0), signal);
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("it is our child").is_some()
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
