//! Who is at the other end of a connection, as its certificate says.

use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

use crate::purpose::Purpose;

/// The node at the other end, authenticated. Handlers find it among a request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its name.
    pub name: String,
}

impl Peer {
    /// The peer with this verified certificate, if it is certified for `purpose`.
    pub(crate) fn for_purpose(certificate: &CertificateDer<'_>, purpose: Purpose) -> Option<Self> {
        let (certified_for, name) = certified(certificate)?;
        (certified_for == purpose).then_some(Self { name })
    }
}

/// What a certificate is for and whose it is; none unless it names exactly one node.
pub(crate) fn certified(certificate: &CertificateDer<'_>) -> Option<(Purpose, String)> {
    let (_, parsed) = parse_x509_certificate(certificate).ok()?;
    let names = parsed.subject_alternative_name().ok()??;
    let [GeneralName::DNSName(host)] = names.value.general_names[..] else { return None };
    Purpose::of_host(host).map(|(purpose, name)| (purpose, name.to_owned()))
}
