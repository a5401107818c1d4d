//! An object store that speaks S3, with its objects in a folder. It can be away.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use server::Config;
use tempfile::TempDir;
use tokio::net::TcpListener;

const KEY_ID: &str = "the id of a key";
const SECRET: &str = "the secret of a key";
const NAME: &str = "broadcasts";

/// A store with one bucket.
pub(crate) struct Bucket {
    folder: TempDir,
    endpoint: String,
    is_away: Arc<AtomicBool>,
}

impl Bucket {
    /// Starts it on a port of the system's choice.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(NAME)).unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(folder.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        let service = builder.build().into_shared();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let is_away = Arc::new(AtomicBool::new(false));
        let away = is_away.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (service, away) = (service.clone(), away.clone());
                let answer = hyper::service::service_fn(move |request| {
                    let (service, is_away) = (service.clone(), away.load(Ordering::Relaxed));
                    async move {
                        if is_away {
                            // As a connection that breaks.
                            return Err(s3s::S3ErrorCode::ServiceUnavailable.into());
                        }
                        hyper::service::Service::call(&service, request).await
                    }
                });
                tokio::spawn(async move {
                    let builder = Builder::new(TokioExecutor::new());
                    _ = builder.serve_connection(TokioIo::new(stream), answer).await;
                });
            }
        });
        Self { folder, endpoint, is_away }
    }

    /// Has a server put recordings into a folder of it.
    pub(crate) fn configure(&self, config: &mut Config) {
        let record = &mut config.record;
        record.to = Some(format!("s3://{NAME}/kept"));
        record.s3_endpoint = Some(self.endpoint.clone());
        record.s3_region = Some("here".into());
        record.s3_key_id = Some(KEY_ID.into());
        record.s3_secret = Some(SECRET.parse().unwrap());
    }

    /// Is away from now on, or no more.
    pub(crate) fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::Relaxed);
    }

    /// The bytes of a file of a recording, if it is there.
    pub(crate) fn object(&self, recording: &str, file: &str) -> Option<Vec<u8>> {
        let path: PathBuf = [NAME, "kept", recording, file].iter().collect();
        std::fs::read(self.folder.path().join(path)).ok()
    }
}
