//! What a shop says about itself, what its contract allows, and how its pages look (S1, S6-S8, S10, S11, S18).

pub(super) mod doors;
mod view;

pub(super) use view::About;

use serde::{Deserialize, Serialize};
use teiki_domain::shop_settings as of;
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

/// Forms and other systems end lines with CR LF.
pub(crate) fn unix_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
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
