//! Where a data store is, as people write it, and the objects there.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::memory::InMemory;
use object_store::{ObjectStore, RetryConfig};

use crate::objects::bucket::Bucket;
use crate::objects::connector::Connector;
use crate::objects::folder::Folder;
use crate::objects::seam::Objects;

/// How long a request to a bucket is tried again.
const TRIES_MAX: usize = 2;
const TRYING_MAX: Duration = Duration::from_secs(20);

/// Where a data store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder.
    Folder(PathBuf),
    /// A bucket and a prefix in it, such as `s3://bucket/prefix`.
    Bucket(String),
    /// Nowhere: forgotten with the process.
    Memory,
}

/// Schemes of buckets.
const SCHEMES: [&str; 6] = ["s3://", "s3a://", "az://", "abfs://", "abfss://", "gs://"];

impl Place {
    /// Reads a place; what is no address is a folder.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "memory" {
            return Ok(Self::Memory);
        }
        if SCHEMES.iter().any(|scheme| text.starts_with(scheme)) {
            return Ok(Self::Bucket(text.to_string()));
        }
        if text.contains("://") || text.is_empty() {
            return Err(format!(
                "`{text}` is no data store; name a folder, or a bucket as in `s3://bucket/prefix`, \
                 `az://container/prefix`, `gs://bucket/prefix`"
            ));
        }
        Ok(Self::Folder(text.into()))
    }
}

/// The objects at a place; why not, for who named it. What a bucket needs beside its address is
/// taken from the environment, as other programs take it (`AWS_ACCESS_KEY_ID`,
/// `AWS_ENDPOINT_URL`, `AZURE_STORAGE_ACCOUNT_NAME`, `GOOGLE_SERVICE_ACCOUNT` and so on).
pub fn open(place: &Place) -> Result<Arc<dyn Objects>, String> {
    match place {
        Place::Memory => {
            Ok(Arc::new(Bucket::new(Arc::new(InMemory::new()), "", "the memory of this process")))
        }
        Place::Folder(folder) => open_folder(folder),
        Place::Bucket(address) => open_bucket(address),
    }
}

fn open_folder(folder: &Path) -> Result<Arc<dyn Objects>, String> {
    let opened = Folder::open(folder).map_err(|error| {
        format!("cannot use the folder `{}` as data store: {error}", folder.display())
    })?;
    Ok(Arc::new(opened))
}

fn open_bucket(address: &str) -> Result<Arc<dyn Objects>, String> {
    let retry =
        RetryConfig { max_retries: TRIES_MAX, retry_timeout: TRYING_MAX, ..RetryConfig::default() };
    let built: object_store::Result<Arc<dyn ObjectStore>> = if address.starts_with("gs://") {
        let builder = GoogleCloudStorageBuilder::from_env().with_url(address);
        let builder = builder.with_http_connector(Connector).with_retry(retry);
        builder.build().map(|store| Arc::new(store) as _)
    } else if address.starts_with("s3") {
        let builder = AmazonS3Builder::from_env().with_url(address);
        let builder = builder.with_http_connector(Connector).with_retry(retry);
        builder.build().map(|store| Arc::new(store) as _)
    } else {
        let builder = MicrosoftAzureBuilder::from_env().with_url(address);
        let builder = builder.with_http_connector(Connector).with_retry(retry);
        builder.build().map(|store| Arc::new(store) as _)
    };
    let store = built.map_err(|error| format!("cannot use `{address}` as data store: {error}"))?;
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    let prefix = rest.split_once('/').map_or("", |(_, prefix)| prefix);
    Ok(Arc::new(Bucket::new(store, prefix, &format!("the bucket `{address}`"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_apart() {
        for (text, place) in [
            ("memory", Some(Place::Memory)),
            ("/srv/contents", Some(Place::Folder("/srv/contents".into()))),
            ("s3://bucket/a", Some(Place::Bucket("s3://bucket/a".to_string()))),
            ("ftp://host/a", None),
            ("", None),
        ] {
            assert_eq!(Place::parse(text).ok(), place, "{text}");
        }
    }
}
