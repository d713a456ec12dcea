//! One event of a history: what happened, who, why, and what it follows from.

use super::words;
use crate::console::Language;
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use teiki_domain::mail::MailEvent;
use teiki_domain::order::OrderEvent;
use teiki_domain::recorded::RecordedEvent;
use teiki_domain::subscription::SubscriptionEvent;
use teiki_infrastructure::event_store::LogEvent;
use utoipa::ToSchema;

/// Keys of payloads whose values are sealed.
const SEALED: [&str; 7] = ["profile", "connect_password", "token_key", "notice_key", "hash_key", "letter", "wording"];

/// One event of a history.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = HistoryEntry)]
pub struct Entry {
    /// Its place in the log.
    #[schema(minimum = 1)]
    pub position: i64,
    /// When, RFC 3339 in UTC.
    pub recorded_at: String,
    /// `subscription`, `order`, `member`, `shop_settings`, `product`, `mail` or `webhook`.
    pub aggregate_type: String,
    /// Which one.
    pub aggregate_id: String,
    /// What happened, by its stable name.
    pub event_type: String,
    /// What happened, in Japanese.
    pub text: String,
    /// What happened, in English.
    #[serde(skip)]
    #[schema(ignore)]
    pub english: String,
    /// Who: a person, a program's key, or a worker.
    pub actor: String,
    /// Why, as given.
    pub reason: String,
    /// The command that caused it.
    pub command_id: Option<String>,
    /// The whole story it belongs to.
    pub correlation_id: Option<String>,
    /// The command it follows from.
    pub causation_id: Option<String>,
    /// The request that brought it.
    pub request_id: Option<String>,
    /// The event of this history that it is the effect of, by its position.
    pub caused_by: Option<i64>,
    /// What happened exactly; what is stored sealed is left out.
    #[schema(value_type = Object)]
    pub data: Value,
}

/// An event of the log, decoded.
pub(super) struct Told {
    pub(super) event: LogEvent,
    pub(super) recorded: RecordedEvent,
}

impl Entry {
    pub(super) fn new(told: &Told, text: String, english: String) -> Self {
        let event = &told.event;
        let metadata: Value = serde_json::from_str(&event.metadata).unwrap_or_default();
        let said = |key: &str| metadata.get(key).and_then(Value::as_str).map(str::to_owned);
        let mut data: Value = serde_json::from_str(&event.payload).unwrap_or_default();
        if let Some(data) = data.get_mut(&event.event_type).and_then(Value::as_object_mut) {
            for key in SEALED {
                if let Some(value) = data.get_mut(key).filter(|value| !value.is_null()) {
                    *value = Value::from("(sealed)");
                }
            }
        }
        Self {
            position: event.position,
            recorded_at: event.recorded_at.clone(),
            aggregate_type: event.aggregate_type.clone(),
            aggregate_id: event.aggregate_id.clone(),
            event_type: event.event_type.clone(),
            text,
            english,
            actor: said("actor").unwrap_or_default(),
            reason: said("reason").unwrap_or_default(),
            command_id: said("command_id"),
            correlation_id: said("correlation_id"),
            causation_id: said("causation_id"),
            request_id: said("request_id"),
            caused_by: None,
            data,
        }
    }
}

impl Entry {
    /// What happened, in this language.
    pub(crate) fn what(&self, language: Language) -> &str {
        match language {
            Language::Japanese => &self.text,
            Language::English => &self.english,
        }
    }

    /// Who did it, as people read it.
    pub(crate) fn who(&self, language: Language) -> &str {
        words::actor(language, &self.actor)
    }

    /// Why, as people read it.
    pub(crate) fn why(&self, language: Language) -> Cow<'_, str> {
        words::reason(language, &self.reason)
    }
}

/// Fills in what each entry is the effect of: by the ids of commands, and where a process was interrupted in between
/// or somebody else found out, by what the events say of themselves.
pub(super) fn link(entries: &mut [Entry], told: &[Told]) {
    for i in 0..entries.len() {
        let (before, rest) = entries.split_at_mut(i);
        let (Some(entry), Some(this)) = (rest.first_mut(), told.get(i)) else { continue };
        let by_command = entry.causation_id.as_ref().and_then(|id| {
            before.iter().rev().find(|cause| cause.command_id.as_ref() == Some(id)).map(|cause| cause.position)
        });
        let earlier = || told[..i].iter().rev();
        // What one command did together follows from the first thing it did.
        let together = before.iter().find(|other| {
            other.aggregate_id == entry.aggregate_id
                && entry.command_id.is_some()
                && other.command_id == entry.command_id
        });
        let together = together.map(|other| other.position);
        entry.caused_by = together.or(by_command).or_else(|| match &this.recorded {
            RecordedEvent::Order(event) => of_order(this, event, earlier()),
            RecordedEvent::Subscription(SubscriptionEvent::OrderGenerationStarted { .. }) => {
                let same = earlier().filter(|cause| cause.event.aggregate_id == this.event.aggregate_id);
                due_since(same).map(|cause| cause.event.position)
            }
            RecordedEvent::Mail(event) => of_mail(this, event, earlier()),
            RecordedEvent::Subscription(_)
            | RecordedEvent::Member(_)
            | RecordedEvent::ShopSettings(_)
            | RecordedEvent::Product(_)
            | RecordedEvent::Webhook(_) => None,
        });
    }
}

/// What made the next order of a subscription due when it was: the cycle, or a single change of the date since the last
/// order. `earlier` is what happened to the subscription before, newest first.
pub(super) fn due_since<'t>(earlier: impl Iterator<Item = &'t Told>) -> Option<&'t Told> {
    use SubscriptionEvent as S;
    let mut called_since = false;
    for told in earlier {
        let RecordedEvent::Subscription(event) = &told.recorded else { continue };
        match event {
            S::SubscriptionStarted { .. } | S::CycleChanged { .. } => return Some(told),
            S::NextDateChanged { .. } | S::DeliverySkipped { .. } | S::SubscriptionResumed { .. } if !called_since => {
                return Some(told);
            }
            S::OrderGenerationStarted { .. } => called_since = true,
            _ => {}
        }
    }
    None
}

fn of_order<'t>(this: &Told, event: &OrderEvent, mut earlier: impl Iterator<Item = &'t Told>) -> Option<i64> {
    let id = &this.event.aggregate_id;
    let calls_for = |cause: &&Told| match &cause.recorded {
        RecordedEvent::Subscription(SubscriptionEvent::OrderGenerationStarted { order_id, .. }) => {
            order_id.as_str() == id
        }
        _ => false,
    };
    let cause = match event {
        OrderEvent::OrderGenerated { .. } => earlier.find(calls_for),
        event => {
            let asked_by = asked_by(event)?;
            let attempt = attempt_of(this);
            earlier.find(|cause| {
                let asks = asked_by.contains(&cause.event.event_type.as_str());
                asks && cause.event.aggregate_id == *id && attempt_of(cause) == attempt
            })
        }
    };
    cause.map(|cause| cause.event.position)
}

/// What becomes of a mail follows from its request, or from its release by hand.
fn of_mail<'t>(this: &Told, event: &MailEvent, mut earlier: impl Iterator<Item = &'t Told>) -> Option<i64> {
    let asked = match event {
        MailEvent::MailRequested { .. } => return None,
        MailEvent::MailSent { .. }
        | MailEvent::MailDelayed { .. }
        | MailEvent::MailGivenUp { .. }
        | MailEvent::MailDropped {} => ["MailRequested", "MailReleased"].as_slice(),
        MailEvent::MailReleased {} => &["MailGivenUp", "MailDelayed"],
    };
    let cause = earlier.find(|cause| {
        cause.event.aggregate_id == this.event.aggregate_id && asked.contains(&cause.event.event_type.as_str())
    });
    cause.map(|cause| cause.event.position)
}

/// The events of the same attempt that an outcome answers, by their names.
fn asked_by(event: &OrderEvent) -> Option<&'static [&'static str]> {
    use OrderEvent as O;
    match event {
        O::AuthorizationSucceeded { .. }
        | O::AuthorizationFailed { .. }
        | O::AuthorizationOutcomeUnknown { .. }
        | O::AuthorizationSentAgain { .. }
        | O::AttemptGivenUp { .. }
        | O::SurplusPaymentFound { .. } => Some(&["AuthorizationRequested", "AuthorizationSentAgain"]),
        O::AuthorizationExpired { .. } => Some(&["AuthorizationSucceeded"]),
        O::SurplusPaymentAccepted { .. } => Some(&["SurplusPaymentFound"]),
        O::SalesConfirmed { .. } | O::CaptureFailed { .. } | O::CaptureOutcomeUnknown { .. } => {
            Some(&["CaptureRequested"])
        }
        O::AmountRevised { .. } | O::RevisionFailed { .. } | O::RevisionOutcomeUnknown { .. } => {
            Some(&["RevisionRequested"])
        }
        O::AuthorizationVoided { .. } | O::VoidFailed { .. } | O::VoidOutcomeUnknown { .. } => Some(&["VoidRequested"]),
        O::SaleRefunded { .. } | O::RefundFailed { .. } | O::RefundOutcomeUnknown { .. } => Some(&["RefundRequested"]),
        O::OrderGenerated { .. }
        | O::AuthorizationNotExecuted { .. }
        | O::AuthorizationRequested { .. }
        | O::CaptureRequested { .. }
        | O::OrderBasketChanged { .. }
        | O::OrderPaymentMethodChanged { .. }
        | O::RevisionRequested { .. }
        | O::VoidRequested { .. }
        | O::RefundRequested { .. }
        | O::OrderCancelled {}
        | O::OrderCompleted {}
        | O::DocumentIssued { .. }
        | O::PaymentCheckChanged { .. }
        | O::OrderWorkReleased { .. } => None,
    }
}

/// The number of the attempt an event is about.
fn attempt_of(told: &Told) -> Option<u64> {
    let payload: Value = serde_json::from_str(&told.event.payload).ok()?;
    payload.get(&told.event.event_type)?.get("attempt")?.as_u64()
}
