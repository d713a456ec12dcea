//! One unit of a night run: a subscription calls for its order, the order appears, its payment is tried.

use super::ACTOR;
use crate::app::App;
use crate::command_gateway::{Because, CommandError};
use crate::payments::{Authorised, Generated, PaymentError};
use crate::shops::ShopError;
use crate::workers::recovery_round;
use chrono::NaiveDate;
use teiki_domain::applicability::{PaymentPlan, payment_plan};
use teiki_domain::ids::{IdError, SubscriptionId, TransactionId};
use teiki_domain::member::Member;
use teiki_domain::order::{CardInForce, GenerateOrder};
use teiki_domain::subscription::{Subscription, SubscriptionCommand, SubscriptionEvent, SubscriptionRefusal};
use teiki_infrastructure::event_store::StoreError;
use teiki_infrastructure::serial_numbers::SerialError;
use teiki_infrastructure::set_aside::SetAsideError;

/// Why one subscription could not go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnitError {
    #[error(transparent)]
    Subscription(#[from] CommandError<SubscriptionRefusal>),
    #[error(transparent)]
    Payment(#[from] PaymentError),
    #[error(transparent)]
    Shop(#[from] ShopError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Serial(#[from] SerialError),
    #[error(transparent)]
    SetAside(#[from] SetAsideError),
    #[error(transparent)]
    Id(#[from] IdError),
    #[error("the call for this order cannot be read again; run `teiki rebuild due_renewals`")]
    PendingCall,
}

impl UnitError {
    pub(super) fn is_unavailable(&self) -> bool {
        match self {
            Self::Subscription(error) => error.is_unavailable(),
            Self::Payment(error) => error.is_unavailable(),
            Self::Shop(error) => error.is_unavailable(),
            Self::Store(error) => error.is_unavailable(),
            Self::Serial(error) => error.is_unavailable(),
            Self::SetAside(_) => true,
            Self::Id(_) | Self::PendingCall => false,
        }
    }
}

/// One unit of work.
pub(super) enum Unit {
    /// A subscription whose generation date has come.
    Due { subscription_id: String, generation_date: NaiveDate },
    /// An order that was called for and does not exist yet: a run was killed in between.
    Pending { subscription_id: String, generation_date: NaiveDate, call: String },
}

pub(super) async fn generate(app: &App, through: NaiveDate, unit: Unit) -> Result<Option<Generated>, UnitError> {
    let gateway = &app.gateway;
    match unit {
        Unit::Pending { subscription_id, call, .. } => {
            let because = gateway.because(ACTOR, "the order was called for before an interruption");
            let call = serde_json::from_str::<SubscriptionEvent>(&call).map_err(|_| UnitError::PendingCall)?;
            let loaded = gateway.load::<Subscription>(&subscription_id).await?;
            can_be_charged(app, &loaded.aggregate).await?;
            order(app, call, loaded.aggregate, &because).await.map(Some)
        }
        Unit::Due { subscription_id, .. } => {
            let id: SubscriptionId = subscription_id.parse()?;
            let lead_days = app.shops.get(id.shop()).await?.settings.lead_days;
            let because = gateway.because(ACTOR, "its generation date has come");
            let command = SubscriptionCommand::GenerateNextOrder { today: through, lead_days };
            let loaded = gateway.load::<Subscription>(id.as_str()).await?;
            can_be_charged(app, &loaded.aggregate).await?;
            match gateway.execute_on::<Subscription>(id.as_str(), loaded, &because, command).await {
                Ok(done) => match done.events.into_iter().next() {
                    Some(call) => order(app, call, done.aggregate, &because).await.map(Some),
                    None => Ok(None),
                },
                // The list is a moment behind: somebody ended, paused or generated it in between.
                Err(CommandError::Refused(
                    SubscriptionRefusal::NotDue(_)
                    | SubscriptionRefusal::Ended
                    | SubscriptionRefusal::Paused
                    | SubscriptionRefusal::NoNextDate,
                )) => Ok(None),
                Err(error) => Err(error.into()),
            }
        }
    }
}

/// Before anything is intended: a card can only be charged where Paygent may be called for the shop. Waiting until it
/// may costs nothing, since missed dates are caught up (R6).
async fn can_be_charged(app: &App, subscription: &Subscription) -> Result<(), UnitError> {
    let Some(details) = subscription.details() else { return Ok(()) };
    let shop = details.subscription_id.shop();
    let settings = app.shops.get(shop).await?.settings;
    let (method, basket) = (&details.payment_method, &details.basket);
    let plan = payment_plan(&settings.renewal_terms(), method, basket, true, app.clock.today());
    if let PaymentPlan::Authorize(_) = plan {
        app.payments.can_call(shop).await?;
    }
    Ok(())
}

/// The order a subscription called for, with the settings and the card in force now.
async fn order(
    app: &App,
    call: SubscriptionEvent,
    subscription: Subscription,
    because: &Because,
) -> Result<Generated, UnitError> {
    let (SubscriptionEvent::OrderGenerationStarted { order_id, dates, basket, payment_method, .. }, Some(details)) =
        (call, subscription.details())
    else {
        return Err(UnitError::PendingCall);
    };
    let shop = order_id.shop();
    let member_id = details.member_id.clone();
    let terms = app.shops.get(shop).await?.settings.renewal_terms();
    let card = if payment_method.is_card() {
        let member = app.gateway.load::<Member>(member_id.as_str()).await?;
        member.aggregate.card().map(|card| CardInForce { card_id: card.card_id.clone(), expiry: card.expiry })
    } else {
        None
    };
    let generate = GenerateOrder {
        order_id,
        subscription_id: details.subscription_id.clone(),
        member_id,
        generation_date: dates.generation_date,
        delivery_date: dates.delivery_date,
        basket,
        payment_method,
        terms,
        card,
        transaction_id: TransactionId::new(shop, app.serials.next(&format!("transaction:{shop}")).await?)?,
        today: app.clock.today(),
    };
    let then = app.gateway.then(because, "the subscription called for it");
    let id = generate.order_id.to_string();
    match app.payments.generate(generate, &then).await {
        // The order stands; what Paygent said of it must outlive this run's list.
        Err(error) if error.is_contradiction() => {
            recovery_round::contradiction(app, &id, &error.to_string(), None).await?;
            Ok(Generated { new: true, authorised: Authorised::Open })
        }
        generated => Ok(generated?),
    }
}
