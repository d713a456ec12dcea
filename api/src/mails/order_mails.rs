//! Mails from an order's page (O15): order confirmation, delivery notice, free mail.

use super::card_expiry::buyer;
use super::shop_profile::ShopProfile;
use super::texts::delivery_notice;
use super::texts::order_confirmation::{self, OrderFacts};
use super::{Letter, MailError, NewLetter, id_by_hand, request as request_mail};
use crate::app::App;
use crate::command_gateway::Because;
use serde::{Deserialize, Serialize};
use teiki_domain::ids::{MailId, OrderId};
use teiki_domain::mail::{About, MailKind, Recipient};
use teiki_domain::order::{Details, Order};
use utoipa::ToSchema;

/// Which mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrderMailKind)]
pub enum OrderMail {
    /// 注文確認メール, also after changes.
    OrderConfirmation,
    /// 配送通知メール.
    DeliveryNotice,
    /// フリーメール.
    Free,
}

impl OrderMail {
    /// Every one, in the order of the buttons.
    pub const ALL: [OrderMail; 3] = [OrderMail::DeliveryNotice, OrderMail::OrderConfirmation, OrderMail::Free];

    /// The kind of mail it is.
    pub fn kind(self) -> MailKind {
        match self {
            OrderMail::OrderConfirmation => MailKind::OrderConfirmation,
            OrderMail::DeliveryNotice => MailKind::DeliveryNotice,
            OrderMail::Free => MailKind::Free,
        }
    }
}

/// How an order travels; both may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parcel {
    /// The carrier's name.
    pub carrier: String,
    /// The carrier's slip number.
    pub slip_number: String,
}

/// The order, if it may still get mails (O11).
async fn open_order(app: &App, order_id: &OrderId) -> Result<Details, MailError> {
    let loaded = app.gateway.load::<Order>(order_id.as_str()).await?.aggregate;
    let details = loaded.details().ok_or_else(|| MailError::NoSuchOrder(order_id.clone()))?;
    if details.completed {
        return Err(MailError::Completed(order_id.clone()));
    }
    Ok(details.clone())
}

/// The text proposed for an order as it stands, for an operator to change. A free mail begins with greeting and
/// signature alone.
pub async fn draft(app: &App, order_id: &OrderId, mail: OrderMail, parcel: &Parcel) -> Result<Letter, MailError> {
    let order = open_order(app, order_id).await?;
    let buyer = buyer(app, &order.member_id).await?.ok_or_else(|| MailError::Erased(order.member_id.clone()))?;
    let shop = ShopProfile::of(&app.shops.get(order_id.shop()).await?.settings);
    let facts = OrderFacts {
        buyer: &buyer,
        order_id,
        delivery_date: order.delivery_date,
        basket: &order.basket,
        payment_method: &order.payment_method,
        shop: &shop,
    };
    Ok(match mail {
        OrderMail::OrderConfirmation => order_confirmation::text(&facts),
        OrderMail::DeliveryNotice => delivery_notice::text(&facts, &parcel.carrier, &parcel.slip_number),
        OrderMail::Free => order_confirmation::free(&facts),
    })
}

/// Requests the mail with this text. Asking again under the same command makes no second one.
pub async fn request(
    app: &App,
    order_id: &OrderId,
    mail: OrderMail,
    letter: Letter,
    because: &Because,
) -> Result<MailId, MailError> {
    let order = open_order(app, order_id).await?;
    let mail_id = id_by_hand(order_id.shop(), because, order_id.as_str());
    let new = NewLetter {
        mail_id: mail_id.clone(),
        kind: mail.kind(),
        recipient: Recipient::Member,
        about: About {
            member_id: Some(order.member_id),
            subscription_id: Some(order.subscription_id),
            order_id: Some(order_id.clone()),
        },
        letter,
    };
    request_mail(app, new, because).await?;
    Ok(mail_id)
}
