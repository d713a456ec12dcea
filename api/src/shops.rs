//! Settings in force and the way to Paygent, per shop.

use crate::command_gateway::CommandGateway;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use teiki_domain::ids::ShopId;
use teiki_domain::shop_settings::{Details, ShopSettings};
use teiki_infrastructure::event_store::StoreError;
use teiki_infrastructure::key_ring::{KeyError, KeyRing};
use teiki_infrastructure::paygent::{Credentials, Paygent, Transport};
use teiki_infrastructure::redacted::Redacted;

/// How long settings read once are taken as in force. Changes made through this engine count at once; changes made
/// through another engine on the same store count after this time.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// Why a shop cannot be worked for.
#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    /// There is no such shop.
    #[error("shop {0} does not exist in this store; open it first")]
    DoesNotExist(ShopId),
    /// S3 is not entered.
    #[error("shop {0} has no connection settings for Paygent; enter merchant ID, connect ID and password")]
    NotConnected(ShopId),
    /// This engine was started without Paygent.
    #[error("this engine has no connection to Paygent configured; set paygent_url and the certificates")]
    NoTransport,
    /// The settings could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret could not be opened.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl ShopError {
    /// Whether the store is out of reach.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_unavailable())
    }
}

/// A shop as work needs it.
#[derive(Clone)]
pub struct Shop {
    /// Its settings.
    pub settings: Arc<Details>,
    sequence: usize,
    read_at: Instant,
}

/// All shops of the store, read when needed.
#[derive(Clone)]
pub struct Shops {
    gateway: CommandGateway,
    keys: KeyRing,
    transport: Option<Arc<Transport>>,
    known: Arc<Mutex<HashMap<ShopId, Shop>>>,
    clients: Arc<Mutex<HashMap<ShopId, (usize, Paygent)>>>,
}

impl Shops {
    /// Shops behind `gateway`; without `transport` nothing can be sent to Paygent.
    pub fn new(gateway: CommandGateway, keys: KeyRing, transport: Option<Arc<Transport>>) -> Self {
        Self { gateway, keys, transport, known: Arc::default(), clients: Arc::default() }
    }

    /// The settings in force.
    pub async fn get(&self, shop: ShopId) -> Result<Shop, ShopError> {
        if let Some(known) = self.known().get(&shop).filter(|known| known.read_at.elapsed() < FRESH_FOR) {
            return Ok(known.clone());
        }
        let loaded = self.gateway.load::<ShopSettings>(&shop.to_string()).await?;
        let settings = loaded.aggregate.details().cloned().ok_or(ShopError::DoesNotExist(shop))?;
        let read = Shop { settings: Arc::new(settings), sequence: loaded.sequence, read_at: Instant::now() };
        self.known().insert(shop, read.clone());
        Ok(read)
    }

    /// Forgets what was read, because it was just changed.
    pub fn forget(&self, shop: ShopId) {
        self.known().remove(&shop);
    }

    /// The client that speaks to Paygent for the shop (S3).
    pub async fn paygent(&self, shop: ShopId) -> Result<Paygent, ShopError> {
        let Some(transport) = &self.transport else { return Err(ShopError::NoTransport) };
        let read = self.get(shop).await?;
        if let Some((_, client)) = self.clients().get(&shop).filter(|(sequence, _)| *sequence == read.sequence) {
            return Ok(client.clone());
        }
        let Some((merchant_id, connect_id, password, _)) = &read.settings.connection else {
            return Err(ShopError::NotConnected(shop));
        };
        let password = self.keys.open_secret(&secret_context(shop, "connect_password"), password)?;
        let credentials = Credentials {
            merchant_id: merchant_id.clone(),
            connect_id: connect_id.clone(),
            connect_password: Redacted::new(password.to_string()),
        };
        let client = Paygent::new(transport.clone(), credentials);
        self.clients().insert(shop, (read.sequence, client.clone()));
        Ok(client)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<ShopId, Shop>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clients(&self) -> std::sync::MutexGuard<'_, HashMap<ShopId, (usize, Paygent)>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The purpose a shop's secret is sealed for.
pub fn secret_context(shop: ShopId, name: &str) -> String {
    format!("shop:{shop}:{name}")
}
