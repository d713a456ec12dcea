use super::values::{
    AccountChange, AttemptControl, CartDesign, CartTexts, ContractOptions, InvoiceIssuer, Logo, MailSender, MyPage,
    PaymentNotes, ShopProfile, ShopText, WaybillCarrier,
};
use crate::delivery_cycle::DeliveryCycle;
use crate::ids::ShopId;
use crate::money::Yen;
use crate::payment_method::{PaymentMethod, SaleMode};
use crate::retry_policy::RetryPolicy;
use crate::sealed::Sealed;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What can have happened to a shop's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShopSettingsEvent {
    /// The shop began, with every setting at its default.
    ShopOpened {
        /// Its five digits.
        shop_id: ShopId,
        /// Its name as buyers read it.
        name: String,
    },
    /// Connection to Paygent (S3 ①-④). Secrets are encrypted before they come here.
    ConnectionChanged {
        /// Merchant ID.
        merchant_id: String,
        /// Connect ID.
        connect_id: String,
        /// Connect password.
        connect_password: Sealed,
        /// Token generation key.
        token_key: Sealed,
    },
    /// Simultaneous-sale flag (S4 ⑤): from the next generated order on.
    SaleModeChanged {
        /// The flag.
        sale_mode: SaleMode,
    },
    /// Instalments for one-off purchases (S5 ⑥⑦); subscriptions are always one single payment.
    InstalmentsChanged {
        /// Whether one-off purchases may be paid in instalments.
        allowed: bool,
        /// Note shown beside the field; may be empty.
        note: String,
    },
    /// Applicability condition (S9 ⑭), inclusive bounds of the goods amount in yen.
    ApplicabilityChanged {
        /// Smallest goods amount.
        min: Option<Yen>,
        /// Largest goods amount.
        max: Option<Yen>,
    },
    /// Use for subscriptions (S12 ⑰).
    UseForSubscriptionsChanged {
        /// Whether cards are offered for subscriptions.
        enabled: bool,
    },
    /// Authorise at generation (S13 Ⓐ).
    AuthorizeAtGenerationChanged {
        /// Whether renewals are authorised when the order is generated.
        enabled: bool,
    },
    /// Payment methods for subscriptions (S14 Ⓑ).
    PaymentMethodsChanged {
        /// Allowed methods.
        methods: Vec<PaymentMethod>,
    },
    /// Card-expiry mails (S15 Ⓒ).
    CardExpiryMailsChanged {
        /// Whether they are sent automatically.
        automatic: bool,
    },
    /// Order-generation lead time (S16), for dates scheduled from now on.
    LeadTimeChanged {
        /// Days before the delivery date.
        days: u16,
    },
    /// Contract period with Paygent (S17), inclusive.
    ContractPeriodChanged {
        /// First day; open if none.
        start: Option<NaiveDate>,
        /// Last day; open if none.
        end: Option<NaiveDate>,
    },
    /// Validity of authorisations: how long one is used, and how long before its end people are warned.
    AuthorizationValidityChanged {
        /// Days after the authorisation on which it can still be captured, 1 to 60.
        days: u16,
        /// Days before the last one from which the order is on the warning list.
        warn_days: u16,
    },
    /// When failed authorisations are tried again by themselves.
    RetryPolicyChanged {
        /// The rule.
        policy: RetryPolicy,
    },
    /// The key Paygent's difference notices are signed with, encrypted; none: notices are fetched, not received.
    NoticeKeyChanged {
        /// The key.
        notice_key: Option<Sealed>,
    },
    /// It has another name.
    ShopRenamed {
        /// Its name as buyers read it.
        name: String,
    },
    /// How buyers reach the shop.
    ShopProfileChanged {
        /// Address, phone, mail, site, my-page.
        profile: ShopProfile,
    },
    /// Who mails to buyers come from, and who at the shop reads along.
    MailSenderChanged {
        /// Name and addresses.
        sender: MailSender,
    },
    /// Who issues invoices and receipts.
    InvoiceIssuerChanged {
        /// Name and registration number.
        issuer: InvoiceIssuer,
    },
    /// Whose format waybill data has (O14).
    WaybillCarrierChanged {
        /// The carrier.
        carrier: WaybillCarrier,
    },
    /// What the contract with Paygent allows (S1, S6, S7).
    ContractOptionsChanged {
        /// The options on record.
        options: ContractOptions,
    },
    /// Somebody tried a normal purchase (S1).
    NormalPurchaseConfirmed {
        /// Whether it works.
        works: bool,
    },
    /// 3-D Secure 2.0 on first purchases (S6 ⑧-⑪). The key is encrypted before it comes here.
    ThreeDSecureChanged {
        /// Whether it is used.
        enabled: bool,
        /// Merchant name in Latin letters.
        merchant_name: String,
        /// The key that results are signed with.
        hash_key: Option<Sealed>,
        /// What becomes of attempts.
        attempt_control: AttemptControl,
    },
    /// Card linking (S7 ⑫).
    CardLinkingChanged {
        /// Whether cards are linked to members.
        enabled: bool,
    },
    /// Name of the payment method (S8 ⑬).
    DisplayNameChanged {
        /// As buyers read it.
        display_name: String,
    },
    /// Notes on the payment method (S10 ⑮).
    PaymentNotesChanged {
        /// The text, and where it is shown.
        notes: PaymentNotes,
    },
    /// Logo of the payment method (S11 ⑯).
    PaymentLogoChanged {
        /// Image and ALT text; none: both were cleared.
        logo: Option<Logo>,
    },
    /// One of the texts every shop must show (S1).
    ShopTextChanged {
        /// Which one.
        page: ShopText,
        /// The text, or the address it stands at.
        text: String,
    },
    /// Delivery cycles that buyers may choose from (S1).
    DeliveryCyclesChanged {
        /// In the order they are shown.
        cycles: Vec<DeliveryCycle>,
    },
    /// Comments of the cart's pages (S18).
    CartTextsChanged {
        /// The comments.
        texts: CartTexts,
    },
    /// Basic design of the cart's pages (S18).
    CartDesignChanged {
        /// Colours and logo.
        design: CartDesign,
    },
    /// Settings of the my-page (S1).
    MyPageChanged {
        /// The settings.
        my_page: MyPage,
    },
    /// Somebody's account at the console was changed (O12). The accounts themselves are kept outside the log.
    AccountChanged {
        /// Its id; names and logins stay outside the log.
        operator_id: String,
        /// What was done.
        change: AccountChange,
    },
    /// Somebody let work go on that had been set aside and belongs to no single order, subscription or member (O12).
    ShopWorkReleased {
        /// Which work, such as `notice`.
        work: String,
        /// What it is about, as the list of work set aside names it.
        subject: String,
    },
}
