use crate::ids::{MailId, MemberId, OrderId, SubscriptionId};
use crate::sealed::Sealed;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a mail is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// サンクスメール to the buyer, which is the payment notice too (C5 b, C6).
    Thanks,
    /// 【定期購入受注通知メール】, its copy to the shop (C5 b).
    ThanksCopy,
    /// 注文確認メール (O15), also after changes.
    OrderConfirmation,
    /// 配送通知メール (O15).
    DeliveryNotice,
    /// フリーメール (O15).
    Free,
    /// The buyer's card is close to its end: 期限間近 (K1, K3, K4, K6).
    CardClose,
    /// The buyer's card is past its end: 期限切れ (K1, K3, K4, K6).
    CardExpired,
    /// The month's list of affected cards, to the shop (K2).
    CardExpiryList,
    /// A member changed the card, to the shop (K5).
    CardChanged,
}

impl MailKind {
    /// Every kind.
    pub const ALL: [MailKind; 9] = [
        MailKind::Thanks,
        MailKind::ThanksCopy,
        MailKind::OrderConfirmation,
        MailKind::DeliveryNotice,
        MailKind::Free,
        MailKind::CardClose,
        MailKind::CardExpired,
        MailKind::CardExpiryList,
        MailKind::CardChanged,
    ];

    /// A stable name for tables, filters and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            MailKind::Thanks => "thanks",
            MailKind::ThanksCopy => "thanks_copy",
            MailKind::OrderConfirmation => "order_confirmation",
            MailKind::DeliveryNotice => "delivery_notice",
            MailKind::Free => "free",
            MailKind::CardClose => "card_close",
            MailKind::CardExpired => "card_expired",
            MailKind::CardExpiryList => "card_expiry_list",
            MailKind::CardChanged => "card_changed",
        }
    }

    /// The kind of this stable name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Who gets a mail. The address itself is looked up when it is sent, so that no event holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The member that the mail is about.
    Member,
    /// The shop.
    Shop,
}

impl Recipient {
    /// A stable name for tables and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Recipient::Member => "member",
            Recipient::Shop => "shop",
        }
    }
}

/// What a mail belongs to. A mail about a member is sealed under the member's key, whoever gets it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct About {
    /// The member.
    pub member_id: Option<MemberId>,
    /// The subscription.
    pub subscription_id: Option<SubscriptionId>,
    /// The order.
    pub order_id: Option<OrderId>,
}

/// What can have happened to a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MailEvent {
    /// Intention: it is to be sent. Its text is what was written then, and stays.
    MailRequested {
        /// Its id, which follows from what caused it.
        mail_id: MailId,
        /// What it is for.
        kind: MailKind,
        /// Who gets it.
        recipient: Recipient,
        /// What it belongs to.
        about: About,
        /// Subject and body, encrypted: under the member's key where it is about one, else under the shop's.
        letter: Sealed,
        /// When.
        requested_at: DateTime<Utc>,
    },
    /// The mail server took it. It may have taken it before, under the same Message-ID, when a crash came between.
    MailSent {
        /// Number of the try, from 1.
        attempt: u32,
        /// Its Message-ID, without angle brackets.
        message_id: String,
    },
    /// A try failed, and another one follows by itself.
    MailDelayed {
        /// Number of the try, from 1.
        attempt: u32,
        /// Why, without any address.
        reason: String,
        /// Not tried again before.
        again_at: DateTime<Utc>,
    },
    /// It is not tried any more by itself; somebody has to look.
    MailGivenUp {
        /// Number of the last try, from 1.
        attempt: u32,
        /// Why, without any address.
        reason: String,
    },
    /// Nobody needs it any more: the member it is about was erased.
    MailDropped {},
    /// It is tried again from now on because somebody said so.
    MailReleased {},
}
