//! What every event is called outside, and what of it is shown: one table, without a fallback. An event or a field
//! that is added to the domain does not compile before somebody has decided here what readers see of it.
//!
//! The form is a promise to other people's programs. Fields may be added to a version; anything else is a new version
//! of that event. Sealed texts have no way into it.

use super::NameAndData;
use serde_json::{Map, json};
use teiki_domain::mail::MailEvent as Mail;
use teiki_domain::member::MemberEvent as Member;
use teiki_domain::order::OrderEvent as Order;
use teiki_domain::product::ProductEvent as Product;
use teiki_domain::recorded::RecordedEvent;
use teiki_domain::shop_settings::ShopSettingsEvent as Shop;
use teiki_domain::subscription::SubscriptionEvent as Subscription;
use teiki_domain::webhook::WebhookEvent as Webhook;

/// `Variant { fields shown under their own names } hides { fields never shown } => "name" version { "field": shown
/// instead of a hidden one };`
macro_rules! forms {
    ($(#[$doc:meta])* $function:ident, $names:ident, $enum:ident {
        $($variant:ident { $($field:ident),* } $(hides { $($hidden:ident),* })? => $name:literal $version:literal
            $(with { $($instead:ident: $key:literal = $value:expr),* })?;)+
    }) => {
        $(#[$doc])*
        fn $function(event: &$enum) -> NameAndData {
            match event {
                $($enum::$variant { $($field,)* $($($hidden: _,)*)? $($($instead,)*)? } => {
                    #[allow(unused_mut)] // some events say everything by their name
                    let mut data = Map::new();
                    $(data.insert(stringify!($field).to_owned(), json!($field));)*
                    $($(data.insert($key.to_owned(), json!($value));)*)?
                    NameAndData { name: $name, version: $version, data }
                })+
            }
        }

        const $names: &[(&str, u32)] = &[$(($name, $version)),+];
    };
}

forms!(
    /// A subscription's event.
    subscription, SUBSCRIPTION, Subscription {
        SubscriptionStarted { subscription_id, member_id, basket, payment_method, cycle, anchor, next }
            => "subscription.started" 1;
        OrderGenerationStarted { order_id, dates, basket, payment_method, next }
            => "subscription.order_generation_started" 1;
        DeliverySkipped { skipped, next } => "subscription.delivery_skipped" 1;
        NextDateChanged { next } => "subscription.next_date_changed" 1;
        CycleChanged { cycle, anchor, next } => "subscription.cycle_changed" 1;
        BasketChanged { basket } => "subscription.basket_changed" 1;
        PaymentMethodChanged { payment_method } => "subscription.payment_method_changed" 1;
        SubscriptionPaused {} => "subscription.paused" 1;
        SubscriptionResumed { next } => "subscription.resumed" 1;
        SubscriptionEnded {} => "subscription.ended" 1;
        SubscriptionStartPrevented {} => "subscription.start_prevented" 1;
        SubscriptionWorkReleased { work } => "subscription.work_released" 1;
    }
);

forms!(
    /// An order's event.
    order, ORDER, Order {
        OrderGenerated {
            order_id, subscription_id, member_id, generation_date, delivery_date, basket, payment_method, sale_mode
        } => "order.generated" 1;
        AuthorizationNotExecuted { reason } => "order.authorization_not_executed" 1;
        AuthorizationRequested { attempt, transaction_id, amount, card, sale_mode, cause, requested_on, three_d_secure }
            => "order.authorization_requested" 1;
        AuthorizationSucceeded { attempt, payment_id, captured, found_by, until }
            => "order.authorization_succeeded" 1;
        AuthorizationFailed { attempt, code, detail, found_by } => "order.authorization_failed" 1;
        AuthorizationOutcomeUnknown { attempt, why } => "order.authorization_outcome_unknown" 1;
        AuthorizationSentAgain { attempt } => "order.authorization_sent_again" 1;
        AttemptGivenUp { attempt } => "order.attempt_given_up" 1;
        SurplusPaymentFound { attempt, payment_id, amount, captured, found_by, until } => "order.surplus_payment_found" 1;
        SurplusPaymentAccepted { attempt, payment_id } => "order.surplus_payment_accepted" 1;
        AuthorizationExpired { attempt, payment_id, found_by } => "order.authorization_expired" 1;
        CaptureRequested { attempt, amount } => "order.capture_requested" 1;
        SalesConfirmed { attempt, amount, found_by, refundable_until } => "order.sales_confirmed" 1;
        CaptureFailed { attempt, code, detail } => "order.capture_failed" 1;
        CaptureOutcomeUnknown { attempt, why } => "order.capture_outcome_unknown" 1;
        OrderBasketChanged { basket } => "order.basket_changed" 1;
        OrderPaymentMethodChanged { payment_method } => "order.payment_method_changed" 1;
        RevisionRequested { attempt, payment_id, from, to } => "order.revision_requested" 1;
        AmountRevised { attempt, base_payment_id, payment_id, amount, found_by } => "order.amount_revised" 1;
        RevisionFailed { attempt, payment_id, code, detail } => "order.revision_failed" 1;
        RevisionOutcomeUnknown { attempt, payment_id, why } => "order.revision_outcome_unknown" 1;
        VoidRequested { attempt, payment_id, amount, purpose } => "order.void_requested" 1;
        AuthorizationVoided { attempt, payment_id, found_by } => "order.authorization_voided" 1;
        VoidFailed { attempt, payment_id, code, detail } => "order.void_failed" 1;
        VoidOutcomeUnknown { attempt, payment_id, why } => "order.void_outcome_unknown" 1;
        RefundRequested { attempt, payment_id, amount, purpose } => "order.refund_requested" 1;
        SaleRefunded { attempt, payment_id, amount, found_by } => "order.sale_refunded" 1;
        RefundFailed { attempt, payment_id, code, detail } => "order.refund_failed" 1;
        RefundOutcomeUnknown { attempt, payment_id, why } => "order.refund_outcome_unknown" 1;
        OrderCancelled {} => "order.cancelled" 1;
        OrderCompleted {} => "order.completed" 1;
        DocumentIssued { kind, number, issued_on } hides { content, layout, wording } => "order.document_issued" 1;
        PaymentCheckChanged { checked } => "order.payment_check_changed" 1;
        OrderWorkReleased { work } => "order.work_released" 1;
    }
);

forms!(
    /// A member's event. The profile is added by the reader who may see it.
    member, MEMBER, Member {
        MemberRegistered { member_id } hides { profile } => "member.registered" 1;
        CardRegistrationRequested { registration } => "member.card_registration_requested" 1;
        CardRegistered { registration, card } => "member.card_registered" 1;
        CardRegistrationFailed { registration, code, detail } => "member.card_registration_failed" 1;
        MemberErased {} => "member.erased" 1;
        StoredCardsDeleted {} => "member.stored_cards_deleted" 1;
        StoredCardsNotDeleted { code, detail } => "member.stored_cards_not_deleted" 1;
        MemberWorkReleased { work } => "member.work_released" 1;
    }
);

forms!(
    /// A shop's event. What the shop signs in with at Paygent is not shown.
    shop, SHOP, Shop {
        ShopOpened { shop_id, name } => "shop.opened" 1;
        ConnectionChanged { merchant_id } hides { connect_id, connect_password, token_key }
            => "shop.connection_changed" 1;
        SaleModeChanged { sale_mode } => "shop.sale_mode_changed" 1;
        InstalmentsChanged { allowed, note } => "shop.instalments_changed" 1;
        ApplicabilityChanged { min, max } => "shop.applicability_changed" 1;
        UseForSubscriptionsChanged { enabled } => "shop.use_for_subscriptions_changed" 1;
        AuthorizeAtGenerationChanged { enabled } => "shop.authorize_at_generation_changed" 1;
        PaymentMethodsChanged { methods } => "shop.payment_methods_changed" 1;
        CardExpiryMailsChanged { automatic } => "shop.card_expiry_mails_changed" 1;
        LeadTimeChanged { days } => "shop.lead_time_changed" 1;
        ContractPeriodChanged { start, end } => "shop.contract_period_changed" 1;
        AuthorizationValidityChanged { days, warn_days } => "shop.authorization_validity_changed" 1;
        RetryPolicyChanged { policy } => "shop.retry_policy_changed" 1;
        NoticeKeyChanged {} => "shop.notice_key_changed" 1 with { notice_key: "configured" = notice_key.is_some() };
        ShopRenamed { name } => "shop.renamed" 1;
        ShopProfileChanged { profile } => "shop.profile_changed" 1;
        MailSenderChanged {} hides { sender } => "shop.mail_sender_changed" 1;
        InvoiceIssuerChanged { issuer } => "shop.invoice_issuer_changed" 1;
        WaybillCarrierChanged { carrier } => "shop.waybill_carrier_changed" 1;
        ContractOptionsChanged { options } => "shop.contract_options_changed" 1;
        NormalPurchaseConfirmed { works } => "shop.normal_purchase_confirmed" 1;
        ThreeDSecureChanged { enabled, merchant_name, attempt_control } => "shop.three_d_secure_changed" 1
            with { hash_key: "configured" = hash_key.is_some() };
        CardLinkingChanged { enabled } => "shop.card_linking_changed" 1;
        DisplayNameChanged { display_name } => "shop.display_name_changed" 1;
        PaymentNotesChanged { notes } => "shop.payment_notes_changed" 1;
        PaymentLogoChanged { logo } => "shop.payment_logo_changed" 1;
        ShopTextChanged { page, text } => "shop.text_changed" 1;
        DeliveryCyclesChanged { cycles } => "shop.delivery_cycles_changed" 1;
        CartTextsChanged { texts } => "shop.cart_texts_changed" 1;
        CartDesignChanged { design } => "shop.cart_design_changed" 1;
        MyPageChanged { my_page } => "shop.my_page_changed" 1;
        AccountChanged { operator_id, change } => "shop.account_changed" 1;
        ShopWorkReleased { work, subject } => "shop.work_released" 1;
    }
);

forms!(
    /// A product's event.
    product, PRODUCT, Product {
        ProductRegistered { product_id, name, unit_price, tax_percent } => "product.registered" 1;
        ProductChanged { name, unit_price, tax_percent } => "product.changed" 1;
        ProductWithdrawn {} => "product.withdrawn" 1;
    }
);

forms!(
    /// A mail's event. What it says is not shown.
    mail, MAIL, Mail {
        MailRequested { mail_id, kind, recipient, about, requested_at } hides { letter } => "mail.requested" 1;
        MailSent { attempt, message_id } => "mail.sent" 1;
        MailDelayed { attempt, reason, again_at } => "mail.delayed" 1;
        MailGivenUp { attempt, reason } => "mail.given_up" 1;
        MailDropped {} => "mail.dropped" 1;
        MailReleased {} => "mail.released" 1;
    }
);

forms!(
    /// A webhook's event. The feed has them; no webhook gets them, or a receiver that fails would cause events for itself.
    webhook, WEBHOOK, Webhook {
        WebhookRegistered { webhook_id, host, types, description } => "webhook.registered" 1;
        WebhookSecretRotated { secret, overlap_hours } => "webhook.secret_rotated" 1;
        WebhookDisabled { reason } => "webhook.disabled" 1;
        WebhookEnabled {} => "webhook.enabled" 1;
        WebhookDeliveryRepeated { delivery, position } => "webhook.delivery_repeated" 1;
        WebhookRemoved {} => "webhook.removed" 1;
    }
);

/// Name, version and data of an event.
pub(super) fn form(event: &RecordedEvent) -> NameAndData {
    match event {
        RecordedEvent::Subscription(event) => subscription(event),
        RecordedEvent::Order(event) => order(event),
        RecordedEvent::Member(event) => member(event),
        RecordedEvent::ShopSettings(event) => shop(event),
        RecordedEvent::Product(event) => product(event),
        RecordedEvent::Mail(event) => mail(event),
        RecordedEvent::Webhook(event) => webhook(event),
    }
}

/// The noun an event's stream goes by outside.
pub(super) fn noun(event: &RecordedEvent) -> &'static str {
    match event {
        RecordedEvent::Subscription(_) => "subscription",
        RecordedEvent::Order(_) => "order",
        RecordedEvent::Member(_) => "member",
        RecordedEvent::ShopSettings(_) => "shop",
        RecordedEvent::Product(_) => "product",
        RecordedEvent::Mail(_) => "mail",
        RecordedEvent::Webhook(_) => "webhook",
    }
}

/// Every noun there is: what the names of each table begin with.
pub(super) fn nouns() -> impl Iterator<Item = &'static str> {
    let tables = [SUBSCRIPTION, ORDER, MEMBER, SHOP, PRODUCT, MAIL, WEBHOOK];
    tables.into_iter().filter_map(|table| table.first()?.0.split('.').next())
}

/// Every name there is, with its version.
pub(super) fn names() -> impl Iterator<Item = (&'static str, u32)> {
    [SUBSCRIPTION, ORDER, MEMBER, SHOP, PRODUCT, MAIL, WEBHOOK].into_iter().flatten().copied()
}
