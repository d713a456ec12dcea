use crate::values::{cash, day, sealed, yen};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::retry_policy::RetryPolicy;
use teiki_domain::shop_settings::ShopSettingsEvent as Event;

pub(crate) fn shop_settings() -> Vec<Event> {
    let (min, max) = (Some(yen(3_000)), Some(yen(50_000)));
    let (start, end) = (Some(day("2026-04-01")), Some(day("2028-02-29")));
    vec![
        Event::ShopOpened { shop_id: "02396".parse().unwrap(), name: "菓子店 まるや".to_owned() },
        Event::ConnectionChanged {
            merchant_id: "020900".to_owned(),
            connect_id: "test020900".to_owned(),
            connect_password: sealed("djEucGFzc3dvcmQ="),
            token_key: sealed("djEudG9rZW4="),
        },
        Event::SaleModeChanged { sale_mode: SaleMode::AuthorizeOnly },
        Event::SaleModeChanged { sale_mode: SaleMode::AuthorizeAndCapture },
        Event::InstalmentsChanged { allowed: true, note: "3回から承ります".to_owned() },
        Event::InstalmentsChanged { allowed: false, note: String::new() },
        Event::ApplicabilityChanged { min, max },
        Event::ApplicabilityChanged { min, max: None },
        Event::ApplicabilityChanged { min: None, max },
        Event::ApplicabilityChanged { min: None, max: None },
        Event::UseForSubscriptionsChanged { enabled: true },
        Event::UseForSubscriptionsChanged { enabled: false },
        Event::AuthorizeAtGenerationChanged { enabled: true },
        Event::AuthorizeAtGenerationChanged { enabled: false },
        Event::PaymentMethodsChanged { methods: vec![] },
        Event::PaymentMethodsChanged { methods: vec![PaymentMethod::Card, cash()] },
        Event::CardExpiryMailsChanged { automatic: true },
        Event::CardExpiryMailsChanged { automatic: false },
        Event::LeadTimeChanged { days: 0 },
        Event::LeadTimeChanged { days: 90 },
        Event::ContractPeriodChanged { start, end },
        Event::ContractPeriodChanged { start, end: None },
        Event::ContractPeriodChanged { start: None, end },
        Event::ContractPeriodChanged { start: None, end: None },
        Event::AuthorizationValidityChanged { days: 60, warn_days: 0 },
        Event::AuthorizationValidityChanged { days: 1, warn_days: 1 },
        Event::RetryPolicyChanged { policy: RetryPolicy::default() },
        Event::RetryPolicyChanged { policy: RetryPolicy { ladder: vec![1, 3, 7], on_card_change: true } },
        Event::NoticeKeyChanged { notice_key: Some(sealed("djEubm90aWNl")) },
        Event::NoticeKeyChanged { notice_key: None },
    ]
}
