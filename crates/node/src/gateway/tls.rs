//! The gateway's certificate and key, read once.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::settings::TlsSettings;

/// What makes plain connections secret; speaks HTTP/2 and HTTP/1.1.
pub fn acceptor(settings: &TlsSettings) -> Result<TlsAcceptor, String> {
    let chain = CertificateDer::pem_reader_iter(open(&settings.certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unreadable(&settings.certificate, &error))?;
    if chain.is_empty() {
        let path = settings.certificate.display();
        return Err(format!("`{path}` holds no certificate in PEM form"));
    }
    let key = PrivateKeyDer::from_pem_reader(open(&settings.key)?)
        .map_err(|error| unreadable(&settings.key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("cannot set up TLS: {error}"))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| format!("the certificate and the key do not go together: {error}"))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn open(path: &Path) -> Result<BufReader<File>, String> {
    let file = File::open(path);
    let opened: io::Result<_> = file.map(BufReader::new);
    opened.map_err(|error| format!("cannot read `{}`: {error}", path.display()))
}

fn unreadable(path: &Path, error: &rustls::pki_types::pem::Error) -> String {
    format!("`{}` is not PEM: {error}", path.display())
}
