//! Objects in a bucket: anything that `object_store` reaches and that puts on a condition (S3
//! and what speaks like it, Azure, Google Cloud, memory).

use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{
    Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion,
};

use crate::objects::seam::{Condition, Doing, Found, Mark, ObjectError, Objects, Put};

/// Objects in a bucket, below a prefix.
pub struct Bucket {
    store: Arc<dyn ObjectStore>,
    prefix: String,
    words: String,
}

impl Bucket {
    /// The objects of a bucket whose keys begin with `prefix`; `words` say where that is.
    pub fn new(store: Arc<dyn ObjectStore>, prefix: &str, words: &str) -> Self {
        let prefix = prefix.trim_matches('/').to_string();
        Self { store, prefix, words: words.to_string() }
    }

    fn path(&self, key: &str) -> Path {
        Path::from(format!("{}/{key}", self.prefix))
    }

    fn trouble(&self, error: &Error) -> ObjectError {
        ObjectError::Unavailable(format!("{}: {error}", self.words))
    }
}

impl Objects for Bucket {
    fn get<'a>(&'a self, key: &'a str) -> Doing<'a, Option<Found>> {
        Box::pin(async move {
            let got = match self.store.get(&self.path(key)).await {
                Ok(got) => got,
                Err(Error::NotFound { .. }) => return Ok(None),
                Err(error) => return Err(self.trouble(&error)),
            };
            let (e_tag, version) = (got.meta.e_tag.clone(), got.meta.version.clone());
            let bytes = got.bytes().await.map_err(|error| self.trouble(&error))?;
            Ok(Some(Found { bytes, mark: Mark { e_tag, version } }))
        })
    }

    fn put<'a>(&'a self, key: &'a str, bytes: Bytes, condition: Condition) -> Doing<'a, Put> {
        Box::pin(async move {
            let mode = match condition {
                Condition::Absent => PutMode::Create,
                Condition::Is(Mark { e_tag, version }) => {
                    PutMode::Update(UpdateVersion { e_tag, version })
                }
            };
            let options = PutOptions { mode, ..PutOptions::default() };
            let path = self.path(key);
            match self.store.put_opts(&path, PutPayload::from(bytes), options).await {
                Ok(_) => Ok(Put::Done),
                Err(
                    Error::AlreadyExists { .. }
                    | Error::Precondition { .. }
                    | Error::NotFound { .. },
                ) => Ok(Put::Differs),
                Err(error) => Err(self.trouble(&error)),
            }
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> Doing<'a, ()> {
        Box::pin(async move {
            match self.store.delete(&self.path(key)).await {
                Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(self.trouble(&error)),
            }
        })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> Doing<'a, Vec<String>> {
        Box::pin(async move {
            let path = self.path(prefix);
            let listed = self.store.list_with_delimiter(Some(&path)).await;
            let listed = listed.map_err(|error| self.trouble(&error))?;
            let names = listed.objects.iter().filter_map(|about| about.location.filename());
            let mut names: Vec<String> = names.map(str::to_string).collect();
            names.sort_unstable();
            Ok(names)
        })
    }

    fn describe(&self) -> String {
        self.words.clone()
    }
}
