//! Native processes at the flows of a real node: who puts in, who takes out, who may not, and
//! what happens when one of them, or the node, is killed.

#[path = "../shell/mod.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod shell;
#[path = "../user/node.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod node;
#[path = "../user/wire.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod wire;
mod stage;
mod container;
mod passing;
mod owning;
mod moving;
mod hostile;
mod killed;
mod c_program;
mod containers;
