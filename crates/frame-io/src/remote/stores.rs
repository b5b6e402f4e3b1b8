//! The stores that were reached: each once, with its connections and credentials.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::client::{HttpClient, HttpConnector, ReqwestConnector};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, Result, RetryConfig};

use super::place::{Kind, Place};
use crate::StoreOptions;

/// A request that fails may succeed a moment later: so often it is tried again, and that long.
const RETRIES: usize = 4;
const RETRY_TIME: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Silence that ends a request. The request as a whole may take as long as its bytes take.
const SILENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);

/// The stores behind URLs, made when they are first asked for.
#[derive(Debug)]
pub(super) struct Stores {
    options: StoreOptions,
    made: Mutex<Made>,
}

#[derive(Debug, Default)]
struct Made {
    stores: HashMap<String, Arc<dyn ObjectStore>>,
    /// The connections to all servers of the web.
    web: Option<HttpClient>,
}

impl Stores {
    pub(super) fn new(options: StoreOptions) -> Self {
        Self { options, made: Mutex::default() }
    }

    /// The store of a place.
    pub(super) fn of(&self, place: &Place<'_>) -> Result<Arc<dyn ObjectStore>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = made.stores.get(place.store) {
            return Ok(store.clone());
        }
        let store: Arc<dyn ObjectStore> = match place.kind {
            Kind::Web => Arc::new(web(place.store, &mut made.web)?),
            Kind::S3 => {
                let builder = AmazonS3Builder::new().with_client_options(client()).with_retry(retry()).with_url(place.store);
                Arc::new(with_options(builder, &self.options, AmazonS3Builder::with_config).build()?)
            }
            Kind::Google => {
                let builder = GoogleCloudStorageBuilder::new().with_client_options(client()).with_retry(retry()).with_url(place.store);
                Arc::new(with_options(builder, &self.options, GoogleCloudStorageBuilder::with_config).build()?)
            }
            Kind::Azure => {
                let builder = MicrosoftAzureBuilder::new().with_client_options(client()).with_retry(retry()).with_url(place.store);
                Arc::new(with_options(builder, &self.options, MicrosoftAzureBuilder::with_config).build()?)
            }
        };
        made.stores.insert(place.store.to_owned(), store.clone());
        Ok(store)
    }
}

/// The builder with all options whose names it knows.
fn with_options<B, K: std::str::FromStr>(builder: B, options: &StoreOptions, with: fn(B, K, String) -> B) -> B {
    options.clone().into_iter().fold(builder, |builder, (name, value)| match name.to_ascii_lowercase().parse() {
        Ok(key) => with(builder, key, value),
        Err(_) => builder,
    })
}

/// A "store" of one URL, which is asked for as it is written.
fn web(url: &str, connections: &mut Option<HttpClient>) -> Result<object_store::http::HttpStore> {
    let client = match connections {
        Some(client) => client.clone(),
        None => connections.insert(ReqwestConnector::default().connect(&client().with_allow_http(true))?).clone(),
    };
    HttpBuilder::new().with_url(url).with_retry(retry()).with_http_connector(Connected(client)).build()
}

/// Connections that are there already.
#[derive(Debug)]
struct Connected(HttpClient);

impl HttpConnector for Connected {
    fn connect(&self, _options: &ClientOptions) -> Result<HttpClient> {
        Ok(self.0.clone())
    }
}

fn client() -> ClientOptions {
    ClientOptions::new().with_timeout_disabled().with_read_timeout(SILENCE).with_connect_timeout(CONNECT)
}

fn retry() -> RetryConfig {
    let backoff = BackoffConfig { init_backoff: FIRST_PAUSE, max_backoff: LONGEST_PAUSE, base: 2.0 };
    RetryConfig { backoff, max_retries: RETRIES, retry_timeout: RETRY_TIME }
}
