//! The `swell` program. All it does stands in the library beside it, where tests can look.

use std::process::ExitCode;

fn main() -> ExitCode {
    swell::start::main()
}
