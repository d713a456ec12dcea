//! What a shop says about itself and how it shows itself to buyers, checked before it becomes an event.

use super::refusals::ShopSettingsRefusal as Refusal;
use crate::sealed::Sealed;
use serde::{Deserialize, Serialize};

/// Longest text of a page, in characters.
pub const PAGE_TEXT_MAX: usize = 20_000;
/// Longest comment or note, in characters.
pub const COMMENT_MAX: usize = 2_000;
/// Most addresses that get copies of mails to buyers.
pub const COPIES_MAX: usize = 10;
/// Most delivery cycles a shop offers.
pub const CYCLES_MAX: usize = 20;

/// How buyers reach the shop: placeholders of mails, head of documents. Public; every field may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ShopProfile {
    /// Postal code, such as `100-0001`.
    pub postal_code: String,
    /// Postal address in one line.
    pub address: String,
    /// Phone number.
    pub phone: String,
    /// Mail address that buyers write to; also where notices to the shop go.
    pub mail: String,
    /// Address of the shop's site.
    pub site_url: String,
    /// Address of the members' my-page.
    pub my_page_url: String,
}

/// Who mails to buyers come from, and who at the shop reads along.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MailSender {
    /// Name shown as the sender; none: the shop's name.
    pub from_name: Option<String>,
    /// Where the shop's copies go (【定期購入受注通知メール】); empty: to the profile's mail address.
    pub copies: Vec<String>,
}

/// Who issues invoices and receipts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InvoiceIssuer {
    /// Name as it is registered; empty: the shop's name.
    pub issuer_name: String,
    /// Qualified-invoice registration number: `T` and 13 digits; none: not registered.
    pub registration_number: Option<String>,
}

/// Parcel carrier whose import format waybill data is written in (O14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaybillCarrier {
    /// ヤマト運輸 B2クラウド.
    Yamato,
    /// 佐川急便 e飛伝.
    Sagawa,
    /// 日本郵便 ゆうプリR.
    JapanPost,
}

/// What the contract with Paygent allows, as the shop recorded it (S1, S6, S7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContractOptions {
    /// Subscriptions.
    pub subscriptions: bool,
    /// カードお預かり: the card vault.
    pub card_vault: bool,
    /// 3-D Secure 2.0.
    pub three_d_secure: bool,
}

/// Whether an attempted, not full, authentication is authorised (S6 ⑪).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptControl {
    /// セキュリティ低: always authorised.
    Low,
    /// セキュリティ中: only after a full authentication.
    #[default]
    Medium,
    /// セキュリティ高: an attempt is never authorised.
    High,
}

/// 3-D Secure 2.0 on the first purchase (S6 ⑧-⑪).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ThreeDSecure {
    /// Whether it is used.
    pub enabled: bool,
    /// Merchant name in Latin letters, as registered with Paygent.
    pub merchant_name: String,
    /// The key that results are signed with, encrypted; none until entered.
    pub hash_key: Option<Sealed>,
    /// What becomes of attempts.
    pub attempt_control: AttemptControl,
}

/// Notes on the payment method (S10 ⑮): one text; the confirmation page always shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PaymentNotes {
    /// The text; may be empty.
    pub text: String,
    /// Whether the payment page shows it.
    pub on_payment_page: bool,
    /// Whether the thanks mails carry it, of one-off purchases and subscriptions alike.
    pub in_thanks_mail: bool,
}

/// An image by its address, with the text read out in its place (S11 ⑯, S18).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logo {
    /// Address of the image: `https://…`, or a path beginning with `/`.
    pub image: String,
    /// ALT text.
    pub alt: String,
}

/// A text every shop must show (S1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShopText {
    /// 特定商取引法に基づく表記.
    LegalNotice,
    /// 個人情報保護方針.
    PrivacyPolicy,
    /// 会員規約.
    MemberTerms,
    /// 送料案内.
    ShippingGuide,
}

/// Comments of the cart's pages (S18); each may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CartTexts {
    /// Above the content of the cart (Step 0).
    pub cart_upper: String,
    /// Below the content of the cart (Step 0).
    pub cart_lower: String,
    /// Above the steps 1 to 3.
    pub steps_upper: String,
    /// On the last page (Step 4).
    pub done: String,
}

/// Basic design of the cart's pages (S18).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartDesign {
    /// Colour of buttons and headings, `#rrggbb`.
    pub main_color: String,
    /// Colour of the background, `#rrggbb`.
    pub background_color: String,
    /// Logo of the shop.
    pub logo: Option<Logo>,
}

impl Default for CartDesign {
    fn default() -> Self {
        Self { main_color: "#1f5fa8".to_owned(), background_color: "#ffffff".to_owned(), logo: None }
    }
}

/// Settings of the members' my-page (S1).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MyPage {
    /// Above everything else; may be empty.
    pub comment: String,
}

/// What was done to an account at the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountChange {
    /// It was made.
    Created {
        /// What the person may do: `operator`, `manager` or `auditor`.
        role: String,
    },
    /// Name or role were changed.
    Changed {
        /// What the person may do now.
        role: String,
    },
    /// It has another password.
    PasswordChanged,
    /// It opens nothing any more.
    Disabled,
    /// It may be used again: it was disabled, or locked after failed sign-ins.
    Enabled,
}

impl ShopText {
    /// All of them, in the order people read them.
    pub const ALL: [Self; 4] = [Self::LegalNotice, Self::PrivacyPolicy, Self::MemberTerms, Self::ShippingGuide];

    /// A stable name for interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LegalNotice => "legal_notice",
            Self::PrivacyPolicy => "privacy_policy",
            Self::MemberTerms => "member_terms",
            Self::ShippingGuide => "shipping_guide",
        }
    }
}

impl WaybillCarrier {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Yamato, Self::Sagawa, Self::JapanPost];

    /// A stable name for interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yamato => "yamato",
            Self::Sagawa => "sagawa",
            Self::JapanPost => "japan_post",
        }
    }
}

impl AttemptControl {
    /// All of them, from the least careful on.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// A stable name for interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

pub(super) fn one_line(field: &'static str, text: &str, max: usize) -> Result<(), Refusal> {
    if text.chars().count() <= max && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Refusal::TooLong { field, max })
    }
}

/// Lines end in `\n` alone.
pub(super) fn lines(field: &'static str, text: &str, max: usize) -> Result<(), Refusal> {
    if text.chars().count() <= max && !text.chars().any(|c| c.is_control() && c != '\n') {
        Ok(())
    } else {
        Err(Refusal::TooLong { field, max })
    }
}

fn rule(holds: bool, field: &'static str, rule: &'static str) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(Refusal::Field { field, rule }) }
}

/// Whether `text` can be a mail address: nothing in it can end a header or begin another recipient.
fn is_mail(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let part = |part: &str, signs: &[u8]| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || signs.contains(&b))
    };
    let dots = |part: &str| !part.starts_with('.') && !part.ends_with('.') && !part.contains("..");
    text.len() <= 254
        && part(local, b"!#$%&'*+-/=?^_`{|}~.")
        && dots(local)
        && part(domain, b"-.")
        && dots(domain)
        && domain.contains('.')
}

/// Whether `text` is the address of a page: `https://…` or `http://…`, printable letters and signs without spaces,
/// quotes and angle brackets.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    text.len() <= 500
        && rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        && text.bytes().all(|b| b.is_ascii_graphic() && !b"\"'<>\\".contains(&b))
}

const MAIL: &str = "a mail address such as shop@example.jp";
const URL: &str = "an address beginning with https:// or http://, at most 500 letters and signs";

impl ShopProfile {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let Self { postal_code, address, phone, mail, site_url, my_page_url } = self;
        let digits = postal_code.bytes().filter(u8::is_ascii_digit).count();
        let code = (digits == 7 && postal_code.len() == 7)
            || (digits == 7 && postal_code.len() == 8 && postal_code.as_bytes().get(3) == Some(&b'-'));
        rule(postal_code.is_empty() || code, "postal code", "seven digits such as 100-0001")?;
        one_line("address", address, 200)?;
        let number = phone.len() <= 20 && phone.bytes().all(|b| b.is_ascii_digit() || b"+-() ".contains(&b));
        rule(number, "phone", "at most 20 digits, hyphens and brackets")?;
        rule(mail.is_empty() || is_mail(mail), "mail", MAIL)?;
        rule(site_url.is_empty() || is_url(site_url), "site URL", URL)?;
        rule(my_page_url.is_empty() || is_url(my_page_url), "my page URL", URL)
    }
}

impl MailSender {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let name = self.from_name.as_deref();
        let good = |name: &str| (1..=60).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        rule(name.is_none_or(good), "from name", "1 to 60 characters without control characters")?;
        rule(self.copies.len() <= COPIES_MAX, "copies", "at most 10 mail addresses")?;
        rule(self.copies.iter().all(|mail| is_mail(mail)), "copies", "mail addresses such as shop@example.jp")
    }
}

impl InvoiceIssuer {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        one_line("issuer name", &self.issuer_name, 100)?;
        let number = self.registration_number.as_deref();
        let good = |number: &str| {
            number.len() == 14 && number.starts_with('T') && number.bytes().skip(1).all(|b| b.is_ascii_digit())
        };
        rule(number.is_none_or(good), "registration number", "the letter T and 13 digits")
    }
}

impl ThreeDSecure {
    /// `option`: whether the contract has it (S6).
    pub(super) fn check(&self, option: bool) -> Result<(), Refusal> {
        let letters = self.merchant_name.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        let good = letters && self.merchant_name.len() <= 25;
        rule(good, "merchant name", "at most 25 Latin letters, digits, signs and spaces")?;
        if !self.enabled {
            return Ok(());
        }
        if !option {
            return Err(Refusal::NoThreeDSecureOption);
        }
        rule(!self.merchant_name.trim().is_empty(), "merchant name", "it is needed while 3-D Secure is used")?;
        rule(self.hash_key.is_some(), "hash key", "it is needed while 3-D Secure is used")
    }
}

impl PaymentNotes {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        lines("text", &self.text, COMMENT_MAX)
    }
}

impl Logo {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let path = self.image.starts_with('/')
            && !self.image.starts_with("//")
            && self.image.len() <= 500
            && self.image.bytes().all(|b| b.is_ascii_graphic() && !b"\"'<>\\".contains(&b));
        let https = self.image.starts_with("https://") && is_url(&self.image);
        rule(path || https, "image", "an address beginning with https:// or a path beginning with /")?;
        let good = (1..=100).contains(&self.alt.chars().count()) && !self.alt.chars().any(char::is_control);
        rule(good, "alt", "1 to 100 characters that say what the image shows")
    }
}

impl CartTexts {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        lines("cart upper", &self.cart_upper, COMMENT_MAX)?;
        lines("cart lower", &self.cart_lower, COMMENT_MAX)?;
        lines("steps upper", &self.steps_upper, COMMENT_MAX)?;
        lines("done", &self.done, COMMENT_MAX)
    }
}

impl CartDesign {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let color = |text: &str| {
            text.len() == 7 && text.starts_with('#') && text.bytes().skip(1).all(|b| b.is_ascii_hexdigit())
        };
        rule(color(&self.main_color), "main color", "a colour such as #1f5fa8")?;
        rule(color(&self.background_color), "background color", "a colour such as #ffffff")?;
        self.logo.as_ref().map_or(Ok(()), Logo::check)
    }
}
