use crate::values::{cash, day, sealed, yen};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::retry_policy::RetryPolicy;
use teiki_domain::shop_settings::{
    AccountChange, AttemptControl, CartDesign, CartTexts, ContractOptions, InvoiceIssuer, Logo, MailSender, MyPage,
    PaymentNotes, ShopProfile, ShopSettingsEvent as Event, ShopText, WaybillCarrier,
};

fn account(change: AccountChange) -> Event {
    Event::AccountChanged { operator_id: "0123456789ab".to_owned(), change }
}

fn logo() -> Logo {
    Logo { image: "https://shop.example.jp/card.png".to_owned(), alt: "利用できるカード".to_owned() }
}

fn profile() -> ShopProfile {
    ShopProfile {
        postal_code: "100-0001".to_owned(),
        address: "東京都千代田区千代田1-1".to_owned(),
        phone: "03-0000-0000".to_owned(),
        mail: "shop@example.jp".to_owned(),
        site_url: "https://shop.example.jp/".to_owned(),
        my_page_url: "https://shop.example.jp/my".to_owned(),
    }
}

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
        Event::ShopRenamed { name: "菓子店 まるや 本店".to_owned() },
        Event::ShopProfileChanged { profile: profile() },
        Event::ShopProfileChanged { profile: ShopProfile::default() },
        Event::MailSenderChanged {
            sender: MailSender {
                from_name: Some("まるや".to_owned()), copies: vec!["copies@example.jp".to_owned()]
            },
        },
        Event::MailSenderChanged { sender: MailSender::default() },
        Event::InvoiceIssuerChanged {
            issuer: InvoiceIssuer {
                issuer_name: "株式会社まるや".to_owned(),
                registration_number: Some("T1234567890123".to_owned()),
            },
        },
        Event::InvoiceIssuerChanged { issuer: InvoiceIssuer::default() },
        Event::WaybillCarrierChanged { carrier: WaybillCarrier::Yamato },
        Event::WaybillCarrierChanged { carrier: WaybillCarrier::Sagawa },
        Event::WaybillCarrierChanged { carrier: WaybillCarrier::JapanPost },
        Event::ContractOptionsChanged {
            options: ContractOptions { subscriptions: true, card_vault: true, three_d_secure: false },
        },
        Event::NormalPurchaseConfirmed { works: true },
        Event::NormalPurchaseConfirmed { works: false },
        Event::ThreeDSecureChanged {
            enabled: true,
            merchant_name: "MARUYA SWEETS".to_owned(),
            hash_key: Some(sealed("djEuaGFzaA==")),
            attempt_control: AttemptControl::Low,
        },
        Event::ThreeDSecureChanged {
            enabled: false,
            merchant_name: String::new(),
            hash_key: None,
            attempt_control: AttemptControl::Medium,
        },
        Event::ThreeDSecureChanged {
            enabled: false,
            merchant_name: "MARUYA SWEETS".to_owned(),
            hash_key: None,
            attempt_control: AttemptControl::High,
        },
        Event::CardLinkingChanged { enabled: true },
        Event::CardLinkingChanged { enabled: false },
        Event::DisplayNameChanged { display_name: "カード払い".to_owned() },
        Event::PaymentNotesChanged {
            notes: PaymentNotes {
                text: "定期購入は1回払いです。\nご了承ください。".to_owned(),
                on_payment_page: true,
                in_thanks_mail: false,
            },
        },
        Event::PaymentLogoChanged { logo: Some(logo()) },
        Event::PaymentLogoChanged { logo: None },
        Event::ShopTextChanged { page: ShopText::LegalNotice, text: "販売業者 株式会社まるや".to_owned() },
        Event::ShopTextChanged { page: ShopText::PrivacyPolicy, text: "https://shop.example.jp/privacy".to_owned() },
        Event::ShopTextChanged { page: ShopText::MemberTerms, text: "第1条".to_owned() },
        Event::ShopTextChanged { page: ShopText::ShippingGuide, text: String::new() },
        Event::DeliveryCyclesChanged { cycles: vec!["months:1:31".parse().unwrap(), "weeks:2:fri".parse().unwrap()] },
        Event::DeliveryCyclesChanged { cycles: vec![] },
        Event::CartTextsChanged {
            texts: CartTexts {
                cart_upper: "送料無料です".to_owned(),
                cart_lower: String::new(),
                steps_upper: "あと少しです".to_owned(),
                done: "ありがとうございました".to_owned(),
            },
        },
        Event::CartDesignChanged {
            design: CartDesign {
                main_color: "#aa3300".to_owned(),
                background_color: "#ffffff".to_owned(),
                logo: Some(logo()),
            },
        },
        Event::CartDesignChanged { design: CartDesign::default() },
        Event::MyPageChanged { my_page: MyPage { comment: "ようこそ".to_owned() } },
        account(AccountChange::Created { role: "operator".to_owned() }),
        account(AccountChange::Changed { role: "manager".to_owned() }),
        account(AccountChange::PasswordChanged),
        account(AccountChange::Disabled),
        account(AccountChange::Enabled),
        Event::ShopWorkReleased { work: "notice".to_owned(), subject: "111111111:7".to_owned() },
    ]
}
