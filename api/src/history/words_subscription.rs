//! Subscriptions: every event in words.

use super::words::{basket, method, next, next_or_end, said};
use crate::console::Language;
use crate::words_subscription::cycle as rhythm;
use teiki_domain::subscription::SubscriptionEvent as Event;

pub(super) fn text(l: Language, event: &Event) -> String {
    match event {
        Event::SubscriptionStarted { member_id, basket: content, payment_method, cycle, next: first, .. } => {
            let (cycle, content, method, first) =
                (rhythm(l, *cycle), basket(l, content), method(l, payment_method), next(l, first));
            said!(
                l,
                "定期購入を開始: 会員 {member_id}、{cycle}、{content}、{method}、初回 {first}",
                "Subscription started: member {member_id}, {cycle}, {content}, {method}, first {first}"
            )
        }
        Event::OrderGenerationStarted { order_id, dates, basket: content, payment_method, next: after } => {
            let (dates, content, method, after) =
                (next(l, dates), basket(l, content), method(l, payment_method), next_or_end(l, after.as_ref()));
            said!(
                l,
                "受注 {order_id} の作成を決定: {dates}、{content}、{method}。その次は {after}",
                "Order {order_id} called for: {dates}, {content}, {method}; then {after}"
            )
        }
        Event::DeliverySkipped { skipped, next: after } => {
            let (skipped, after) = (next(l, skipped), next_or_end(l, after.as_ref()));
            said!(l, "1回お休み: {skipped} を見送り。次は {after}", "One delivery left out: {skipped}; then {after}")
        }
        Event::NextDateChanged { next: dates } => {
            let dates = next(l, dates);
            said!(l, "次回の日付を変更: {dates}", "Next date changed: {dates}")
        }
        Event::CycleChanged { cycle, anchor, next: after } => {
            let (cycle, after) = (rhythm(l, *cycle), next_or_end(l, after.as_ref()));
            said!(
                l,
                "配送サイクルを変更: {cycle}(起点 {anchor})。次は {after}",
                "Delivery cycle changed: {cycle} (from {anchor}); then {after}"
            )
        }
        Event::BasketChanged { basket: content } => {
            let content = basket(l, content);
            said!(l, "次回からの内容を変更: {content}", "Content changed from the next order on: {content}")
        }
        Event::PaymentMethodChanged { payment_method } => {
            let method = method(l, payment_method);
            said!(l, "次回からの支払方法を変更: {method}", "Payment method changed from the next order on: {method}")
        }
        Event::SubscriptionWorkReleased { work } => super::words::released(l, work),
        Event::SubscriptionPaused {} => l.t("休止", "Paused").to_owned(),
        Event::SubscriptionResumed { next: after } => {
            let after = next(l, after);
            said!(l, "再開: 次は {after}", "Resumed: next {after}")
        }
        Event::SubscriptionEnded {} => l.t("定期購入を終了", "Subscription ended").to_owned(),
        Event::SubscriptionStartPrevented {} => l
            .t(
                "会員の個人情報を削除したため、定期購入を開始しませんでした",
                "The subscription was not started, since the member's personal data was erased",
            )
            .to_owned(),
    }
}
