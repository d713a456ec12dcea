//! The whole story of a subscription, an order, a payment, a member, a product, a mail, a webhook or a shop, in the order
//! of the log: what happened, who, when, why, and what followed from what (O12).
//!
//! Read from the log alone. Tables only say which streams belong to the story.

mod describe;
mod entry;
mod words;
mod words_mail;
mod words_member;
mod words_order;
mod words_product;
pub(crate) mod words_shop;
mod words_subscription;
mod words_webhook;

pub use describe::describe;
pub(crate) use describe::kind;
pub use entry::Entry;

use crate::app::{App, AppError};
use crate::console::Language;
use crate::members::{ERASED, UNREADABLE};
use entry::Told;
use std::collections::{BTreeMap, HashMap, HashSet};
use teiki_domain::ids::{MailId, MemberId, OrderId, ProductId, ShopId, SubscriptionId, TransactionId, WebhookId};
use teiki_domain::member::MemberEvent;
use teiki_domain::order::OrderEvent;
use teiki_domain::recorded::{DecodeError, RecordedEvent};
use teiki_domain::subscription::SubscriptionEvent;
use teiki_infrastructure::event_store::LogError;
use teiki_infrastructure::key_ring::KeyError;
use teiki_projections::QueryError;
use teiki_projections::mail_list::{self, MailFilter};
use teiki_projections::subscription_list::{self, SubscriptionFilter};
use teiki_projections::transactions;

/// Subscriptions read at once.
const PAGE: u32 = 500;

/// Why there is no history.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Nothing happened under this id.
    #[error(
        "there is nothing under {0}: name an order, a subscription, a transaction ID, a member, a product, a mail, a \
         webhook or a shop"
    )]
    Nothing(String),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A table cannot be read.
    #[error(transparent)]
    Table(#[from] QueryError),
    /// An event cannot be read.
    #[error("position {position}: {error}")]
    Event {
        /// Where it stands.
        position: i64,
        /// What is wrong.
        error: DecodeError,
    },
    /// A name cannot be opened.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The tables are behind.
    #[error(transparent)]
    App(#[from] AppError),
}

/// Events of several streams, by position.
#[derive(Default)]
struct Story {
    told: BTreeMap<i64, Told>,
}

/// The history of what `id` names. `names` says whether members' names may be shown.
pub async fn of(app: &App, id: &str, names: bool) -> Result<Vec<Entry>, HistoryError> {
    app.settle().await?;
    let mut story = Story::default();
    if let Ok(transaction) = id.parse::<TransactionId>() {
        if let Some(row) = transactions::order_of_transaction(&app.storage, &transaction).await?
            && let Ok(order) = row.order_id.parse()
        {
            story.order(app, &order).await?;
        }
    } else if let Ok(order) = id.parse::<OrderId>() {
        story.order(app, &order).await?;
    } else if let Ok(shop) = id.parse::<ShopId>() {
        story.stream(app, "shop_settings", &shop.to_string(), |_| true).await?;
        for webhook in app.log.streams_of_shop("webhook", shop).await? {
            story.stream(app, "webhook", &webhook, |_| true).await?;
        }
        story.mails_of_the_shop(app, shop).await?;
    } else if let Ok(webhook) = id.parse::<WebhookId>() {
        // A subscription or member may have a number of that form as well.
        story.stream(app, "webhook", webhook.as_str(), |_| true).await?;
        story.numbered(app, id).await?;
    } else {
        story.numbered(app, id).await?;
    }
    if story.told.is_empty() {
        return Err(HistoryError::Nothing(id.chars().take(64).collect()));
    }
    entries(app, story, names).await
}

/// What happened to a subscription itself, without its orders and mails: the n-th entry is the n-th event of its stream.
pub async fn of_subscription_alone(app: &App, id: &SubscriptionId) -> Result<Vec<Entry>, HistoryError> {
    app.settle().await?;
    let mut story = Story::default();
    story.stream(app, "subscription", id.as_str(), |_| true).await?;
    entries(app, story, false).await
}

/// What happened to one stream, oldest first, each with its event.
pub(crate) async fn of_stream(app: &App, kind: &str, id: &str) -> Result<Vec<(Entry, RecordedEvent)>, HistoryError> {
    let mut story = Story::default();
    story.stream(app, kind, id, |_| true).await?;
    let events: Vec<RecordedEvent> = story.told.values().map(|told| told.recorded.clone()).collect();
    Ok(entries(app, story, false).await?.into_iter().zip(events).collect())
}

async fn entries(app: &App, story: Story, names: bool) -> Result<Vec<Entry>, HistoryError> {
    let told: Vec<Told> = story.told.into_values().collect();
    let mut known = HashMap::new();
    let mut entries = Vec::with_capacity(told.len());
    for told in &told {
        let name = match &told.recorded {
            RecordedEvent::Member(event) => name_of(app, event, names, &mut known).await?,
            _ => None,
        };
        let text = |language| text(language, &told.recorded, name.as_deref());
        entries.push(Entry::new(told, text(Language::Japanese), text(Language::English)));
    }
    entry::link(&mut entries, &told);
    Ok(entries)
}

/// What happened, in words. `name` is the member's, if the event has one that may be shown.
fn text(language: Language, recorded: &RecordedEvent, name: Option<&str>) -> String {
    match recorded {
        RecordedEvent::Subscription(event) => words_subscription::text(language, event),
        RecordedEvent::Order(event) => words_order::text(language, event),
        RecordedEvent::Member(event) => {
            let hidden = language.t("(氏名は非表示)", "(name not shown)");
            let name = match name {
                None => hidden,
                Some(ERASED) => language.t(ERASED, "(erased)"),
                Some(UNREADABLE) => language.t(UNREADABLE, "(cannot be read)"),
                Some(name) => name,
            };
            words_member::text(language, event, name)
        }
        RecordedEvent::ShopSettings(event) => words_shop::text(language, event),
        RecordedEvent::Product(event) => words_product::text(language, event),
        RecordedEvent::Mail(event) => words_mail::text(language, event),
        RecordedEvent::Webhook(event) => words_webhook::text(language, event),
    }
}

/// The name of the member an event is of, if it may be shown.
async fn name_of(
    app: &App,
    event: &MemberEvent,
    names: bool,
    known: &mut HashMap<MemberId, Option<String>>,
) -> Result<Option<String>, KeyError> {
    let MemberEvent::MemberRegistered { member_id, profile } = event else { return Ok(None) };
    if let Some(name) = known.get(member_id) {
        return Ok(name.clone());
    }
    let name = crate::members::shown(app, member_id, profile).await?.name;
    let name = (names || [ERASED, UNREADABLE].contains(&name.as_str())).then_some(name);
    known.insert(member_id.clone(), name.clone());
    Ok(name)
}

impl Story {
    /// Adds the events of a stream that belong to the story.
    async fn stream(
        &mut self,
        app: &App,
        kind: &str,
        id: &str,
        belongs: impl Fn(&Told) -> bool,
    ) -> Result<(), HistoryError> {
        for event in app.log.stream(kind, id).await? {
            let position = event.position;
            let recorded =
                RecordedEvent::decode(kind, &event.payload).map_err(|error| HistoryError::Event { position, error })?;
            let told = Told { event, recorded };
            if belongs(&told) {
                self.told.insert(position, told);
            }
        }
        Ok(())
    }

    /// Members, subscriptions, products and mails are numbered in much the same form; the story tells of whichever there
    /// is.
    async fn numbered(&mut self, app: &App, id: &str) -> Result<(), HistoryError> {
        if let Ok(subscription) = id.parse::<SubscriptionId>() {
            self.subscription(app, &subscription).await?;
        }
        if let Ok(member) = id.parse::<MemberId>() {
            self.member(app, &member).await?;
        }
        if let Ok(product) = id.parse::<ProductId>() {
            self.stream(app, "product", product.as_str(), |_| true).await?;
        }
        if let Ok(mail) = id.parse::<MailId>() {
            self.stream(app, "mail", mail.as_str(), |_| true).await?;
        }
        Ok(())
    }

    /// An order: what called for it, what said when it was due, itself, and what happened to the cards it was tried on.
    async fn order(&mut self, app: &App, order: &OrderId) -> Result<(), HistoryError> {
        let mut own = Story::default();
        own.stream(app, "order", order.as_str(), |_| true).await?;
        let mut subscription = Story::default();
        subscription.stream(app, "subscription", order.subscription().as_str(), |_| true).await?;
        let call =
            subscription.told.values().find(|told| calls_for(&told.recorded, order)).map(|told| told.event.position);
        if let Some(call) = call {
            // The rhythm it came in, and the last thing that said when it would come.
            let before: Vec<_> = subscription.told.range(..call).collect();
            let rhythm = before.iter().rev().find(|(_, told)| {
                use SubscriptionEvent as S;
                let recorded = &told.recorded;
                matches!(recorded, RecordedEvent::Subscription(S::SubscriptionStarted { .. } | S::CycleChanged { .. }))
            });
            let dates = entry::due_since(before.iter().rev().map(|(_, told)| *told));
            let rhythm = rhythm.map(|(position, _)| **position);
            let dates = dates.map(|told| told.event.position);
            let keep: HashSet<i64> = [rhythm, dates, Some(call)].into_iter().flatten().collect();
            subscription.told.retain(|position, _| keep.contains(position));
            self.told.append(&mut subscription.told);
        }
        let (mut members, mut cards, mut stories) = (HashSet::new(), HashSet::new(), HashSet::new());
        for told in own.told.values() {
            match &told.recorded {
                RecordedEvent::Order(OrderEvent::OrderGenerated { member_id, .. }) => {
                    members.insert(member_id.clone());
                }
                RecordedEvent::Order(OrderEvent::AuthorizationRequested { card, .. }) => {
                    cards.insert(card.card_id.clone());
                }
                _ => {}
            }
            stories.extend(correlation(told));
        }
        for member in members {
            let touches = |told: &Told| match &told.recorded {
                RecordedEvent::Member(MemberEvent::CardRegistered { card, .. }) => cards.contains(&card.card_id),
                RecordedEvent::Member(MemberEvent::MemberErased {}) => true,
                _ => false,
            };
            let belongs =
                |told: &Told| touches(told) || correlation(told).is_some_and(|story| stories.contains(&story));
            self.stream(app, "member", member.as_str(), belongs).await?;
        }
        self.told.append(&mut own.told);
        let about = MailFilter { order: Some(order.clone()), ..MailFilter::default() };
        self.mails(app, &about).await
    }

    /// The mails that are about this.
    async fn mails(&mut self, app: &App, about: &MailFilter) -> Result<(), HistoryError> {
        let mut after = None;
        loop {
            let page = mail_list::list(&app.storage, about, after.as_ref(), PAGE).await?;
            for row in page.rows {
                self.stream(app, "mail", &row.mail_id, |_| true).await?;
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// The mails of a shop that are about nothing of it, such as the month's list of cards (K2): they are in no other
    /// story.
    async fn mails_of_the_shop(&mut self, app: &App, shop: ShopId) -> Result<(), HistoryError> {
        let mut after = None;
        loop {
            let page = mail_list::of_the_shop_alone(&app.storage, shop, after.as_ref(), PAGE).await?;
            for row in page.rows {
                self.stream(app, "mail", &row.mail_id, |_| true).await?;
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// A subscription and all its orders.
    async fn subscription(&mut self, app: &App, subscription: &SubscriptionId) -> Result<(), HistoryError> {
        let mut own = Story::default();
        own.stream(app, "subscription", subscription.as_str(), |_| true).await?;
        for told in own.told.values() {
            if let RecordedEvent::Subscription(SubscriptionEvent::OrderGenerationStarted { order_id, .. }) =
                &told.recorded
            {
                self.stream(app, "order", order_id.as_str(), |_| true).await?;
            }
        }
        self.told.append(&mut own.told);
        let about = MailFilter { subscription: Some(subscription.clone()), ..MailFilter::default() };
        self.mails(app, &about).await
    }

    /// A member with cards, subscriptions and their orders.
    async fn member(&mut self, app: &App, member: &MemberId) -> Result<(), HistoryError> {
        self.stream(app, "member", member.as_str(), |_| true).await?;
        let about = MailFilter { member: Some(member.clone()), ..MailFilter::default() };
        self.mails(app, &about).await?;
        let filter = SubscriptionFilter { member: Some(member.clone()), ..SubscriptionFilter::default() };
        let mut after = None;
        loop {
            let page = subscription_list::list(&app.storage, &filter, after.as_ref(), PAGE).await?;
            for row in page.rows {
                if let Ok(subscription) = row.subscription_id.parse() {
                    self.subscription(app, &subscription).await?;
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }
}

fn calls_for(recorded: &RecordedEvent, order: &OrderId) -> bool {
    match recorded {
        RecordedEvent::Subscription(SubscriptionEvent::OrderGenerationStarted { order_id, .. }) => order_id == order,
        _ => false,
    }
}

fn correlation(told: &Told) -> Option<String> {
    let metadata: serde_json::Value = serde_json::from_str(&told.event.metadata).ok()?;
    metadata.get("correlation_id").and_then(serde_json::Value::as_str).map(str::to_owned)
}
