//! Numbers as people type them into a search: whole or without the shop's digits, in whatever width.

use super::subscriptions::whole_id;
use super::{FieldErrors, Frame};
use std::str::FromStr;
use teiki_domain::ids::{MemberId, OrderId, ShopId, SubscriptionId};

fn read<T: FromStr>(
    frame: &Frame,
    (shop, text): (ShopId, &str),
    field: &'static str,
    rule: (&str, &str),
    errors: &mut FieldErrors,
) -> Option<T> {
    if text.trim().is_empty() {
        return None;
    }
    let read = whole_id(shop, text).parse().ok();
    if read.is_none() {
        errors.add(field, frame.t(rule.0, rule.1));
    }
    read
}

/// The member that is typed into a field; nothing typed is nobody, and what is no number is noted.
pub(super) fn member(
    frame: &Frame,
    shop: ShopId,
    field: &'static str,
    text: &str,
    errors: &mut FieldErrors,
) -> Option<MemberId> {
    let japanese = "会員IDは 02396-M00000012 または M00000012 のように入力してください";
    read(frame, (shop, text), field, (japanese, "Write the member as 02396-M00000012 or M00000012"), errors)
}

/// As [`member`], for a subscription.
pub(super) fn subscription(
    frame: &Frame,
    shop: ShopId,
    field: &'static str,
    text: &str,
    errors: &mut FieldErrors,
) -> Option<SubscriptionId> {
    let japanese = "定期購入番号は 02396-S00000012 または S00000012 のように入力してください";
    read(frame, (shop, text), field, (japanese, "Write the subscription as 02396-S00000012 or S00000012"), errors)
}

/// As [`member`], for an order.
pub(super) fn order(
    frame: &Frame,
    shop: ShopId,
    field: &'static str,
    text: &str,
    errors: &mut FieldErrors,
) -> Option<OrderId> {
    let japanese = "受注番号は 02396-S00000012-20260401 または S00000012-20260401 のように入力してください";
    let english = "Write the order as 02396-S00000012-20260401 or S00000012-20260401";
    read(frame, (shop, text), field, (japanese, english), errors)
}
