//! Who a node is towards the others, for one purpose: its certificate and key, and whom it
//! trusts.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::error::LinkError;
use crate::peer::certified;
use crate::purpose::Purpose;

/// The one protocol spoken over links.
const PROTOCOL: &[u8] = b"h2";

/// A node's certificate for one purpose, ready for both ends of a connection.
#[derive(Clone)]
pub struct Identity {
    name: String,
    purpose: Purpose,
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) client: Arc<ClientConfig>,
}

impl Identity {
    /// The identity of these three, all as PEM. A certificate of another authority, of
    /// another key or for no purpose of ours is refused with its reason.
    pub fn of_pem(authority: &str, certificate: &str, key: &str) -> Result<Self, LinkError> {
        let authority = CertificateDer::from_pem_slice(authority.as_bytes())
            .map_err(|error| unusable("the authority's certificate", &error))?;
        let own = CertificateDer::from_pem_slice(certificate.as_bytes())
            .map_err(|error| unusable("the node's certificate", &error))?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|error| unusable("the node's key", &error))?;
        let (purpose, name) = certified(&own).ok_or_else(|| {
            LinkError::Unusable("the node's certificate names no node of a cluster".to_owned())
        })?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(authority).map_err(|error| unusable("the authority's certificate", &error))?;
        let roots = Arc::new(roots);
        let server = server(&provider, &roots, own.clone(), key.clone_key())?;
        let client = client(&provider, &roots, own, key)?;
        Ok(Self { name, purpose, server: Arc::new(server), client: Arc::new(client) })
    }

    /// The node's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the certificate is for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }
}

fn server(
    provider: &Arc<CryptoProvider>,
    roots: &Arc<RootCertStore>,
    own: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, LinkError> {
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone())
        .build()
        .map_err(|error| unusable("the authority's certificate", &error))?;
    let mut config = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| unusable("TLS 1.3", &error))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![own], key)
        .map_err(|error| unusable("the node's certificate with its key", &error))?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(config)
}

fn client(
    provider: &Arc<CryptoProvider>,
    roots: &Arc<RootCertStore>,
    own: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<ClientConfig, LinkError> {
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.clone(), provider.clone())
        .build()
        .map_err(|error| unusable("the authority's certificate", &error))?;
    let mut config = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| unusable("TLS 1.3", &error))?
        .with_webpki_verifier(verifier)
        .with_client_auth_cert(vec![own], key)
        .map_err(|error| unusable("the node's certificate with its key", &error))?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(config)
}

fn unusable(what: &str, error: &dyn std::fmt::Display) -> LinkError {
    LinkError::Unusable(format!("cannot use {what}: {error}"))
}
