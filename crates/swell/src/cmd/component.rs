//! Makes components of modules, and prints what both may import.

use std::path::Path;

use swell_componentize::interfaces::{Version, text};
use swell_componentize::module::ModuleError;
use swell_componentize::wrap::{WrapError, wrap};

use crate::cli::component::ComponentCommand;
use crate::error::Letter;
use crate::figure::bytes;
use crate::output::to_stdout;
use crate::say::say;

/// Runs `swell component`.
pub fn run(command: &ComponentCommand) -> Result<(), Letter> {
    match command {
        ComponentCommand::Wrap { module, output } => wrap_file(module, output),
        ComponentCommand::Wit { wasi } => {
            let version = Version::parse(wasi).ok_or_else(|| {
                Letter::usage(format!("`{wasi}` is no version of WASI 0.2"))
                    .hint("write one such as `--wasi 0.2.0`")
            })?;
            to_stdout(|out| out.write_all(text(version).as_bytes()))
        }
    }
}

fn wrap_file(source: &Path, target: &Path) -> Result<(), Letter> {
    let shown = source.display();
    let module = std::fs::read(source)
        .map_err(|error| Letter::failed(format!("cannot read the module `{shown}`: {error}")))?;
    let component = wrap(&module).map_err(|error| refusal(source, &error))?;
    std::fs::write(target, &component).map_err(|error| Letter::unwritable(target, &error))?;
    let size = bytes(component.len() as u64);
    say(format!("wrote the component `{}`, {size}", target.display()));
    Ok(())
}

fn refusal(source: &Path, error: &WrapError) -> Letter {
    let letter = Letter::failed(format!("cannot wrap `{}`: {error}", source.display()));
    match error {
        WrapError::Module(ModuleError::Component) => {
            letter.hint(format!("`swell deploy {}`", source.display()))
        }
        WrapError::Module(ModuleError::Preview(_)) => letter.hint(
            "build it for WASI 0.2, such as Rust's target wasm32-wasip2; a command of WASI that \
             reads a request and writes an answer can be deployed as it is",
        ),
        WrapError::Module(_) => letter,
        WrapError::Unfit(_) => letter.hint(
            "`swell component wit` prints what can be imported; a function exports \
             `wasi:http/incoming-handler@0.2.0#handle`, `memory` and `cabi_realloc`",
        ),
    }
}
