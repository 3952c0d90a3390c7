//! `swell completions`, for shells that finish words.

use clap::Args;
use clap_complete::Shell;

/// Arguments of `swell completions`.
#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell, for example: swell completions bash > /etc/bash_completion.d/swell
    pub shell: Shell,
}
