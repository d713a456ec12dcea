//! Settings in force and the way to Paygent, per shop.

use crate::command_gateway::CommandGateway;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use teiki_domain::ids::ShopId;
use teiki_domain::shop_settings::{Details, Missing, ShopSettings, readiness};
use teiki_infrastructure::event_store::{Storage, StoreError};
use teiki_infrastructure::key_ring::{KeyError, KeyRing};
use teiki_infrastructure::paygent::{Credentials, Paygent, Transport};
use teiki_infrastructure::paygent_binding::{self, Binding, BindingError};
use teiki_infrastructure::redacted::Redacted;
use teiki_projections::{QueryError, product_list};

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
    /// The store was used with another merchant or another host of Paygent.
    #[error(
        "shop {shop} of this store belongs to merchant {bound_merchant} at {bound_host}, and this engine is set up for \
         merchant {merchant} at {host}: nothing is sent; if the change is meant, run `teiki bind {shop}`"
    )]
    OtherEnvironment {
        /// Which shop.
        shop: ShopId,
        /// The merchant its payments were made with.
        bound_merchant: String,
        /// The host its payments were made at.
        bound_host: String,
        /// The merchant of the settings in force.
        merchant: String,
        /// The host of this engine's configuration.
        host: String,
    },
    /// What the store belongs to could not be read.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// The settings could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret could not be opened.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The products could not be read.
    #[error(transparent)]
    Products(#[from] QueryError),
}

impl ShopError {
    /// Whether the store is out of reach.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Store(error) => error.is_unavailable(),
            Self::Binding(_) | Self::Products(_) => true,
            _ => false,
        }
    }
}

/// A shop as work needs it.
#[derive(Clone)]
pub struct Shop {
    /// Its settings.
    pub settings: Arc<Details>,
    sequence: usize,
    read_at: Instant,
    /// What its payments belong to; none before the first call.
    binding: Option<Binding>,
}

impl Shop {
    /// The merchant its payments were made as; none before the first call.
    pub fn bound_to(&self) -> Option<&str> {
        self.binding.as_ref().map(|bound| bound.merchant_id.as_str())
    }
}

/// All shops of the store, read when needed.
#[derive(Clone)]
pub struct Shops {
    gateway: CommandGateway,
    keys: KeyRing,
    storage: Storage,
    transport: Option<Arc<Transport>>,
    host: Arc<str>,
    known: Arc<Mutex<HashMap<ShopId, Shop>>>,
    clients: Arc<Mutex<HashMap<ShopId, (usize, Paygent)>>>,
}

impl Shops {
    /// The store the shops are in.
    pub(crate) fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Shops behind `gateway`; without `transport` nothing can be sent to Paygent. `paygent_url` names the host that
    /// the transport leads to.
    pub fn new(
        gateway: CommandGateway,
        keys: KeyRing,
        storage: Storage,
        transport: Option<Arc<Transport>>,
        paygent_url: &str,
    ) -> Self {
        let host = host_of(paygent_url).into();
        Self { gateway, keys, storage, transport, host, known: Arc::default(), clients: Arc::default() }
    }

    /// The settings in force.
    pub async fn get(&self, shop: ShopId) -> Result<Shop, ShopError> {
        if let Some(known) = self.known().get(&shop).filter(|known| known.read_at.elapsed() < FRESH_FOR) {
            return Ok(known.clone());
        }
        let loaded = self.gateway.load::<ShopSettings>(&shop.to_string()).await?;
        let settings = loaded.aggregate.details().cloned().ok_or(ShopError::DoesNotExist(shop))?;
        let binding = paygent_binding::of(&self.storage, shop).await?;
        let (settings, read_at) = (Arc::new(settings), Instant::now());
        let read = Shop { settings, sequence: loaded.sequence, read_at, binding };
        self.known().insert(shop, read.clone());
        Ok(read)
    }

    /// What keeps the shop from selling subscriptions (S1); nothing: it is ready.
    pub async fn missing(&self, shop: ShopId) -> Result<Vec<Missing>, ShopError> {
        let settings = self.get(shop).await?.settings;
        let on_sale = product_list::any_on_sale(&self.storage, shop).await?;
        Ok(readiness(&settings, on_sale))
    }

    /// Forgets what was read, because it was just changed.
    pub fn forget(&self, shop: ShopId) {
        self.known().remove(&shop);
    }

    /// The client that speaks to Paygent for the shop (S3).
    pub async fn paygent(&self, shop: ShopId) -> Result<Paygent, ShopError> {
        let Some(transport) = &self.transport else { return Err(ShopError::NoTransport) };
        let read = self.get(shop).await?;
        let Some((merchant_id, connect_id, password, _)) = &read.settings.connection else {
            return Err(ShopError::NotConnected(shop));
        };
        self.check_binding(shop, &read, merchant_id).await?;
        if let Some((_, client)) = self.clients().get(&shop).filter(|(sequence, _)| *sequence == read.sequence) {
            return Ok(client.clone());
        }
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

    /// A store serves the merchant and the host its payments were made with, and no other: asked about them there,
    /// another would know nothing, and they would be sent again. The first call of a shop binds it.
    async fn check_binding(&self, shop: ShopId, read: &Shop, merchant: &str) -> Result<(), ShopError> {
        let bound = match &read.binding {
            Some(bound) => bound.clone(),
            None => {
                let bound =
                    paygent_binding::bind_first(&self.storage, &self.binding(shop, merchant, "first call")).await?;
                self.forget(shop);
                bound
            }
        };
        if bound.merchant_id == merchant && *bound.host == *self.host {
            return Ok(());
        }
        Err(ShopError::OtherEnvironment {
            shop,
            bound_merchant: bound.merchant_id,
            bound_host: bound.host,
            merchant: merchant.to_owned(),
            host: self.host.to_string(),
        })
    }

    /// Binds the shop to the merchant of its settings and the host of this engine's configuration, because somebody
    /// said so.
    pub async fn bind(&self, shop: ShopId, by: &str) -> Result<Binding, ShopError> {
        let read = self.get(shop).await?;
        let Some((merchant_id, ..)) = &read.settings.connection else { return Err(ShopError::NotConnected(shop)) };
        if self.transport.is_none() {
            return Err(ShopError::NoTransport);
        }
        let binding = self.binding(shop, merchant_id, by);
        paygent_binding::rebind(&self.storage, &binding).await?;
        self.forget(shop);
        Ok(binding)
    }

    fn binding(&self, shop: ShopId, merchant: &str, by: &str) -> Binding {
        Binding {
            shop_id: shop,
            merchant_id: merchant.to_owned(),
            host: self.host.to_string(),
            bound_at: self.gateway.clock().now(),
            bound_by: by.to_owned(),
        }
    }

    /// The key Paygent's notices to the shop are signed with, if there is one.
    pub async fn notice_key(&self, shop: ShopId) -> Result<Option<Redacted<String>>, ShopError> {
        let read = self.get(shop).await?;
        let Some(sealed) = &read.settings.notice_key else { return Ok(None) };
        let key = self.keys.open_secret(&secret_context(shop, "notice_key"), sealed)?;
        Ok(Some(Redacted::new(key.to_string())))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<ShopId, Shop>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clients(&self) -> std::sync::MutexGuard<'_, HashMap<ShopId, (usize, Paygent)>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The host of an address. Without the port: production and sandbox differ by name.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// The purpose a shop's secret is sealed for.
pub fn secret_context(shop: ShopId, name: &str) -> String {
    format!("shop:{shop}:{name}")
}
