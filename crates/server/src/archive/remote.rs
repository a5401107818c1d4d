//! The object store that recordings go to: a bucket that is spoken to as S3.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, TryStreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, Checksum};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{
    BackoffConfig, Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload,
    RetryConfig,
};

use crate::config::{ConfigError, Record};

/// How long one request is tried again before its file waits.
const RETRY_FOR: Duration = Duration::from_secs(30);

/// The most requests that are tried again for one part.
const MAX_RETRIES: usize = 5;

/// A bucket, or a folder of one. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    store: Arc<AmazonS3>,
    folder: Path,
}

/// A piece of an object, as it comes.
pub(crate) struct Piece {
    /// Which bytes they are.
    pub(crate) range: Range<u64>,
    /// The bytes of the whole object.
    pub(crate) size: u64,
    pub(crate) bytes: Box<dyn Stream<Item = Result<axum::body::Bytes, Error>> + Send + Unpin>,
}

impl Remote {
    /// The store that the settings name, if they name one. Nothing is asked of it.
    ///
    /// # Errors
    /// When the settings name no bucket, or contradict each other.
    pub(crate) fn of(record: &Record) -> Result<Option<Self>, ConfigError> {
        let Some(to) = &record.to else { return Ok(None) };
        let invalid = |why: String| ConfigError::Invalid(format!("record.to: {why}"));
        let (bucket, folder) = to
            .strip_prefix("s3://")
            .map(|it| it.split_once('/').unwrap_or((it, "")))
            .filter(|(bucket, _)| !bucket.is_empty())
            .ok_or_else(|| {
                invalid(format!("{to:?} is not as s3://BUCKET or s3://BUCKET/FOLDER"))
            })?;
        let folder = Path::parse(folder.trim_matches('/')).map_err(|it| invalid(it.to_string()))?;
        let backoff =
            BackoffConfig { max_backoff: Duration::from_secs(5), ..BackoffConfig::default() };
        let retry = RetryConfig { backoff, max_retries: MAX_RETRIES, retry_timeout: RETRY_FOR };
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_retry(retry)
            .with_checksum_algorithm(Checksum::SHA256);
        if let Some(endpoint) = &record.s3_endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let endpoint = builder.get_config_value(&AmazonS3ConfigKey::Endpoint);
        // Whoever names an address without TLS means it.
        if endpoint.is_some_and(|it| it.starts_with("http://")) {
            builder = builder.with_allow_http(true);
        }
        if let Some(region) = &record.s3_region {
            builder = builder.with_region(region);
        }
        if let Some(id) = &record.s3_key_id {
            builder = builder.with_access_key_id(id);
        }
        if let Some(secret) = &record.s3_secret {
            builder = builder.with_secret_access_key(&secret.0);
        }
        let store = builder.build().map_err(|it| invalid(it.to_string()))?;
        Ok(Some(Self { store: Arc::new(store), folder }))
    }

    /// Where a file of a recording is.
    pub(crate) fn path(&self, recording: &str, file: &str) -> Path {
        self.folder.clone().join(recording).join(file)
    }

    /// Puts a small file there.
    pub(super) async fn put(&self, path: &Path, bytes: Vec<u8>) -> Result<(), Error> {
        self.store.put(path, PutPayload::from(bytes)).await.map(drop)
    }

    /// Begins a file that comes in parts; its id.
    pub(super) async fn begin(&self, path: &Path) -> Result<String, Error> {
        self.store.create_multipart(path).await
    }

    /// Puts one part there: the `n`th from 0 on, in any order.
    pub(super) async fn put_part(
        &self,
        path: &Path,
        id: &String,
        n: usize,
        bytes: Vec<u8>,
    ) -> Result<PartId, Error> {
        self.store.put_part(path, id, n, PutPayload::from(bytes)).await
    }

    /// Makes a file of its parts, in their order.
    pub(super) async fn complete(
        &self,
        path: &Path,
        id: &String,
        parts: Vec<PartId>,
    ) -> Result<(), Error> {
        self.store.complete_multipart(path, id, parts).await.map(drop)
    }

    /// Gives up the parts that are there.
    pub(super) async fn abort(&self, path: &Path, id: &String) -> Result<(), Error> {
        self.store.abort_multipart(path, id).await
    }

    /// The bytes of a file that is there.
    pub(super) async fn size(&self, path: &Path) -> Result<u64, Error> {
        Ok(self.store.head(path).await?.size)
    }

    /// Reads a file, or a piece of it.
    pub(crate) async fn get(&self, path: &Path, range: Option<GetRange>) -> Result<Piece, Error> {
        let options = GetOptions { range, ..GetOptions::default() };
        let found = self.store.get_opts(path, options).await?;
        let (range, size) = (found.range.clone(), found.meta.size);
        Ok(Piece { range, size, bytes: Box::new(found.into_stream()) })
    }

    /// Deletes all files of a recording.
    pub(super) async fn delete(&self, recording: &str) -> Result<(), Error> {
        let folder = self.folder.clone().join(recording);
        let found: Vec<Path> =
            self.store.list(Some(&folder)).map_ok(|it| it.location).try_collect().await?;
        for path in found {
            self.store.delete(&path).await?;
        }
        Ok(())
    }
}
