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
}
