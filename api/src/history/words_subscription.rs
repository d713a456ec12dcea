//! Subscriptions: every event in words.

use super::words::{basket, method, next, next_or_end};
use teiki_domain::subscription::SubscriptionEvent as Event;

pub(super) fn text(event: &Event) -> String {
    match event {
        Event::SubscriptionStarted { member_id, basket: content, payment_method, cycle, next: first, .. } => format!(
            "定期購入を開始: 会員 {member_id}、{}、{}、{}、初回 {}",
            cycle.describe_ja(),
            basket(content),
            method(payment_method),
            next(first)
        ),
        Event::OrderGenerationStarted { order_id, dates, basket: content, payment_method, next } => format!(
            "受注 {order_id} の作成を決定: {}、{}、{}。その次は {}",
            super::words::next(dates),
            basket(content),
            method(payment_method),
            next_or_end(next.as_ref())
        ),
        Event::DeliverySkipped { skipped, next } => {
            format!("1回お休み: {} を見送り。次は {}", super::words::next(skipped), next_or_end(next.as_ref()))
        }
        Event::NextDateChanged { next } => format!("次回の日付を変更: {}", super::words::next(next)),
        Event::CycleChanged { cycle, anchor, next } => {
            format!("配送サイクルを変更: {}(起点 {anchor})。次は {}", cycle.describe_ja(), next_or_end(next.as_ref()))
        }
        Event::BasketChanged { basket: content } => format!("次回からの内容を変更: {}", basket(content)),
        Event::PaymentMethodChanged { payment_method } => {
            format!("次回からの支払方法を変更: {}", method(payment_method))
        }
        Event::SubscriptionPaused {} => "休止".to_owned(),
        Event::SubscriptionResumed { next } => format!("再開: 次は {}", super::words::next(next)),
        Event::SubscriptionEnded {} => "定期購入を終了".to_owned(),
        Event::SubscriptionWorkReleased { work } => super::words::released(work),
        Event::SubscriptionStartPrevented {} => "会員の個人情報を削除したため、定期購入を開始しませんでした".to_owned(),
    }
}
