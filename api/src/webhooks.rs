//! Webhooks of a shop: registering addresses, changing their secrets, looking at deliveries.

use crate::app::App;
use crate::command_gateway::{Because, CommandError, Done};
use crate::feed::{EventTypes, EventTypesError};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use teiki_domain::ids::{IdError, ShopId, WebhookId};
use teiki_domain::sealed::Sealed;
use teiki_domain::webhook::{Webhook, WebhookCommand, WebhookRefusal};
use teiki_infrastructure::crash_points::reached;
use teiki_infrastructure::event_store::{Loaded, LogError, SequencerError, StoreError};
use teiki_infrastructure::key_ring::KeyError;
use teiki_infrastructure::serial_numbers::SerialError;
use teiki_infrastructure::webhooks::deliveries::{self, Delivery};
use teiki_infrastructure::webhooks::endpoints::{self, Endpoint, secret_context};
use teiki_infrastructure::webhooks::{AddressError, Allowed, Secret, SecretError, WebhookError, check_url};

/// Most endpoints of one shop.
pub const ENDPOINTS_MAX: usize = 20;
/// Most secrets of one endpoint that sign at the same time.
pub const SECRETS_MAX: usize = 4;
/// Hours an earlier secret signs beside the new one when nothing is said.
pub const OVERLAP_HOURS: u32 = 24;
/// Most hours of that.
pub const OVERLAP_HOURS_MAX: u32 = 24 * 30;
/// The actor in the history, where nobody asked.
const WORKER: &str = "worker:webhooks";
/// Longest description in characters.
const DESCRIPTION_MAX: usize = 200;

/// Why something about webhooks was not done.
#[derive(Debug, thiserror::Error)]
pub enum WebhooksError {
    /// The address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The filter.
    #[error(transparent)]
    Types(#[from] EventTypesError),
    /// No webhook gets the events of webhooks.
    #[error("events of webhooks stand in the feed and are not sent to webhooks; leave them out of the types")]
    OfWebhooks,
    /// The description.
    #[error("the description has at most {DESCRIPTION_MAX} characters and no control characters")]
    Description,
    /// The hours of overlap.
    #[error("an earlier secret may sign for 0 to {OVERLAP_HOURS_MAX} hours beside the new one")]
    Overlap,
    /// Too many.
    #[error("the shop has {ENDPOINTS_MAX} webhooks already; remove one first")]
    TooMany,
    /// Too many secrets at once.
    #[error("{SECRETS_MAX} secrets sign for this webhook already; wait until one has run out")]
    TooManySecrets,
    /// Somebody else was changing the same.
    #[error("somebody else is changing the secret of this webhook; look at it and try again")]
    Contended,
    /// No such endpoint.
    #[error("there is no webhook {0}; list those there are")]
    NoEndpoint(String),
    /// No such delivery.
    #[error("there is no delivery {0} of this webhook; finished ones are kept for 30 days")]
    NoDelivery(String),
    /// Nothing is sent there.
    #[error("this webhook is disabled ({0}); enable it first")]
    Disabled(String),
    /// The tables.
    #[error(transparent)]
    Store(#[from] WebhookError),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A stored secret is none.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// No number for a new endpoint.
    #[error(transparent)]
    Serial(#[from] SerialError),
    /// The domain says no, or the store failed.
    #[error(transparent)]
    Command(#[from] CommandError<WebhookRefusal>),
    /// The history cannot be read.
    #[error(transparent)]
    History(#[from] StoreError),
    /// Its place in the log is not known.
    #[error(transparent)]
    Sequencer(#[from] SequencerError),
    /// A stored id is none.
    #[error(transparent)]
    Id(#[from] IdError),
}

/// An endpoint to be registered.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The id to use; a new one is taken if none is given.
    pub webhook_id: Option<WebhookId>,
    /// Whose.
    pub shop: ShopId,
    /// Where to.
    pub url: String,
    /// Which events; empty: all.
    pub types: String,
    /// What for.
    pub description: String,
}

/// Which addresses this engine sends to.
pub fn allowed(app: &App) -> Allowed {
    if app.config.webhook_private_addresses { Allowed::Private } else { Allowed::Public }
}

/// An id that no webhook of the shop has.
pub async fn next_id(app: &App, shop: ShopId) -> Result<WebhookId, WebhooksError> {
    Ok(WebhookId::from_serial(shop, app.serials.next(&format!("webhook:{shop}")).await?))
}

/// Registers an endpoint; it gets every wanted event from its registration on. The secret is shown here and never again.
/// Carried out again under the same id and command, it gives the same endpoint and secret.
pub async fn register(app: &App, new: Registration, because: &Because) -> Result<(Endpoint, Secret), WebhooksError> {
    let url = check_url(&new.url, allowed(app))?;
    let types: EventTypes = new.types.parse()?;
    if new.description.chars().count() > DESCRIPTION_MAX || new.description.chars().any(char::is_control) {
        return Err(WebhooksError::Description);
    }
    if patterns(&types.to_string()).iter().any(|pattern| pattern.starts_with("webhook.")) {
        return Err(WebhooksError::OfWebhooks);
    }
    let id = match new.webhook_id {
        Some(id) => id,
        None => next_id(app, new.shop).await?,
    };
    if because.repeats
        && let Some(known) = endpoints::get(&app.storage, id.as_str()).await?
    {
        return with_secret(app, known).await;
    }
    if endpoints::of_shop(&app.storage, new.shop).await?.len() >= ENDPOINTS_MAX {
        return Err(WebhooksError::TooMany);
    }
    let command = WebhookCommand::Register {
        webhook_id: id.clone(),
        host: url.host_str().unwrap_or_default().to_owned(),
        types: patterns(&types.to_string()),
        description: new.description.clone(),
    };
    let done = app.gateway.execute::<Webhook>(id.as_str(), because, command).await?;
    if done.aggregate.details().is_none() {
        return Err(WebhooksError::Command(CommandError::Refused(WebhookRefusal::Removed)));
    }
    reached("webhook");
    let head = app.sequencer.catch_up().await?;
    // From the registration itself, also where an interruption lies between it and this.
    let position = app.log.position_of("webhook", id.as_str(), 1).await?.unwrap_or(head);
    let secret = Secret::generate();
    let sealed = app.keys.seal_secret(&secret_context(id.as_str(), 1), secret.expose())?;
    let endpoint = Endpoint {
        endpoint_id: id.to_string(),
        shop_id: new.shop.to_string(),
        url: url.into(),
        types: types.to_string(),
        description: new.description,
        position,
        disabled_because: None,
        failing_since: None,
        created_at: text(app.clock.now()),
        created_by: because.actor.clone(),
    };
    if !endpoints::insert(&app.storage, &endpoint, &sealed).await? {
        return with_secret(app, get(app, id.as_str()).await?).await;
    }
    tracing::info!(webhook = endpoint.endpoint_id, "a webhook was registered");
    app.webhooks_changed().notify_one();
    Ok((endpoint, secret))
}

/// An endpoint with its newest secret, for a request that is carried out again.
async fn with_secret(app: &App, endpoint: Endpoint) -> Result<(Endpoint, Secret), WebhooksError> {
    let newest = secrets(app, &endpoint.endpoint_id).await?.into_iter().next();
    Ok((endpoint, newest.ok_or(SecretError)?))
}

fn patterns(types: &str) -> Vec<String> {
    types.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Puts a command on an endpoint's webhook on record. One that is older than the history of webhooks gets its registration
/// first.
async fn record(
    app: &App,
    endpoint: &Endpoint,
    because: &Because,
    command: WebhookCommand,
) -> Result<Done<Webhook>, WebhooksError> {
    let id: WebhookId = endpoint.endpoint_id.parse()?;
    let mut loaded = app.gateway.load::<Webhook>(id.as_str()).await?;
    if let Webhook::Absent = loaded.aggregate {
        let registered = WebhookCommand::Register {
            webhook_id: id.clone(),
            host: host_of(&endpoint.url),
            types: patterns(&endpoint.types),
            description: endpoint.description.clone(),
        };
        let before = app.gateway.then(because, "it was registered before webhooks had a history");
        let done = app.gateway.execute::<Webhook>(id.as_str(), &before, registered).await?;
        loaded = Loaded { aggregate: done.aggregate, sequence: done.sequence };
    }
    Ok(app.gateway.execute_on::<Webhook>(id.as_str(), loaded, because, command).await?)
}

fn host_of(url: &str) -> String {
    check_url(url, Allowed::Private).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// Nothing is sent to an endpoint for now, because of what its receiver answers. False when that was so before.
pub(crate) async fn disable(app: &App, endpoint: &Endpoint, why: &str) -> Result<bool, WebhooksError> {
    let because = app.gateway.because(WORKER, "the receiver does not take deliveries");
    record(app, endpoint, &because, WebhookCommand::Disable { reason: why.to_owned() }).await?;
    Ok(endpoints::disable(&app.storage, &endpoint.endpoint_id, why).await?)
}

/// Stops an endpoint that stands beyond the log's `end`, as after an older copy of the log was restored: what comes up to
/// there would never be sent. It stands at the end from now on. False when it was disabled before.
pub(crate) async fn stop_beyond(app: &App, endpoint: &Endpoint, end: i64) -> Result<bool, WebhooksError> {
    let stood = endpoint.position;
    let why = format!("it stood at position {stood}, and the log ends at {end}: enabled, it goes on from there");
    tracing::error!(webhook = endpoint.endpoint_id, why, "a webhook was disabled");
    let because = app.gateway.because(WORKER, "it stood beyond the end of the log");
    record(app, endpoint, &because, WebhookCommand::Disable { reason: why.clone() }).await?;
    Ok(endpoints::take_back(&app.storage, endpoint, end, &why).await?)
}

/// An endpoint that must be there.
pub async fn get(app: &App, endpoint_id: &str) -> Result<Endpoint, WebhooksError> {
    let found = endpoints::get(&app.storage, endpoint_id).await?;
    found.ok_or_else(|| WebhooksError::NoEndpoint(short(endpoint_id)))
}

/// Removes an endpoint with everything that waits for it.
pub async fn remove(app: &App, endpoint_id: &str, because: &Because) -> Result<(), WebhooksError> {
    let endpoint = get(app, endpoint_id).await?;
    record(app, &endpoint, because, WebhookCommand::Remove).await?;
    if !endpoints::remove(&app.storage, endpoint_id).await? {
        return Err(WebhooksError::NoEndpoint(short(endpoint_id)));
    }
    tracing::info!(webhook = endpoint_id, "a webhook was removed");
    app.webhooks_changed().notify_one();
    Ok(())
}

/// Makes a new secret; the earlier ones sign for so many hours beside it, so that the receiver can change over
/// without losing anything.
pub async fn rotate(
    app: &App,
    endpoint_id: &str,
    overlap_hours: u32,
    because: &Because,
) -> Result<Secret, WebhooksError> {
    if overlap_hours > OVERLAP_HOURS_MAX {
        return Err(WebhooksError::Overlap);
    }
    let endpoint = get(app, endpoint_id).await?;
    let now = app.clock.now();
    if endpoints::secrets(&app.storage, &endpoint.endpoint_id, now).await?.len() >= SECRETS_MAX && overlap_hours > 0 {
        return Err(WebhooksError::TooManySecrets);
    }
    let id = endpoint.endpoint_id.as_str();
    let carried_out = because.repeats && app.gateway.store().holds_command::<Webhook>(id, because.command_id).await?;
    let recorded = app.gateway.load::<Webhook>(id).await?.aggregate.details().map_or(1, |details| details.secret);
    let number = match carried_out {
        // The same request, interrupted: the secret it made, if it got so far.
        true => recorded,
        false => u32::try_from(endpoints::next_secret(&app.storage, id).await?).unwrap_or(u32::MAX).max(recorded + 1),
    };
    if carried_out
        && let Some(made) = endpoints::secrets(&app.storage, id, now).await?.first()
        && made.number == i64::from(number)
    {
        return Ok(with_secret(app, endpoint).await?.1);
    }
    record(app, &endpoint, because, WebhookCommand::RotateSecret { secret: number, overlap_hours }).await?;
    reached("rotation");
    let number = i64::from(number);
    let secret = Secret::generate();
    let sealed = app.keys.seal_secret(&secret_context(id, number), secret.expose())?;
    let until = now + Duration::hours(i64::from(overlap_hours));
    if !endpoints::add_secret(&app.storage, id, number, &sealed, now, until).await? {
        return Err(WebhooksError::Contended);
    }
    tracing::info!(webhook = endpoint_id, "a webhook got a new secret");
    Ok(secret)
}

/// Sends to a disabled endpoint again, from where it stood.
pub async fn enable(app: &App, endpoint_id: &str, because: &Because) -> Result<Endpoint, WebhooksError> {
    let endpoint = get(app, endpoint_id).await?;
    record(app, &endpoint, because, WebhookCommand::Enable).await?;
    if endpoints::enable(&app.storage, &endpoint.endpoint_id).await? {
        tracing::info!(webhook = endpoint_id, "a webhook was enabled");
        app.webhooks_changed().notify_one();
    }
    get(app, endpoint_id).await
}

/// Sends a delivery once more, whatever came of it before, under the same `webhook-id`.
pub async fn redeliver(
    app: &App,
    endpoint_id: &str,
    webhook_id: &str,
    because: &Because,
) -> Result<Delivery, WebhooksError> {
    let endpoint = get(app, endpoint_id).await?;
    if let Some(why) = endpoint.disabled_because.clone() {
        return Err(WebhooksError::Disabled(why));
    }
    let missing = || WebhooksError::NoDelivery(short(webhook_id));
    let delivery = deliveries::get(&app.storage, endpoint_id, webhook_id).await?.ok_or_else(missing)?;
    let command = WebhookCommand::RepeatDelivery { delivery: delivery.webhook_id, position: delivery.position };
    record(app, &endpoint, because, command).await?;
    reached("redelivery");
    if !deliveries::again(&app.storage, endpoint_id, webhook_id, app.clock.now()).await? {
        return Err(missing());
    }
    tracing::info!(webhook = endpoint_id, delivery = webhook_id, command = %because.command_id, "a delivery is repeated");
    app.webhooks_changed().notify_one();
    deliveries::get(&app.storage, endpoint_id, webhook_id).await?.ok_or_else(missing)
}

/// The secrets that sign for an endpoint now, newest first.
pub(crate) async fn secrets(app: &App, endpoint_id: &str) -> Result<Vec<Secret>, WebhooksError> {
    let sealed = endpoints::secrets(&app.storage, endpoint_id, app.clock.now()).await?;
    let open = |number: i64, sealed: &Sealed| -> Result<Secret, WebhooksError> {
        let text = app.keys.open_secret(&secret_context(endpoint_id, number), sealed)?;
        Ok(Secret::parse(&text)?)
    };
    sealed.iter().map(|secret| open(secret.number, &secret.sealed)).collect()
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
