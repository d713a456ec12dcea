//! The only place that touches cqrs-es: it adapts the pure pair `decide`/`apply` to the crate's `Aggregate`.
//!
//! `Services` is `()` on purpose: cqrs-es calls services inside `handle`, before the commit, so nothing that talks
//! to Paygent may ever hang there.

/// What every aggregate is: a fold of events that answers commands.
pub trait Decide: Default {
    /// What can be asked of it.
    type Command;
    /// What can have happened to it.
    type Event: Clone;
    /// Why a command is refused, as a sentence for the operator.
    type Refusal: std::error::Error;

    /// Answers a command with the events it causes. No events: what was asked is already so.
    fn decide(&self, command: Self::Command) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// Folds one event into the state. Never fails: what happened has happened.
    fn apply(&mut self, event: &Self::Event);
}

macro_rules! aggregate {
    ($aggregate:ty, $name:literal, $command:ty, $event:ty, $refusal:ty) => {
        impl cqrs_es::Aggregate for $aggregate {
            const TYPE: &'static str = $name;
            type Command = $command;
            type Event = $event;
            type Error = $refusal;
            type Services = ();

            async fn handle(
                &mut self,
                command: Self::Command,
                _services: &Self::Services,
                sink: &cqrs_es::event_sink::EventSink<Self>,
            ) -> Result<(), Self::Error> {
                for event in $crate::cqrs::Decide::decide(self, command)? {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: Self::Event) {
                $crate::cqrs::Decide::apply(self, &event);
            }
        }
    };
}

/// 1.0.0 unless the event got fields since; those have defaults, so that older forms are still read.
macro_rules! version {
    () => {
        "1.0.0"
    };
    ($version:literal) => {
        $version
    };
}

macro_rules! domain_event {
    ($event:ident { $($variant:ident $(= $version:literal)?),+ $(,)? }) => {
        impl $event {
            /// The names of all events of this aggregate, as stored.
            pub const TYPES: &'static [&'static str] = &[$(stringify!($variant)),+];

            /// The event's name, as stored.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => stringify!($variant)),+
                }
            }
        }

        impl cqrs_es::DomainEvent for $event {
            fn event_type(&self) -> String {
                self.name().to_owned()
            }
            /// MAJOR.MINOR.PATCH, or cqrs-es' upcasters would step over it.
            fn event_version(&self) -> String {
                match self {
                    $(Self::$variant { .. } => version!($($version)?)),+
                }
                .to_owned()
            }
        }
    };
}

aggregate!(
    crate::subscription::Subscription,
    "subscription",
    crate::subscription::SubscriptionCommand,
    crate::subscription::SubscriptionEvent,
    crate::subscription::SubscriptionRefusal
);
aggregate!(
    crate::order::Order,
    "order",
    crate::order::OrderCommand,
    crate::order::OrderEvent,
    crate::order::OrderRefusal
);
aggregate!(
    crate::member::Member,
    "member",
    crate::member::MemberCommand,
    crate::member::MemberEvent,
    crate::member::MemberRefusal
);
aggregate!(
    crate::shop_settings::ShopSettings,
    "shop_settings",
    crate::shop_settings::ShopSettingsCommand,
    crate::shop_settings::ShopSettingsEvent,
    crate::shop_settings::ShopSettingsRefusal
);
aggregate!(
    crate::product::Product,
    "product",
    crate::product::ProductCommand,
    crate::product::ProductEvent,
    crate::product::ProductRefusal
);

aggregate!(crate::mail::Mail, "mail", crate::mail::MailCommand, crate::mail::MailEvent, crate::mail::MailRefusal);
aggregate!(
    crate::webhook::Webhook,
    "webhook",
    crate::webhook::WebhookCommand,
    crate::webhook::WebhookEvent,
    crate::webhook::WebhookRefusal
);

domain_event!(SubscriptionEvent {
    SubscriptionStarted,
    OrderGenerationStarted,
    DeliverySkipped,
    NextDateChanged,
    CycleChanged,
    BasketChanged,
    PaymentMethodChanged,
    SubscriptionPaused,
    SubscriptionResumed,
    SubscriptionEnded,
    SubscriptionStartPrevented,
    SubscriptionWorkReleased,
});
domain_event!(OrderEvent {
    OrderGenerated,
    AuthorizationNotExecuted = "1.1.0",
    AuthorizationRequested = "1.1.0",
    AuthorizationSucceeded = "1.1.0",
    AuthorizationFailed,
    AuthorizationOutcomeUnknown,
    AuthorizationSentAgain,
    AttemptGivenUp,
    SurplusPaymentFound = "1.1.0",
    SurplusPaymentAccepted,
    AuthorizationExpired,
    CaptureRequested,
    SalesConfirmed = "1.1.0",
    CaptureFailed,
    CaptureOutcomeUnknown,
    OrderBasketChanged,
    OrderPaymentMethodChanged,
    RevisionRequested,
    AmountRevised,
    RevisionFailed,
    RevisionOutcomeUnknown,
    VoidRequested,
    AuthorizationVoided,
    VoidFailed,
    VoidOutcomeUnknown,
    RefundRequested,
    SaleRefunded,
    RefundFailed,
    RefundOutcomeUnknown,
    OrderCancelled,
    OrderCompleted,
    DocumentIssued = "1.1.0",
    PaymentCheckChanged,
    OrderWorkReleased,
});
domain_event!(MemberEvent {
    MemberRegistered,
    CardRegistrationRequested,
    CardRegistered,
    CardRegistrationFailed,
    MemberErased,
    StoredCardsDeleted,
    StoredCardsNotDeleted,
    MemberWorkReleased,
});
domain_event!(MailEvent { MailRequested, MailSent, MailDelayed, MailGivenUp, MailDropped, MailReleased });
domain_event!(ProductEvent { ProductRegistered, ProductChanged, ProductWithdrawn });
domain_event!(WebhookEvent {
    WebhookRegistered,
    WebhookSecretRotated,
    WebhookDisabled,
    WebhookEnabled,
    WebhookDeliveryRepeated,
    WebhookRemoved
});
domain_event!(ShopSettingsEvent {
    ShopOpened,
    ConnectionChanged,
    SaleModeChanged,
    InstalmentsChanged,
    ApplicabilityChanged,
    UseForSubscriptionsChanged,
    AuthorizeAtGenerationChanged,
    PaymentMethodsChanged,
    CardExpiryMailsChanged,
    LeadTimeChanged,
    ContractPeriodChanged,
    AuthorizationValidityChanged,
    RetryPolicyChanged,
    NoticeKeyChanged,
    ShopRenamed,
    ShopProfileChanged,
    MailSenderChanged,
    InvoiceIssuerChanged,
    WaybillCarrierChanged,
    ContractOptionsChanged,
    NormalPurchaseConfirmed,
    ThreeDSecureChanged,
    CardLinkingChanged,
    DisplayNameChanged,
    PaymentNotesChanged,
    PaymentLogoChanged,
    ShopTextChanged,
    DeliveryCyclesChanged,
    CartTextsChanged,
    CartDesignChanged,
    MyPageChanged,
    AccountChanged,
    ShopWorkReleased,
});

use crate::mail::MailEvent;
use crate::member::MemberEvent;
use crate::order::OrderEvent;
use crate::product::ProductEvent;
use crate::shop_settings::ShopSettingsEvent;
use crate::subscription::SubscriptionEvent;
use crate::webhook::WebhookEvent;

/// An aggregate that both halves know: pure here, stored through cqrs-es.
pub trait EventSourced:
    Decide
    + cqrs_es::Aggregate<
        Command = <Self as Decide>::Command,
        Event = <Self as Decide>::Event,
        Error = <Self as Decide>::Refusal,
    >
{
}

impl<A> EventSourced for A where
    A: Decide
        + cqrs_es::Aggregate<
            Command = <A as Decide>::Command,
            Event = <A as Decide>::Event,
            Error = <A as Decide>::Refusal,
        >
{
}
