//! Starting a subscription: what has to be looked up before the domain can decide.

use crate::app::App;
use crate::command_gateway::{Because, CommandError, Done};
use crate::shops::ShopError;
use chrono::NaiveDate;
use teiki_domain::basket::Basket;
use teiki_domain::delivery_cycle::DeliveryCycle;
use teiki_domain::ids::{MemberId, ShopId, SubscriptionId};
use teiki_domain::member::Member;
use teiki_domain::payment_method::PaymentMethod;
use teiki_domain::shop_settings::{Missing, ShopSettingsRefusal};
use teiki_domain::subscription::{
    DeliveryWindow, StartSubscription, Subscription, SubscriptionCommand, SubscriptionRefusal,
};
use teiki_infrastructure::crash_points::reached;
use teiki_infrastructure::event_store::StoreError;
use teiki_infrastructure::member_gates::{self, GateError};
use teiki_infrastructure::serial_numbers::SerialError;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Start {
    /// The number to use; a new one is taken if none is given.
    pub subscription_id: Option<SubscriptionId>,
    /// Whose it is.
    pub member_id: MemberId,
    /// What is delivered each time.
    pub basket: Basket,
    /// How each order is paid.
    pub payment_method: PaymentMethod,
    /// How often (R3).
    pub cycle: DeliveryCycle,
    /// No delivery before this day.
    pub first_delivery: NaiveDate,
}

/// Why a subscription cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The shop.
    #[error(transparent)]
    Shop(#[from] ShopError),
    /// The shop's settings say no (S12, S14).
    #[error("{0}")]
    Settings(ShopSettingsRefusal),
    /// The shop may not sell subscriptions yet (S1).
    #[error(
        "shop {shop} cannot start subscriptions yet: {}",
        missing.iter().map(|item| item.sentence()).collect::<Vec<_>>().join("; ")
    )]
    NotReady {
        /// Which shop.
        shop: ShopId,
        /// What is missing.
        missing: Vec<Missing>,
    },
    /// There is no such member.
    #[error("member {0} does not exist; register the member first")]
    NoSuchMember(MemberId),
    /// The member has no card.
    #[error("member {0} has no card on record; register one by token first")]
    NoCard(MemberId),
    /// Subscription and member belong to different shops.
    #[error("subscription and member belong to different shops; use the member's shop")]
    OtherShop,
    /// The domain says no, or the store failed.
    #[error(transparent)]
    Command(#[from] CommandError<SubscriptionRefusal>),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A number could not be taken.
    #[error(transparent)]
    Serial(#[from] SerialError),
    /// The member is being erased, or was.
    #[error("member {0} is erased, and nothing starts for them any more; register the person under another id")]
    Erased(MemberId),
    /// What starts for the member could not be noted.
    #[error(transparent)]
    Gate(#[from] GateError),
}

/// A number that no subscription of the shop has.
pub async fn next_number(app: &App, shop: ShopId) -> Result<SubscriptionId, StartError> {
    Ok(SubscriptionId::from_serial(shop, app.serials.next(&format!("subscription:{shop}")).await?))
}

/// Refuses a payment method that the shop does not offer for subscriptions (S12, S14) or that the member cannot pay by.
pub async fn check_method(app: &App, member_id: &MemberId, method: &PaymentMethod) -> Result<(), StartError> {
    let settings = app.shops.get(member_id.shop()).await?.settings;
    settings.allows(method).map_err(StartError::Settings)?;
    let member = app.gateway.load::<Member>(member_id.as_str()).await?.aggregate;
    match member {
        Member::Registered(_) => {}
        Member::Erased(_) => return Err(StartError::Erased(member_id.clone())),
        Member::Absent => return Err(StartError::NoSuchMember(member_id.clone())),
    }
    if method.is_card() && member.card().is_none() {
        return Err(StartError::NoCard(member_id.clone()));
    }
    Ok(())
}

/// Refuses to start in a shop that is not ready (S1). A subscription that was started before goes on being started.
async fn check_ready(app: &App, shop: ShopId, subscription: &str) -> Result<(), StartError> {
    let missing = app.shops.missing(shop).await?;
    if missing.is_empty() || app.gateway.load::<Subscription>(subscription).await?.aggregate.details().is_some() {
        return Ok(());
    }
    Err(StartError::NotReady { shop, missing })
}

/// Refuses a first delivery that people or a program cannot have meant: one whose order would come in a night that is
/// over, or more than two years ahead. A subscription that was started before goes on being started.
pub async fn check_first(app: &App, number: Option<&SubscriptionId>, start: &Start) -> Result<(), StartError> {
    let lead_days = app.shops.get(start.member_id.shop()).await?.settings.lead_days;
    let Err(refusal) = DeliveryWindow::of(app.clock.today(), lead_days).holds(start.first_delivery) else {
        return Ok(());
    };
    if let Some(number) = number
        && app.gateway.load::<Subscription>(number.as_str()).await?.aggregate.details().is_some()
    {
        return Ok(());
    }
    Err(StartError::Command(CommandError::Refused(refusal)))
}

/// Starts a subscription. The same number with the same content again is already done.
pub async fn start(app: &App, start: Start, because: &Because) -> Result<Done<Subscription>, StartError> {
    let shop = start.member_id.shop();
    let settings = app.shops.get(shop).await?.settings;
    check_method(app, &start.member_id, &start.payment_method).await?;
    let subscription_id = match start.subscription_id {
        Some(id) if id.shop() != shop => return Err(StartError::OtherShop),
        Some(id) => id,
        None => next_number(app, shop).await?,
    };
    check_ready(app, shop, subscription_id.as_str()).await?;
    // From here on the member is not erased before this has started, or is kept from starting.
    let (id, member_id) = (subscription_id.clone(), start.member_id.clone());
    if !member_gates::pass(&app.storage, &member_id, &id).await? {
        return Err(StartError::Erased(member_id));
    }
    reached("start");
    let command = SubscriptionCommand::Start(Box::new(StartSubscription {
        subscription_id,
        member_id: start.member_id,
        basket: start.basket,
        payment_method: start.payment_method,
        cycle: start.cycle,
        first_delivery: start.first_delivery,
        lead_days: settings.lead_days,
        today: app.clock.today(),
    }));
    let done = app.gateway.execute::<Subscription>(id.as_str(), because, command).await;
    // Not where it may have started without our knowing: an erasure looks at the stream then.
    if matches!(done, Ok(_) | Err(CommandError::Refused(_))) {
        member_gates::started(&app.storage, &member_id, &id).await?;
    }
    match done {
        Err(CommandError::Refused(SubscriptionRefusal::StartPrevented)) => Err(StartError::Erased(member_id)),
        done => Ok(done?),
    }
}
