//! The running engine: everything wired together once. Tests build the same.

use crate::command_gateway::CommandGateway;
use crate::erasure::{self, EraseError};
use crate::payments::Payments;
use crate::shops::Shops;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use teiki_infrastructure::clock::Clock;
use teiki_infrastructure::config::Config;
use teiki_infrastructure::event_store::{
    EventStore, LogReader, Sequencer, SequencerError, Storage, StorageError, StorageOptions,
};
use teiki_infrastructure::key_ring::{KeyError, KeyRing};
use teiki_infrastructure::mailer::{Mailer, MailerError};
use teiki_infrastructure::paygent::{Transport, TransportConfig, TransportError};
use teiki_infrastructure::serial_numbers::SerialNumbers;
use teiki_infrastructure::store_id::{self, StoreIdError};
use teiki_projections::{ProjectionError, Projections};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Longest time a reader waits for the tables to show what was just written.
const SETTLE_WITHIN: Duration = Duration::from_secs(120);
/// The projections that workers take their work from.
const WORK: [&str; 2] = ["due_renewals", "payment_work"];

/// Why the engine cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The way to Paygent.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The way out for mails.
    #[error(transparent)]
    Mailer(#[from] MailerError),
    /// The store's name.
    #[error(transparent)]
    StoreId(#[from] StoreIdError),
    /// An erasure that was interrupted cannot be finished.
    #[error(transparent)]
    Erasure(Box<EraseError>),
    /// The tables.
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    /// The log.
    #[error(transparent)]
    Sequencer(#[from] SequencerError),
    /// A shop cannot be set up.
    #[error("the shop cannot be set up: {0}")]
    SetUp(String),
    /// The folder of an embedded store.
    #[error("the folder {path} cannot be made: {reason}")]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// The engine.
pub struct App {
    /// What the deployer set.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// The store.
    pub storage: Storage,
    /// The log in global order.
    pub log: LogReader,
    /// Gives committed events their place in the log.
    pub sequencer: Sequencer,
    /// The tables.
    pub projections: Projections,
    /// The door for writing.
    pub gateway: CommandGateway,
    /// Shop settings and the way to Paygent.
    pub shops: Shops,
    /// The payment process.
    pub payments: Payments,
    /// Serial numbers of transactions and subscriptions.
    pub serials: SerialNumbers,
    /// Keys for personal data and secrets.
    pub keys: KeyRing,
    /// The way out for mails; none: they wait.
    pub mailer: Option<Mailer>,
    notices: Notify,
    webhooks: Notify,
    stop: CancellationToken,
    work: TaskTracker,
    /// What keeps the tables current ends last, since ending work still waits for tables.
    stop_following: CancellationToken,
    following: TaskTracker,
}

impl App {
    /// Opens the store, wires everything and starts what keeps the tables current.
    pub async fn start(config: Config, clock: Clock) -> Result<Arc<Self>, AppError> {
        // Both rustls users of this process take the same provider; a second call finds it set, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        crate::metrics::install();
        let mailer = Mailer::open(&config)?;
        make_folder(config.database_url.expose())?;
        let options = StorageOptions { connections: config.concurrency as u32 + 8, ..StorageOptions::default() };
        let storage = Storage::open(config.database_url.expose(), &options).await?;
        // From the first day, so that every copy of the store is known as one of it.
        store_id::of(&storage).await?;
        let keys = KeyRing::open(storage.clone(), &config.key_file).await?;
        let transport = if config.paygent_url.is_empty() {
            None
        } else {
            Some(Arc::new(Transport::new(&TransportConfig {
                base_url: config.paygent_url.clone(),
                client_certificate: config.paygent_client_certificate.clone(),
                ca_certificate: config.paygent_ca.clone(),
                timeout: config.paygent_timeout(),
                connect_timeout: (config.paygent_timeout() / 2).min(TransportConfig::DEFAULT_CONNECT_TIMEOUT),
            })?))
        };
        let store = EventStore::new(storage.clone());
        let log = LogReader::new(storage.clone());
        let sequencer = Sequencer::new(store.clone());
        let projections = Projections::open(storage.clone(), log.clone()).await?;
        let gateway = CommandGateway::new(store, clock.clone());
        let shops = Shops::new(gateway.clone(), keys.clone(), storage.clone(), transport, &config.paygent_url);
        let serials = SerialNumbers::new(storage.clone());
        let (timeout, concurrency) = (config.paygent_timeout(), config.concurrency);
        // What was begun and interrupted is finished before anybody may ask for the member.
        erasure::finish(&gateway, &keys, &storage).await.map_err(|error| AppError::Erasure(Box::new(error)))?;
        let payments = Payments::new(gateway.clone(), shops.clone(), serials.clone(), timeout, concurrency);
        let (stop_following, following) = (CancellationToken::new(), TaskTracker::new());
        following.spawn({
            let (sequencer, stop) = (sequencer.clone(), stop_following.clone());
            async move { sequencer.run(stop).await }
        });
        following.spawn({
            let (projections, stop, head) = (projections.clone(), stop_following.clone(), sequencer.head());
            async move { projections.run(stop, head).await }
        });
        let app = Self {
            config,
            clock,
            storage,
            log,
            sequencer,
            projections,
            gateway,
            shops,
            payments,
            serials,
            keys,
            mailer,
            notices: Notify::new(),
            webhooks: Notify::new(),
            stop: CancellationToken::new(),
            work: TaskTracker::new(),
            stop_following,
            following,
        };
        Ok(Arc::new(app))
    }

    /// Waits until the tables show everything committed before this call; returns the position they show.
    pub async fn settle(&self) -> Result<i64, AppError> {
        let head = self.sequencer.catch_up().await?;
        self.projections.wait_for(head, SETTLE_WITHIN).await?;
        Ok(head)
    }

    /// As [`Self::settle`], for the tables that say what work there is: a table that only people read may stand still
    /// without stopping the renewals.
    pub async fn settle_work(&self) -> Result<(), AppError> {
        let head = self.sequencer.catch_up().await?;
        Ok(self.projections.wait_for_these(&WORK, head, SETTLE_WITHIN).await?)
    }

    /// Rings when a notice of Paygent came in.
    pub fn notices_waiting(&self) -> &Notify {
        &self.notices
    }

    /// Rings when webhooks were registered, removed or put in line again.
    pub fn webhooks_changed(&self) -> &Notify {
        &self.webhooks
    }

    /// Fires when the engine is to stop.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stop
    }

    /// Starts work that the engine waits for when it is stopped.
    pub fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        // What a request or a run begins belongs to it, on whatever task it goes on.
        self.work.spawn(crate::telemetry::carried(work))
    }

    /// Stops all work and closes the store.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.work.close();
        self.work.wait().await;
        self.stop_following.cancel();
        self.following.close();
        self.following.wait().await;
        self.storage.close().await;
    }
}

/// An embedded store's folder is made on first use.
fn make_folder(url: &str) -> Result<(), AppError> {
    let Some(path) = url.strip_prefix("sqlite:") else { return Ok(()) };
    let path = PathBuf::from(path.trim_start_matches("//"));
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => std::fs::create_dir_all(folder)
            .map_err(|error| AppError::Folder { path: folder.to_owned(), reason: error.to_string() }),
        None => Ok(()),
    }
}
