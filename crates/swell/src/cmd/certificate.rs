//! Founds the authority of a cluster and certifies its nodes, as files.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use swell_link::authority::Authority;
use swell_link::purpose::Purpose;

use crate::cli::certificate::CertificateCommand;
use crate::error::Letter;
use crate::say::say;

const CERTIFICATE: &str = "authority.pem";
const KEY: &str = "authority.key";

/// Runs `swell certificate`.
pub fn run(command: &CertificateCommand) -> Result<(), Letter> {
    match command {
        CertificateCommand::New { folder, cluster } => {
            let authority = Authority::found(cluster, SystemTime::now()).map_err(unmade)?;
            fs::create_dir_all(folder).map_err(|error| Letter::unwritable(folder, &error))?;
            write(&folder.join(KEY), &authority.key(), true)?;
            write(&folder.join(CERTIFICATE), authority.certificate(), false)?;
            say(format!("{cluster}: its authority is in `{}`", folder.display()));
            Ok(())
        }
        CertificateCommand::Issue { folder, node, purpose, lasts } => {
            let authority =
                Authority::of_pem(&read(&folder.join(CERTIFICATE))?, &read(&folder.join(KEY))?)
                    .map_err(unmade)?;
            let (purpose, lasts) = (Purpose::from(*purpose), Duration::from_nanos(lasts.nanos()));
            let issued =
                authority.issue(node, purpose, SystemTime::now(), lasts).map_err(unmade)?;
            let name = format!("{node}.{}", purpose.word());
            write(&folder.join(format!("{name}.key")), &issued.key, true)?;
            write(&folder.join(format!("{name}.pem")), &issued.certificate, false)?;
            say(format!("{node}: certified for {}, in `{}`", purpose.word(), folder.display()));
            Ok(())
        }
    }
}

fn unmade(error: swell_link::error::LinkError) -> Letter {
    Letter::usage(error.to_string())
}

fn read(path: &Path) -> Result<String, Letter> {
    fs::read_to_string(path).map_err(|error| {
        Letter::failed(format!("cannot read `{}`: {error}", path.display()))
            .hint("`swell certificate new` founds an authority")
    })
}

/// Writes a file that is not there yet; a secret only for its owner.
fn write(path: &Path, text: &str, is_secret: bool) -> Result<(), Letter> {
    let mode = if is_secret { 0o600 } else { 0o644 };
    let opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let written = opened.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Letter::failed(format!("`{}` is there already and was left alone", path.display()))
                .hint("move it away first, or choose another folder or node")
        }
        _ => Letter::unwritable(path, &error),
    })
}
