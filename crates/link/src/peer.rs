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
    /// The stamp of its certificate: a number that only grows, as its authority has it; 0 where it
    /// gave none.
    pub stamp: u64,
}

impl Peer {
    /// The peer with this verified certificate, if it is certified for `purpose`.
    pub(crate) fn for_purpose(certificate: &CertificateDer<'_>, purpose: Purpose) -> Option<Self> {
        let (certified_for, name) = certified(certificate)?;
        (certified_for == purpose).then(|| Self { name, stamp: stamp(certificate) })
    }
}

/// What a certificate is for and whose it is; none unless it names exactly one node.
pub(crate) fn certified(certificate: &CertificateDer<'_>) -> Option<(Purpose, String)> {
    let (_, parsed) = parse_x509_certificate(certificate).ok()?;
    let names = parsed.subject_alternative_name().ok()??;
    let [GeneralName::DNSName(host)] = names.value.general_names[..] else { return None };
    Purpose::of_host(host).map(|(purpose, name)| (purpose, name.to_owned()))
}

fn stamp(certificate: &CertificateDer<'_>) -> u64 {
    let Ok((_, parsed)) = parse_x509_certificate(certificate) else { return 0 };
    let unit = parsed.subject().iter_organizational_unit().next();
    unit.and_then(|unit| unit.as_str().ok()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use rustls::pki_types::pem::PemObject;

    use super::*;
    use crate::authority::{Authority, Issued};

    #[test]
    fn a_certificate_tells_its_stamp() {
        let (now, day) = (SystemTime::now(), Duration::from_secs(86_400));
        let authority = Authority::found("town", now).expect("it has a name");
        let peer = |issued: Issued, purpose| {
            let certificate = CertificateDer::from_pem_slice(issued.certificate.as_bytes());
            Peer::for_purpose(&certificate.expect("it is one"), purpose)
        };
        let issue = |stamp| {
            let issued = authority.issue_stamped("kobe", Purpose::Resource, now, day, stamp);
            issued.expect("it has a name")
        };
        for stamp in [0, 1, 17, u64::MAX] {
            let expected = Some(Peer { name: "kobe".to_owned(), stamp });
            assert_eq!(peer(issue(stamp), Purpose::Resource), expected);
        }
        assert_eq!(peer(issue(17), Purpose::State), None, "it is for something else");
        let plain = authority.issue("kobe", Purpose::Flow, now, day).expect("it has a name");
        assert_eq!(peer(plain, Purpose::Flow).map(|peer| peer.stamp), Some(0));
    }
}
