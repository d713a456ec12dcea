use super::values::{
    AccountChange, CartDesign, CartTexts, ContractOptions, InvoiceIssuer, Logo, MailSender, MyPage, PaymentNotes,
    ShopProfile, ShopText, ThreeDSecure, WaybillCarrier,
};
use crate::delivery_cycle::DeliveryCycle;
use crate::ids::ShopId;
use crate::money::Yen;
use crate::payment_method::{PaymentMethod, SaleMode};
use crate::retry_policy::RetryPolicy;
use crate::sealed::Sealed;
use chrono::NaiveDate;

/// Connection settings (S3), secrets already encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// ① Merchant ID: 1 to 9 digits.
    pub merchant_id: String,
    /// ② Connect ID: 1 to 32 letters or digits.
    pub connect_id: String,
    /// ③ Connect password.
    pub connect_password: Sealed,
    /// ④ Token generation key.
    pub token_key: Sealed,
}

/// What can be asked of a shop's settings. Setting what is already set is already done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShopSettingsCommand {
    /// Open the shop.
    Open {
        /// Its five digits.
        shop_id: ShopId,
        /// Its name, 1 to 200 characters.
        name: String,
    },
    /// S3.
    ChangeConnection(Connection),
    /// S4.
    ChangeSaleMode(SaleMode),
    /// S5.
    ChangeInstalments {
        /// Whether one-off purchases may be paid in instalments.
        allowed: bool,
        /// Note shown beside the field.
        note: String,
    },
    /// S9.
    ChangeApplicability {
        /// Smallest goods amount, inclusive.
        min: Option<Yen>,
        /// Largest goods amount, inclusive.
        max: Option<Yen>,
    },
    /// S12.
    ChangeUseForSubscriptions(bool),
    /// S13.
    ChangeAuthorizeAtGeneration(bool),
    /// S14.
    ChangePaymentMethods(Vec<PaymentMethod>),
    /// S15.
    ChangeCardExpiryMails(bool),
    /// S16, 0 to 90 days.
    ChangeLeadTime(u16),
    /// S17.
    ChangeContractPeriod {
        /// First day.
        start: Option<NaiveDate>,
        /// Last day.
        end: Option<NaiveDate>,
    },
    /// Validity of authorisations, 1 to 60 days, and from how many days before its end people are warned.
    ChangeAuthorizationValidity {
        /// Days after the authorisation on which it can still be captured.
        days: u16,
        /// Days before the last one; at most `days`.
        warn_days: u16,
    },
    /// When failed authorisations are tried again by themselves.
    ChangeRetryPolicy(RetryPolicy),
    /// The key Paygent's difference notices are signed with, already encrypted.
    ChangeNoticeKey(Option<Sealed>),
    /// Its name as buyers read it, 1 to 200 characters.
    Rename(String),
    /// How buyers reach the shop.
    ChangeProfile(ShopProfile),
    /// Who mails come from, and who reads along.
    ChangeMailSender(MailSender),
    /// Who issues invoices.
    ChangeInvoiceIssuer(InvoiceIssuer),
    /// Whose format waybill data has (O14).
    ChangeWaybillCarrier(WaybillCarrier),
    /// S1, S6, S7: what the contract with Paygent allows. An option in use stays on record.
    ChangeContractOptions(ContractOptions),
    /// S1: whether a normal purchase works, as somebody tried.
    ConfirmNormalPurchase(bool),
    /// S6.
    ChangeThreeDSecure(ThreeDSecure),
    /// S7.
    ChangeCardLinking(bool),
    /// S8, 1 to 60 characters.
    ChangeDisplayName(String),
    /// S10.
    ChangePaymentNotes(PaymentNotes),
    /// S11; none clears image and text.
    ChangePaymentLogo(Option<Logo>),
    /// S1.
    ChangeText {
        /// Which one.
        page: ShopText,
        /// Its text, or the address it stands at; empty: none.
        text: String,
    },
    /// S1: delivery cycles that buyers may choose from.
    ChangeDeliveryCycles(Vec<DeliveryCycle>),
    /// S18.
    ChangeCartTexts(CartTexts),
    /// S18.
    ChangeCartDesign(CartDesign),
    /// S1.
    ChangeMyPage(MyPage),
    /// Several changes, in this order: all of them or none.
    All(Vec<ShopSettingsCommand>),
    /// Write down that somebody's account at the console was changed (O12).
    RecordAccountChange {
        /// Its id; names and logins stay outside the log.
        operator_id: String,
        /// What was done.
        change: AccountChange,
    },
    /// Write down that somebody let work go on that was set aside (O12).
    RecordReleased {
        /// Which work, such as `notice`.
        work: String,
        /// What it is about.
        subject: String,
    },
}
