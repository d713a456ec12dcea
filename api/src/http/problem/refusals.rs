//! What the domain and the engine refuse, as problems.

use super::{Problem, not_found, unavailable};
use crate::command_gateway::CommandError;
use crate::console::Language;
use crate::erasure::EraseError;
use crate::mails::MailError;
use crate::members::RegisterError;
use crate::payments::PaymentError;
use crate::shops::ShopError;
use crate::subscriptions::StartError;
use crate::{words_order, words_subscription};
use axum::http::StatusCode;
use teiki_domain::mail::MailRefusal;
use teiki_domain::member::MemberRefusal;
use teiki_domain::order::OrderRefusal;
use teiki_domain::product::ProductRefusal;
use teiki_domain::shop_settings::ShopSettingsRefusal;
use teiki_domain::subscription::SubscriptionRefusal;
use teiki_domain::webhook::WebhookRefusal;

fn conflict(code: &str, detail: String) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, "The request does not fit the present state").detail(detail)
}

fn command<R: std::error::Error>(error: CommandError<R>, refused: impl FnOnce(R) -> Problem) -> Problem {
    match error {
        CommandError::Refused(refusal) => refused(refusal),
        error @ CommandError::Changed { .. } => conflict("changed_meanwhile", error.to_string()),
        error @ CommandError::Contended { .. } => conflict("contended", error.to_string()).retryable(),
        error => unavailable(&error),
    }
}

impl From<crate::members::NamesError> for Problem {
    fn from(error: crate::members::NamesError) -> Self {
        match error {
            crate::members::NamesError::Table(error) => error.into(),
            crate::members::NamesError::Key(error) => error.into(),
        }
    }
}

impl From<ShopError> for Problem {
    fn from(error: ShopError) -> Self {
        match error {
            ShopError::DoesNotExist(_) => not_found(error.to_string()),
            ShopError::NotConnected(_) | ShopError::NoTransport => conflict("not_connected", error.to_string()),
            ShopError::OtherEnvironment { .. } => conflict("other_environment", error.to_string()),
            ShopError::Key(error) => error.into(),
            ShopError::Store(_) | ShopError::Binding(_) | ShopError::Products(_) => unavailable(&error),
        }
    }
}

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::Subscribed(_) => conflict("subscription_running", error.to_string()),
            EraseError::Contended(_) => conflict("contended", error.to_string()).retryable(),
            EraseError::Command(error) => member(error),
            EraseError::Subscription(error) => subscription(error, "id"),
            EraseError::Payment(error) => (*error).into(),
            EraseError::Gate(error) => unavailable(&error),
            EraseError::SetAside(error) => unavailable(&error),
            EraseError::Key(error) => error.into(),
            EraseError::Note(error) => unavailable(&error),
            EraseError::Store(error) => unavailable(&error),
            EraseError::Table(error) => error.into(),
            EraseError::App(error) => unavailable(&error),
        }
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Field { field, rule } => Problem::validation(field, rule),
            RegisterError::Key(error) => error.into(),
            RegisterError::Command(error) => member(error),
        }
    }
}

fn member(error: CommandError<MemberRefusal>) -> Problem {
    command(error, |refusal| match refusal {
        MemberRefusal::DoesNotExist => not_found(refusal.to_string()),
        refusal => conflict("refused", refusal.to_string()),
    })
}

impl From<PaymentError> for Problem {
    fn from(error: PaymentError) -> Self {
        match error {
            PaymentError::Order(error) => command(error, |refusal| {
                let japanese = words_order::refusal(Language::Japanese, &refusal);
                let problem = match &refusal {
                    OrderRefusal::DoesNotExist => not_found(refusal.to_string()),
                    OrderRefusal::OutcomeOpen => conflict("outcome_open", refusal.to_string()).retryable(),
                    _ => conflict("refused", refusal.to_string()),
                };
                problem.in_japanese(japanese)
            }),
            PaymentError::Member(error) => member(error),
            PaymentError::Shop(error) => error.into(),
            PaymentError::Store(error) => unavailable(&error),
            PaymentError::Serial(error) => unavailable(&error),
            PaymentError::Id(error) => unavailable(&error),
            PaymentError::Inbox(error) => unavailable(&error),
            error @ PaymentError::Overtaken(_) => conflict("overtaken", error.to_string()).retryable(),
            error @ PaymentError::UnderWay(_) => conflict("outcome_open", error.to_string()).retryable(),
        }
    }
}

/// A refused setting; `field` is what it is about unless the refusal knows better.
pub(in crate::http) fn settings(error: CommandError<ShopSettingsRefusal>, field: &str) -> Problem {
    command(error, |refusal| match &refusal {
        ShopSettingsRefusal::DoesNotExist => not_found(refusal.to_string()),
        // Named as the field of the request is.
        ShopSettingsRefusal::Field { field: named, .. } | ShopSettingsRefusal::TooLong { field: named, .. } => {
            let named = match *named {
                "instalment note" | "payment method name" | "shop name" => field.to_owned(),
                named => named.to_lowercase().replace(' ', "_"),
            };
            Problem::validation(&named, refusal.to_string())
        }
        ShopSettingsRefusal::NoThreeDSecureOption
        | ShopSettingsRefusal::NoCardVaultOption
        | ShopSettingsRefusal::OptionInUse(_) => conflict("refused", refusal.to_string()),
        _ => Problem::validation(field, refusal.to_string()),
    })
}

/// A refused setting where nothing says which field it was.
pub(crate) fn settings_problem(error: CommandError<ShopSettingsRefusal>) -> Problem {
    settings(error, "setting")
}

/// A refused command on a product.
pub(crate) fn product(error: CommandError<ProductRefusal>) -> Problem {
    command(error, |refusal| match &refusal {
        ProductRefusal::DoesNotExist => not_found(refusal.to_string()),
        ProductRefusal::Name => Problem::validation("name", refusal.to_string()),
        ProductRefusal::Price(_) => Problem::validation("unit_price", refusal.to_string()),
        ProductRefusal::Tax(_) => Problem::validation("tax_percent", refusal.to_string()),
        ProductRefusal::CodeTaken | ProductRefusal::Withdrawn => conflict("refused", refusal.to_string()),
    })
}

/// A refused command on a webhook.
pub(in crate::http) fn webhook(error: CommandError<WebhookRefusal>) -> Problem {
    command(error, |refusal| match &refusal {
        WebhookRefusal::DoesNotExist => not_found(refusal.to_string()),
        WebhookRefusal::Disabled => conflict("disabled", refusal.to_string()),
        WebhookRefusal::IdTaken | WebhookRefusal::Removed => conflict("refused", refusal.to_string()),
    })
}

/// A refused command on a subscription; `date` is the field a date that cannot be is in.
pub(in crate::http) fn subscription(error: CommandError<SubscriptionRefusal>, date: &str) -> Problem {
    command(error, |refusal| {
        let japanese = words_subscription::refusal(Language::Japanese, &refusal);
        let problem = match &refusal {
            SubscriptionRefusal::DoesNotExist => not_found(refusal.to_string()),
            SubscriptionRefusal::TooEarly { .. }
            | SubscriptionRefusal::TooLate { .. }
            | SubscriptionRefusal::BeyondCalendar(_) => Problem::validation(date, refusal.to_string()),
            SubscriptionRefusal::NumberTaken => conflict("number_taken", refusal.to_string()),
            _ => conflict("refused", refusal.to_string()),
        };
        problem.in_japanese(japanese)
    })
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Shop(error) => error.into(),
            StartError::Settings(refusal) => Problem::validation("payment_method", refusal.to_string()),
            StartError::NotReady { .. } => conflict("shop_not_ready", error.to_string()),
            StartError::NoSuchMember(_) => Problem::validation("member_id", error.to_string()),
            StartError::NoCard(_) => conflict("no_card", error.to_string()),
            StartError::OtherShop => Problem::validation("subscription_id", error.to_string()),
            StartError::Command(error) => subscription(error, "first_delivery"),
            StartError::Store(error) => unavailable(&error),
            StartError::Serial(error) => unavailable(&error),
            StartError::Gate(error) => unavailable(&error),
            StartError::Erased(_) => conflict("member_erased", error.to_string()),
        }
    }
}

impl From<MailError> for Problem {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Letter(error) => Problem::validation(error.field(), error.to_string()),
            MailError::NoSuchOrder(_) | MailError::NoSuchMember(_) => not_found(error.to_string()),
            MailError::Completed(_) => conflict("order_completed", error.to_string()),
            MailError::Erased(_) => conflict("member_erased", error.to_string()),
            MailError::Nobody => Problem::validation("subscription_ids", error.to_string()),
            MailError::Shop(error) => error.into(),
            MailError::Table(error) => error.into(),
            MailError::Command(error) => command(error, |refusal| match refusal {
                MailRefusal::DoesNotExist => not_found(refusal.to_string()),
                refusal => conflict("refused", refusal.to_string()),
            }),
            MailError::Key(error) => error.into(),
            MailError::Store(_) | MailError::App(_) => unavailable(&error),
        }
    }
}
