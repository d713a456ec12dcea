use super::events::ShopSettingsEvent as Event;
use super::refusals::ShopSettingsRefusal as Refusal;
use super::values::{
    CartDesign, CartTexts, ContractOptions, InvoiceIssuer, Logo, MailSender, MyPage, PaymentNotes, ShopProfile,
    ShopText, ThreeDSecure, WaybillCarrier,
};
use crate::applicability::RenewalTerms;
use crate::delivery_cycle::DeliveryCycle;
use crate::ids::ShopId;
use crate::money::Yen;
use crate::payment_method::{PaymentMethod, SaleMode};
use crate::retry_policy::RetryPolicy;
use crate::sealed::Sealed;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A shop's settings, or the fact that there is no such shop.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ShopSettings {
    /// Never opened.
    #[default]
    Absent,
    /// Opened.
    Opened(Box<Details>),
}

/// Settings of an opened shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// The shop.
    pub shop_id: ShopId,
    /// Its name.
    pub name: String,
    /// S3: merchant ID, connect ID, password, token key; none until entered.
    pub connection: Option<(String, String, Sealed, Sealed)>,
    /// S4.
    pub sale_mode: SaleMode,
    /// S5.
    pub instalments: (bool, String),
    /// S9.
    pub goods_min: Option<Yen>,
    /// S9.
    pub goods_max: Option<Yen>,
    /// S12.
    pub use_for_subscriptions: bool,
    /// S13.
    pub authorize_at_generation: bool,
    /// S14.
    pub methods: Vec<PaymentMethod>,
    /// S15.
    pub card_expiry_mails: bool,
    /// S16.
    pub lead_days: u16,
    /// S17.
    pub contract_start: Option<NaiveDate>,
    /// S17.
    pub contract_end: Option<NaiveDate>,
    /// Days after an authorisation on which it can still be captured.
    pub validity_days: u16,
    /// Days before the last of them from which an order is on the warning list.
    pub validity_warn_days: u16,
    /// When failed authorisations are tried again by themselves.
    pub retry_policy: RetryPolicy,
    /// The key Paygent's notices are signed with.
    pub notice_key: Option<Sealed>,
    /// Whether S16 was ever set; zero days are a choice too.
    pub lead_time_set: bool,
    /// How buyers reach the shop.
    pub profile: ShopProfile,
    /// Who mails come from, and who reads along.
    pub mail_sender: MailSender,
    /// Who issues invoices.
    pub invoice_issuer: InvoiceIssuer,
    /// Whose format waybill data has; none until chosen.
    pub waybill_carrier: Option<WaybillCarrier>,
    /// What the contract with Paygent allows, as recorded.
    pub contract_options: ContractOptions,
    /// S1: whether somebody confirmed that a normal purchase works.
    pub normal_purchase_works: bool,
    /// S6.
    pub three_d_secure: ThreeDSecure,
    /// S7.
    pub card_linking: bool,
    /// S8.
    pub display_name: String,
    /// S10.
    pub payment_notes: PaymentNotes,
    /// S11.
    pub payment_logo: Option<Logo>,
    /// S1: the texts that are not empty.
    pub texts: BTreeMap<ShopText, String>,
    /// S1: cycles that buyers may choose from.
    pub delivery_cycles: Vec<DeliveryCycle>,
    /// S18; none until they were saved once.
    pub cart_texts: Option<CartTexts>,
    /// S18.
    pub cart_design: CartDesign,
    /// S1; none until they were saved once.
    pub my_page: Option<MyPage>,
}

/// Days after which Paygent lets an authorisation expire (status 33) and a sale can no longer be cancelled (41).
pub const VALIDITY_MAX: u16 = 60;
/// Days of warning unless a shop sets another number.
const WARN_DAYS: u16 = 7;
/// Name of the payment method unless a shop gives it another (S8).
const DISPLAY_NAME: &str = "クレジットカード決済";

impl ShopSettings {
    /// The details, if opened.
    pub fn details(&self) -> Option<&Details> {
        match self {
            ShopSettings::Absent => None,
            ShopSettings::Opened(details) => Some(details),
        }
    }

    pub(super) fn fold(&mut self, event: &Event) {
        if let Event::ShopOpened { shop_id, name } = event {
            // Nothing is charged by default: the safe side of every switch.
            *self = ShopSettings::Opened(Box::new(Details {
                shop_id: *shop_id,
                name: name.clone(),
                connection: None,
                sale_mode: SaleMode::AuthorizeOnly,
                instalments: (false, String::new()),
                goods_min: None,
                goods_max: None,
                use_for_subscriptions: false,
                authorize_at_generation: false,
                methods: vec![],
                card_expiry_mails: false,
                lead_days: 0,
                contract_start: None,
                contract_end: None,
                validity_days: VALIDITY_MAX,
                validity_warn_days: WARN_DAYS,
                retry_policy: RetryPolicy::default(),
                notice_key: None,
                lead_time_set: false,
                profile: ShopProfile::default(),
                mail_sender: MailSender::default(),
                invoice_issuer: InvoiceIssuer::default(),
                waybill_carrier: None,
                contract_options: ContractOptions::default(),
                normal_purchase_works: false,
                three_d_secure: ThreeDSecure::default(),
                card_linking: false,
                display_name: DISPLAY_NAME.to_owned(),
                payment_notes: PaymentNotes::default(),
                payment_logo: None,
                texts: BTreeMap::new(),
                delivery_cycles: vec![],
                cart_texts: None,
                cart_design: CartDesign::default(),
                my_page: None,
            }));
        } else if let ShopSettings::Opened(details) = self {
            details.fold(event);
        }
    }
}

impl Details {
    /// What a renewal needs of the settings in force.
    pub fn renewal_terms(&self) -> RenewalTerms {
        RenewalTerms {
            sale_mode: self.sale_mode,
            authorize_at_generation: self.authorize_at_generation,
            goods_min: self.goods_min,
            goods_max: self.goods_max,
            contract_start: self.contract_start,
            contract_end: self.contract_end,
            lead_days: self.lead_days,
        }
    }

    /// Last day on which a payment authorised on `day` can be captured.
    pub fn capture_until(&self, day: NaiveDate) -> Option<NaiveDate> {
        day.checked_add_days(Days::new(u64::from(self.validity_days)))
    }

    /// Whether a subscription may be paid by `method` (S12, S14).
    pub fn allows(&self, method: &PaymentMethod) -> Result<(), Refusal> {
        if method.is_card() && !self.use_for_subscriptions {
            return Err(Refusal::CardNotOffered);
        }
        if self.methods.contains(method) { Ok(()) } else { Err(Refusal::MethodNotAllowed) }
    }

    /// A text every shop must show (S1); empty if there is none.
    pub fn text(&self, page: ShopText) -> &str {
        self.texts.get(&page).map_or("", String::as_str)
    }

    /// Where the shop's own copies and notices are mailed to; empty if no address was entered.
    pub fn shop_mails(&self) -> Vec<&str> {
        let copies: Vec<_> = self.mail_sender.copies.iter().map(String::as_str).collect();
        match copies.is_empty() && !self.profile.mail.is_empty() {
            true => vec![&self.profile.mail],
            false => copies,
        }
    }

    fn fold(&mut self, event: &Event) {
        match event.clone() {
            Event::ShopOpened { .. } => {}
            Event::ConnectionChanged { merchant_id, connect_id, connect_password, token_key } => {
                self.connection = Some((merchant_id, connect_id, connect_password, token_key));
            }
            Event::SaleModeChanged { sale_mode } => self.sale_mode = sale_mode,
            Event::InstalmentsChanged { allowed, note } => self.instalments = (allowed, note),
            Event::ApplicabilityChanged { min, max } => (self.goods_min, self.goods_max) = (min, max),
            Event::UseForSubscriptionsChanged { enabled } => self.use_for_subscriptions = enabled,
            Event::AuthorizeAtGenerationChanged { enabled } => self.authorize_at_generation = enabled,
            Event::PaymentMethodsChanged { methods } => self.methods = methods,
            Event::CardExpiryMailsChanged { automatic } => self.card_expiry_mails = automatic,
            Event::LeadTimeChanged { days } => (self.lead_days, self.lead_time_set) = (days, true),
            Event::ContractPeriodChanged { start, end } => (self.contract_start, self.contract_end) = (start, end),
            Event::AuthorizationValidityChanged { days, warn_days } => {
                (self.validity_days, self.validity_warn_days) = (days, warn_days);
            }
            Event::RetryPolicyChanged { policy } => self.retry_policy = policy,
            Event::NoticeKeyChanged { notice_key } => self.notice_key = notice_key,
            Event::ShopRenamed { name } => self.name = name,
            Event::ShopProfileChanged { profile } => self.profile = profile,
            Event::MailSenderChanged { sender } => self.mail_sender = sender,
            Event::InvoiceIssuerChanged { issuer } => self.invoice_issuer = issuer,
            Event::WaybillCarrierChanged { carrier } => self.waybill_carrier = Some(carrier),
            Event::ContractOptionsChanged { options } => self.contract_options = options,
            Event::NormalPurchaseConfirmed { works } => self.normal_purchase_works = works,
            Event::ThreeDSecureChanged { enabled, merchant_name, hash_key, attempt_control } => {
                self.three_d_secure = ThreeDSecure { enabled, merchant_name, hash_key, attempt_control };
            }
            Event::CardLinkingChanged { enabled } => self.card_linking = enabled,
            Event::DisplayNameChanged { display_name } => self.display_name = display_name,
            Event::PaymentNotesChanged { notes } => self.payment_notes = notes,
            Event::PaymentLogoChanged { logo } => self.payment_logo = logo,
            Event::ShopTextChanged { page, text } if text.is_empty() => {
                self.texts.remove(&page);
            }
            Event::ShopTextChanged { page, text } => {
                self.texts.insert(page, text);
            }
            Event::DeliveryCyclesChanged { cycles } => self.delivery_cycles = cycles,
            Event::CartTextsChanged { texts } => self.cart_texts = Some(texts),
            Event::CartDesignChanged { design } => self.cart_design = design,
            Event::MyPageChanged { my_page } => self.my_page = Some(my_page),
            Event::AccountChanged { .. } | Event::ShopWorkReleased { .. } => {}
        }
    }
}
