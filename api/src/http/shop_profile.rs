//! What a shop says about itself, what its contract allows, and how its pages look (S1, S6-S8, S10, S11, S18).

use super::caller::Caller;
use super::problem::{Problem, unavailable};
use super::request::field;
use super::shop_settings::{seal, settings};
use super::shops::{Id, ShopView, change, shop};
use crate::app::App;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use teiki_domain::shop_settings as of;
use teiki_domain::shop_settings::{Details, ShopSettings, ShopSettingsCommand as Command};
use teiki_infrastructure::redacted::Redacted;
use utoipa::ToSchema;

/// The name of a shop.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewShopName {
    #[schema(min_length = 1, max_length = 200, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "菓子店 まるや")]
    name: String,
}

/// How buyers reach the shop: in mails and on documents. Every field may be empty.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ShopProfile {
    #[schema(pattern = "^([0-9]{3}-?[0-9]{4})?$", example = "100-0001")]
    postal_code: String,
    #[schema(max_length = 200, example = "東京都千代田区千代田1-1")]
    address: String,
    #[schema(pattern = "^[0-9+() -]{0,20}$", example = "03-0000-0000")]
    phone: String,
    #[schema(max_length = 254, example = "shop@example.jp")]
    mail: String,
    #[schema(max_length = 500, example = "https://shop.example.jp/")]
    site_url: String,
    #[schema(max_length = 500, example = "https://shop.example.jp/my")]
    my_page_url: String,
}

/// Who mails to buyers come from, and who at the shop reads along.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MailSender {
    /// Name shown as the sender; null: the shop's name.
    #[schema(min_length = 1, max_length = 60)]
    from_name: Option<String>,
    /// Where copies go; empty: to the shop's own mail address.
    #[serde(default)]
    #[schema(max_items = 10, example = json!(["orders@example.jp"]))]
    copies: Vec<String>,
}

/// Who issues invoices and receipts.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InvoiceIssuer {
    /// Name as registered; empty: the shop's name.
    #[serde(default)]
    #[schema(max_length = 100, example = "株式会社まるや")]
    issuer_name: String,
    /// Qualified-invoice registration number; null: none.
    #[schema(pattern = "^T[0-9]{13}$", example = "T1234567890123")]
    registration_number: Option<String>,
}

/// The parcel carrier of a shop (O14).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWaybillCarrier {
    #[schema(schema_with = super::schema::waybill_carrier)]
    carrier: of::WaybillCarrier,
}

/// What the contract with Paygent allows, as the shop recorded it.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ContractOptions {
    subscriptions: bool,
    card_vault: bool,
    three_d_secure: bool,
}

/// Whether a normal purchase works.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NormalPurchase {
    works: bool,
}

/// Whether cards are linked to members.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CardLinking {
    enabled: bool,
}

/// The name of the payment method (S8).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDisplayName {
    #[schema(
        min_length = 1,
        max_length = 60,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$",
        example = "クレジットカード決済"
    )]
    display_name: String,
}

/// Notes on the payment method (S10); the confirmation page always shows them.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PaymentNotes {
    #[schema(max_length = 2000)]
    text: String,
    on_payment_page: bool,
    in_thanks_mail: bool,
}

/// An image by its address, with the text read out in its place.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Logo)]
pub(super) struct Picture {
    #[schema(max_length = 500, example = "https://shop.example.jp/cards.png")]
    image: String,
    #[schema(min_length = 1, max_length = 100, example = "利用できるカード")]
    alt: String,
}

/// The logo of the payment method (S11).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPaymentLogo {
    /// Null clears image and text.
    #[schema(nullable)]
    logo: Option<Picture>,
}

/// A text every shop must show (S1).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewShopText {
    /// The text, or the address it stands at; empty: none.
    #[schema(max_length = 20000)]
    text: String,
}

/// The texts every shop must show (S1); empty where there is none.
#[derive(Serialize, ToSchema)]
pub(super) struct ShopTexts {
    legal_notice: String,
    privacy_policy: String,
    member_terms: String,
    shipping_guide: String,
}

/// Delivery cycles buyers may choose from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDeliveryCycles {
    #[schema(max_items = 20, example = json!(["months:1:1", "weeks:2:fri"]))]
    delivery_cycles: Vec<String>,
}

/// Comments of the cart's pages (S18).
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CartTexts {
    #[serde(default)]
    #[schema(max_length = 2000)]
    cart_upper: String,
    #[serde(default)]
    #[schema(max_length = 2000)]
    cart_lower: String,
    #[serde(default)]
    #[schema(max_length = 2000)]
    steps_upper: String,
    #[serde(default)]
    #[schema(max_length = 2000)]
    done: String,
}

/// Basic design of the cart's pages (S18).
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CartDesign {
    #[schema(pattern = "^#[0-9A-Fa-f]{6}$", example = "#1f5fa8")]
    main_color: String,
    #[schema(pattern = "^#[0-9A-Fa-f]{6}$", example = "#ffffff")]
    background_color: String,
    #[schema(nullable)]
    logo: Option<Picture>,
}

/// Settings of the my-page (S1).
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MyPage {
    #[serde(default)]
    #[schema(max_length = 2000)]
    comment: String,
}

settings! {
    /// `PUT /v1/shops/{id}/name`: the shop's name as buyers read it.
    name("/v1/shops/{id}/name", "rename_shop", NewShopName) about "name"
        NewShopName { name } => Command::Rename(name);

    /// `PUT /v1/shops/{id}/profile`: how buyers reach the shop.
    profile("/v1/shops/{id}/profile", "change_shop_profile", ShopProfile) about "address"
        ShopProfile { postal_code, address, phone, mail, site_url, my_page_url } => Command::ChangeProfile(
            of::ShopProfile { postal_code, address, phone, mail, site_url, my_page_url }
        );

    /// `PUT /v1/shops/{id}/mail-sender`: who mails to buyers come from, and who at the shop reads along.
    mail_sender("/v1/shops/{id}/mail-sender", "change_mail_sender", MailSender) about "from_name"
        MailSender { from_name, copies } => Command::ChangeMailSender(of::MailSender { from_name, copies });

    /// `PUT /v1/shops/{id}/invoice-issuer`: who issues invoices and receipts.
    invoice_issuer("/v1/shops/{id}/invoice-issuer", "change_invoice_issuer", InvoiceIssuer) about "issuer_name"
        InvoiceIssuer { issuer_name, registration_number } => Command::ChangeInvoiceIssuer(
            of::InvoiceIssuer { issuer_name, registration_number }
        );

    /// `PUT /v1/shops/{id}/waybill-carrier`: whose format waybill data has (O14).
    waybill_carrier("/v1/shops/{id}/waybill-carrier", "change_waybill_carrier", NewWaybillCarrier) about "carrier"
        NewWaybillCarrier { carrier } => Command::ChangeWaybillCarrier(carrier);

    /// `PUT /v1/shops/{id}/contract-options`: what the contract with Paygent allows (S1, S6, S7).
    contract_options("/v1/shops/{id}/contract-options", "change_contract_options", ContractOptions)
        about "three_d_secure"
        ContractOptions { subscriptions, card_vault, three_d_secure } => Command::ChangeContractOptions(
            of::ContractOptions { subscriptions, card_vault, three_d_secure }
        );

    /// `PUT /v1/shops/{id}/normal-purchase`: whether a normal purchase works, as somebody tried (S1).
    normal_purchase("/v1/shops/{id}/normal-purchase", "confirm_normal_purchase", NormalPurchase) about "works"
        NormalPurchase { works } => Command::ConfirmNormalPurchase(works);

    /// `PUT /v1/shops/{id}/card-linking`: whether cards are linked to members (S7); needs the card-vault option.
    card_linking("/v1/shops/{id}/card-linking", "change_card_linking", CardLinking) about "enabled"
        CardLinking { enabled } => Command::ChangeCardLinking(enabled);

    /// `PUT /v1/shops/{id}/display-name`: name of the payment method, on the payment page and in mails (S8).
    display_name("/v1/shops/{id}/display-name", "change_display_name", NewDisplayName) about "display_name"
        NewDisplayName { display_name } => Command::ChangeDisplayName(display_name);

    /// `PUT /v1/shops/{id}/payment-notes`: notes on the payment method (S10).
    payment_notes("/v1/shops/{id}/payment-notes", "change_payment_notes", PaymentNotes) about "text"
        PaymentNotes { text, on_payment_page, in_thanks_mail } => Command::ChangePaymentNotes(
            of::PaymentNotes { text: unix_lines(&text), on_payment_page, in_thanks_mail }
        );

    /// `PUT /v1/shops/{id}/payment-logo`: logo of the payment method (S11).
    payment_logo("/v1/shops/{id}/payment-logo", "change_payment_logo", NewPaymentLogo) about "logo"
        NewPaymentLogo { logo } => Command::ChangePaymentLogo(logo.map(Into::into));

    /// `PUT /v1/shops/{id}/legal-notice`: the legal notice (特定商取引法) every shop must show (S1).
    legal_notice("/v1/shops/{id}/legal-notice", "change_legal_notice", NewShopText) about "text"
        NewShopText { text } => text_of(of::ShopText::LegalNotice, &text);

    /// `PUT /v1/shops/{id}/privacy-policy`: the privacy policy every shop must show (S1).
    privacy_policy("/v1/shops/{id}/privacy-policy", "change_privacy_policy", NewShopText) about "text"
        NewShopText { text } => text_of(of::ShopText::PrivacyPolicy, &text);

    /// `PUT /v1/shops/{id}/member-terms`: the member terms every shop must show (S1).
    member_terms("/v1/shops/{id}/member-terms", "change_member_terms", NewShopText) about "text"
        NewShopText { text } => text_of(of::ShopText::MemberTerms, &text);

    /// `PUT /v1/shops/{id}/shipping-guide`: the shipping guide every shop must show (S1).
    shipping_guide("/v1/shops/{id}/shipping-guide", "change_shipping_guide", NewShopText) about "text"
        NewShopText { text } => text_of(of::ShopText::ShippingGuide, &text);

    /// `PUT /v1/shops/{id}/delivery-cycles`: delivery cycles buyers may choose from (S1).
    delivery_cycles("/v1/shops/{id}/delivery-cycles", "change_delivery_cycles", NewDeliveryCycles)
        about "delivery_cycles"
        NewDeliveryCycles { delivery_cycles } => {
            let cycles = delivery_cycles.iter().enumerate();
            let cycles = cycles.map(|(i, text)| field(&format!("delivery_cycles[{i}]"), text.parse()));
            Command::ChangeDeliveryCycles(cycles.collect::<Result<_, Problem>>()?)
        };

    /// `PUT /v1/shops/{id}/cart-texts`: comments of the cart's pages (S18).
    cart_texts("/v1/shops/{id}/cart-texts", "change_cart_texts", CartTexts) about "cart_upper"
        CartTexts { cart_upper, cart_lower, steps_upper, done } => {
            let [cart_upper, cart_lower, steps_upper, done] =
                [cart_upper, cart_lower, steps_upper, done].map(|text| unix_lines(&text));
            Command::ChangeCartTexts(of::CartTexts { cart_upper, cart_lower, steps_upper, done })
        };

    /// `PUT /v1/shops/{id}/cart-design`: colours and logo of the cart's pages (S18).
    cart_design("/v1/shops/{id}/cart-design", "change_cart_design", CartDesign) about "main_color"
        CartDesign { main_color, background_color, logo } => Command::ChangeCartDesign(
            of::CartDesign { main_color, background_color, logo: logo.map(Into::into) }
        );

    /// `PUT /v1/shops/{id}/my-page`: settings of the my-page (S1).
    my_page("/v1/shops/{id}/my-page", "change_my_page", MyPage) about "comment"
        MyPage { comment } => Command::ChangeMyPage(of::MyPage { comment: unix_lines(&comment) });
}

/// 3-D Secure 2.0 on first purchases (S6). The key is written only, never shown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewThreeDSecure {
    /// Refused unless the contract option is on record.
    enabled: bool,
    /// Merchant name in Latin letters, as registered with Paygent.
    #[serde(default)]
    #[schema(max_length = 25, pattern = "^[ -~]*$", example = "MARUYA SWEETS")]
    merchant_name: String,
    /// The key that results are signed with; left out or null: as it is.
    #[schema(value_type = Option<String>, write_only, pattern = "^[!-~]{1,64}$")]
    hash_key: Option<Redacted<String>>,
    #[schema(schema_with = super::schema::attempt_control)]
    attempt_control: of::AttemptControl,
}

/// `PUT /v1/shops/{id}/three-d-secure`: 3-D Secure on first purchases (S6).
#[utoipa::path(put, path = "/v1/shops/{id}/three-d-secure", operation_id = "change_three_d_secure", tag = "shops",
    params(super::schema::ShopPath), request_body = NewThreeDSecure, responses((status = 200, body = ShopView)))]
pub(super) async fn three_d_secure(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    body: Result<Json<NewThreeDSecure>, JsonRejection>,
) -> Result<Json<ShopView>, Problem> {
    let Json(NewThreeDSecure { enabled, merchant_name, hash_key, attempt_control }) = body?;
    let shop = shop(&id)?;
    let kept = app.gateway.load::<ShopSettings>(&shop.to_string()).await.map_err(|error| unavailable(&error))?;
    let kept = kept.aggregate.details().and_then(|details| details.three_d_secure.hash_key.clone());
    let hash_key = match hash_key {
        Some(key) => Some(seal(&app, shop, "hash_key", &key, kept)?),
        None => kept,
    };
    let new = of::ThreeDSecure { enabled, merchant_name, hash_key, attempt_control };
    change(&app, &caller, shop, Command::ChangeThreeDSecure(new), "enabled").await
}

/// S6 without its secret.
#[derive(Serialize, ToSchema)]
pub(super) struct ThreeDSecureView {
    enabled: bool,
    merchant_name: String,
    has_hash_key: bool,
    #[schema(schema_with = super::schema::attempt_control)]
    attempt_control: of::AttemptControl,
}

/// What a shop says about itself, as part of its settings.
#[derive(Serialize, ToSchema)]
pub(super) struct About {
    /// How buyers reach the shop.
    profile: ShopProfile,
    /// Who mails come from.
    mail_sender: MailSender,
    /// Who issues invoices.
    invoice_issuer: InvoiceIssuer,
    /// O14: whose format waybill data has; null until chosen.
    #[schema(schema_with = super::schema::waybill_carrier_or_null)]
    waybill_carrier: Option<of::WaybillCarrier>,
    /// S1, S6, S7: what the contract with Paygent allows.
    contract_options: ContractOptions,
    /// S1: whether somebody confirmed that a normal purchase works.
    normal_purchase_works: bool,
    /// S6: 3-D Secure on first purchases.
    three_d_secure: ThreeDSecureView,
    /// S7: whether cards are linked to members.
    card_linking: bool,
    /// S8: name of the payment method.
    display_name: String,
    /// S10: notes on the payment method.
    payment_notes: PaymentNotes,
    /// S11: logo of the payment method; null: none.
    #[schema(nullable)]
    payment_logo: Option<Picture>,
    /// S1: texts every shop must show.
    texts: ShopTexts,
    /// S1: delivery cycles buyers may choose from.
    delivery_cycles: Vec<String>,
    /// S18: comments of the cart's pages; null until they were saved once.
    #[schema(nullable)]
    cart_texts: Option<CartTexts>,
    /// S18: colours and logo of the cart's pages.
    cart_design: CartDesign,
    /// S1: settings of the my-page; null until they were saved once.
    #[schema(nullable)]
    my_page: Option<MyPage>,
}

/// Forms and other systems end lines with CR LF.
pub(crate) fn unix_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn text_of(page: of::ShopText, text: &str) -> Command {
    Command::ChangeText { page, text: unix_lines(text) }
}

impl From<Picture> for of::Logo {
    fn from(Picture { image, alt }: Picture) -> Self {
        Self { image, alt }
    }
}

impl From<of::Logo> for Picture {
    fn from(of::Logo { image, alt }: of::Logo) -> Self {
        Self { image, alt }
    }
}

impl From<&Details> for About {
    fn from(settings: &Details) -> Self {
        let shop = settings.clone();
        let of::ShopProfile { postal_code, address, phone, mail, site_url, my_page_url } = shop.profile;
        let of::MailSender { from_name, copies } = shop.mail_sender;
        let of::InvoiceIssuer { issuer_name, registration_number } = shop.invoice_issuer;
        let of::ContractOptions { subscriptions, card_vault, three_d_secure } = shop.contract_options;
        let of::PaymentNotes { text, on_payment_page, in_thanks_mail } = shop.payment_notes;
        let of::CartDesign { main_color, background_color, logo } = shop.cart_design;
        let page = |page| settings.text(page).to_owned();
        Self {
            profile: ShopProfile { postal_code, address, phone, mail, site_url, my_page_url },
            mail_sender: MailSender { from_name, copies },
            invoice_issuer: InvoiceIssuer { issuer_name, registration_number },
            waybill_carrier: shop.waybill_carrier,
            contract_options: ContractOptions { subscriptions, card_vault, three_d_secure },
            normal_purchase_works: shop.normal_purchase_works,
            three_d_secure: ThreeDSecureView {
                enabled: shop.three_d_secure.enabled,
                merchant_name: shop.three_d_secure.merchant_name,
                has_hash_key: shop.three_d_secure.hash_key.is_some(),
                attempt_control: shop.three_d_secure.attempt_control,
            },
            card_linking: shop.card_linking,
            display_name: shop.display_name,
            payment_notes: PaymentNotes { text, on_payment_page, in_thanks_mail },
            payment_logo: shop.payment_logo.map(Into::into),
            texts: ShopTexts {
                legal_notice: page(of::ShopText::LegalNotice),
                privacy_policy: page(of::ShopText::PrivacyPolicy),
                member_terms: page(of::ShopText::MemberTerms),
                shipping_guide: page(of::ShopText::ShippingGuide),
            },
            delivery_cycles: shop.delivery_cycles.iter().map(ToString::to_string).collect(),
            cart_texts: shop.cart_texts.map(|of::CartTexts { cart_upper, cart_lower, steps_upper, done }| CartTexts {
                cart_upper,
                cart_lower,
                steps_upper,
                done,
            }),
            cart_design: CartDesign { main_color, background_color, logo: logo.map(Into::into) },
            my_page: shop.my_page.map(|of::MyPage { comment }| MyPage { comment }),
        }
    }
}
