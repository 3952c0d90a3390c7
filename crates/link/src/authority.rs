//! The cluster's own certificate authority. Its key is needed where certificates are issued
//! and nowhere else: nodes hold its certificate and their own.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use crate::error::LinkError;
use crate::purpose::{Purpose, check_name};

/// How long the authority itself is good for.
const AUTHORITY_LASTS: Duration = Duration::from_secs(30 * 366 * 24 * 3600);

/// Who vouches for the nodes of one cluster.
pub struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, both as PEM.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// The private key: only its node may read it.
    pub key: String,
}

impl Authority {
    /// A new authority for the cluster called `cluster`, as of `now`.
    pub fn found(cluster: &str, now: SystemTime) -> Result<Self, LinkError> {
        check_name(cluster)?;
        let mut params = params(Vec::new(), &format!("Swell cluster {cluster}"))?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_after = date_time_ymd(1970, 1, 1) + since_epoch(now) + AUTHORITY_LASTS;
        let key = KeyPair::generate().map_err(|error| unmade(&error))?;
        let certificate = params.self_signed(&key).map_err(|error| unmade(&error))?.pem();
        Ok(Self { certificate, issuer: Issuer::new(params, key) })
    }

    /// The authority with this certificate and key, both as PEM.
    pub fn of_pem(certificate: &str, key: &str) -> Result<Self, LinkError> {
        let no = |error: rcgen::Error| {
            LinkError::Unusable(format!("this is no authority's certificate and key: {error}"))
        };
        let key = KeyPair::from_pem(key).map_err(no)?;
        let issuer = Issuer::from_ca_cert_pem(certificate, key).map_err(no)?;
        Ok(Self { certificate: certificate.to_owned(), issuer })
    }

    /// The certificate as PEM, which every node of the cluster has.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The key as PEM.
    #[must_use]
    pub fn key(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// Certifies the node called `name` for `purpose`, from long ago (clocks of boxes are
    /// often behind) until `lasts` from `now`.
    pub fn issue(
        &self,
        name: &str,
        purpose: Purpose,
        now: SystemTime,
        lasts: Duration,
    ) -> Result<Issued, LinkError> {
        self.issue_stamped(name, purpose, now, lasts, 0)
    }

    /// The same with a stamp, by which others tell certificates of earlier and later times apart,
    /// see [`Peer`](crate::peer::Peer).
    pub fn issue_stamped(
        &self,
        name: &str,
        purpose: Purpose,
        now: SystemTime,
        lasts: Duration,
        stamp: u64,
    ) -> Result<Issued, LinkError> {
        check_name(name)?;
        let mut params = params(vec![purpose.host(name)], name)?;
        if stamp > 0 {
            let stamp = stamp.to_string();
            params.distinguished_name.push(DnType::OrganizationalUnitName, stamp);
        }
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.not_after = date_time_ymd(1970, 1, 1) + since_epoch(now) + lasts;
        let key = KeyPair::generate().map_err(|error| unmade(&error))?;
        let made = params.signed_by(&key, &self.issuer).map_err(|error| unmade(&error))?;
        Ok(Issued { certificate: made.pem(), key: key.serialize_pem() })
    }
}

fn params(hosts: Vec<String>, common: &str) -> Result<CertificateParams, LinkError> {
    let mut params = CertificateParams::new(hosts).map_err(|error| unmade(&error))?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common);
    params.not_before = date_time_ymd(2020, 1, 1);
    Ok(params)
}

fn since_epoch(now: SystemTime) -> Duration {
    now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn unmade(error: &rcgen::Error) -> LinkError {
    LinkError::Unusable(format!("cannot make a certificate: {error}"))
}
