//! `swell certificate`: who vouches for the nodes of a cluster.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use swell_core::time::Span;
use swell_link::purpose::Purpose;

const EXAMPLES: &str = "\
Nodes know each other by certificates of one authority. Its key is needed where certificates are
issued and nowhere else.

Examples:
  swell certificate new keys --cluster shops
  swell certificate issue keys berlin --for content
  # then, on berlin: cache.authority=authority.pem, cache.certificate=berlin.content.pem,
  # cache.key=berlin.content.key";

/// Arguments of `swell certificate`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CertificateArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: CertificateCommand,
}

/// What to do about certificates.
#[derive(Debug, Subcommand)]
pub enum CertificateCommand {
    /// Found the authority of a cluster, in a folder that has none
    New {
        /// The folder
        folder: PathBuf,
        /// What the cluster is called
        #[arg(long, value_name = "NAME")]
        cluster: String,
    },
    /// Certify a node, into files beside the authority's
    Issue {
        /// The folder of the authority
        folder: PathBuf,
        /// The node
        node: String,
        /// What the certificate is for
        #[arg(long = "for", value_name = "PURPOSE")]
        purpose: For,
        /// How long it is good for
        #[arg(long, value_name = "SPAN", default_value = "8760h")]
        lasts: Span,
    },
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum For {
    /// Contents and the messages of cache groups
    Content,
    /// Items of FIFOs that move to another node
    Flow,
    /// The log of the sites, and transfers of workloads
    Resource,
    /// Who is there and how it is
    State,
}

impl From<For> for Purpose {
    fn from(purpose: For) -> Self {
        match purpose {
            For::Content => Self::Content,
            For::Flow => Self::Flow,
            For::Resource => Self::Resource,
            For::State => Self::State,
        }
    }
}
