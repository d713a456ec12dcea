//! Orders: every event in words, with Paygent's codes and what they mean.

use super::words::{basket, failure, found, method, said, sale_mode, until};
use crate::console::Language;
use crate::words_engine::stored;
use crate::words_subscription;
use teiki_domain::declines::Asked;
use teiki_domain::order::{Cause, OrderEvent as Event, Purpose};

/// What can be done with a payment until its last day.
const CAPTURED: (&str, &str) = ("売上確定", "confirmed");
const VOIDED: (&str, &str) = ("取消", "cancelled");
const REFUNDED: (&str, &str) = ("返金", "refunded");

pub(super) fn text(l: Language, event: &Event) -> String {
    match event {
        Event::OrderGenerated {
            subscription_id,
            member_id,
            generation_date,
            delivery_date,
            basket: content,
            payment_method,
            sale_mode: mode,
            ..
        } => {
            let (content, method, mode) = (basket(l, content), method(l, payment_method), sale_mode(l, *mode));
            said!(
                l,
                "受注を作成: 定期購入 {subscription_id}、会員 {member_id}、反映日 {generation_date}、\
                 配送日 {delivery_date}、{content}、{method}、{mode}",
                "Order made: subscription {subscription_id}, member {member_id}, made {generation_date}, delivery \
                 {delivery_date}, {content}, {method}, {mode}"
            )
        }
        Event::AuthorizationNotExecuted { reason } => {
            let reason = words_subscription::not_executed(l, reason);
            said!(l, "オーソリ未実行: {reason}", "Not authorised: {reason}")
        }
        Event::AuthorizationRequested {
            attempt,
            transaction_id,
            amount,
            card,
            sale_mode: mode,
            cause: why,
            requested_on,
            three_d_secure,
        } => {
            let on = requested_on.map(|day| said!(l, "、{day} 実行", ", on {day}")).unwrap_or_default();
            let secure = match three_d_secure {
                true => l.t("、3Dセキュア認証済み", ", authenticated with 3-D Secure"),
                false => "",
            };
            let (why, mode, card_id, expiry) = (cause(l, *why), sale_mode(l, *mode), &card.card_id, card.expiry);
            said!(
                l,
                "オーソリを依頼({attempt}回目、{why}): {amount}、取引ID {transaction_id}、カードID {card_id}\
                 ({expiry}まで)、{mode}{on}{secure}",
                "Authorisation asked for (attempt {attempt}, {why}): {amount}, transaction ID {transaction_id}, card ID \
                 {card_id} (until {expiry}), {mode}{on}{secure}"
            )
        }
        Event::AuthorizationSucceeded { attempt, payment_id, captured, found_by, until: last } => {
            let what = match captured {
                true => l.t("オーソリOK、同時に売上(消込済)", "Authorised and settled"),
                false => l.t("オーソリOK", "Authorised"),
            };
            let until = until(l, if *captured { REFUNDED } else { CAPTURED }, *last);
            let found = found(l, *found_by);
            said!(
                l,
                "{what}({attempt}回目): 決済ID {payment_id}{until}{found}",
                "{what} (attempt {attempt}): payment ID {payment_id}{until}{found}"
            )
        }
        Event::AuthorizationFailed { attempt, code, detail, found_by } => {
            let (failure, found) = (failure(l, Asked::Authorization, code, detail), found(l, *found_by));
            said!(
                l,
                "オーソリ失敗({attempt}回目): {failure}{found}",
                "Authorisation failed (attempt {attempt}): {failure}{found}"
            )
        }
        Event::AuthorizationOutcomeUnknown { attempt, why } => {
            let why = stored(l, why);
            said!(
                l,
                "オーソリの結果不明({attempt}回目): {why}。照会で確かめるまで次の請求はしません",
                "Outcome of the authorisation unknown (attempt {attempt}): {why}; nothing else is charged before \
                 Paygent was asked"
            )
        }
        Event::AuthorizationSentAgain { attempt } => said!(
            l,
            "ペイジェントに該当なしと2回確認し、同じ取引IDで再送({attempt}回目)",
            "Sent again under the same transaction ID, after Paygent knew nothing of it twice (attempt {attempt})"
        ),
        Event::AttemptGivenUp { attempt } => {
            said!(l, "結果不明の待機を打ち切り({attempt}回目)", "Not waited for any more (attempt {attempt})")
        }
        Event::SurplusPaymentFound { attempt, payment_id, amount, captured, found_by, until: last } => {
            let (what, can) = match captured {
                true => (l.t("売上", "a sale"), REFUNDED),
                false => (l.t("オーソリ", "an authorisation"), VOIDED),
            };
            let (until, found) = (until(l, can, *last), found(l, *found_by));
            said!(
                l,
                "余分な決済を発見({attempt}回目): 決済ID {payment_id}、{amount}の{what}{found}。\
                 返金か充当かの判断待ち{until}",
                "Surplus payment found (attempt {attempt}): payment ID {payment_id}, {what} of {amount}{found}; somebody \
                 must refund or accept it{until}"
            )
        }
        Event::SurplusPaymentAccepted { attempt, payment_id } => said!(
            l,
            "余分な決済をこの受注の支払に充当({attempt}回目): 決済ID {payment_id}",
            "Surplus payment accepted for this order (attempt {attempt}): payment ID {payment_id}"
        ),
        Event::AuthorizationExpired { attempt, payment_id, found_by } => {
            let found = found(l, *found_by);
            said!(
                l,
                "オーソリ期限切れ({attempt}回目): 決済ID {payment_id}{found}",
                "Authorisation expired (attempt {attempt}): payment ID {payment_id}{found}"
            )
        }
        Event::CaptureRequested { attempt, amount } => said!(
            l,
            "売上確定を依頼({attempt}回目): {amount}",
            "Confirmation of the sale asked for (attempt {attempt}): {amount}"
        ),
        Event::SalesConfirmed { attempt, amount, found_by, refundable_until } => {
            let (until, found) = (until(l, REFUNDED, *refundable_until), found(l, *found_by));
            said!(
                l,
                "売上確定({attempt}回目): {amount}{until}{found}",
                "Sale confirmed (attempt {attempt}): {amount}{until}{found}"
            )
        }
        Event::CaptureFailed { attempt, code, detail } => {
            let failure = failure(l, Asked::Capture, code, detail);
            said!(
                l,
                "売上確定に失敗({attempt}回目): {failure}。オーソリは残っています",
                "Confirming the sale failed (attempt {attempt}): {failure}; the authorisation is still there"
            )
        }
        Event::CaptureOutcomeUnknown { attempt, why } => {
            let why = stored(l, why);
            said!(
                l,
                "売上確定の結果不明({attempt}回目): {why}",
                "Whether the sale was confirmed is unknown (attempt {attempt}): {why}"
            )
        }
        Event::OrderBasketChanged { basket: content } => {
            let content = basket(l, content);
            said!(l, "受注の内容を変更: {content}", "Content of the order changed: {content}")
        }
        Event::OrderPaymentMethodChanged { payment_method } => {
            let method = method(l, payment_method);
            said!(l, "受注の支払方法を変更: {method}", "Payment method of the order changed: {method}")
        }
        Event::RevisionRequested { attempt, payment_id, from, to } => said!(
            l,
            "取引更新(減額)を依頼({attempt}回目): 決済ID {payment_id}、{from} から {to} へ",
            "Lower amount asked for (attempt {attempt}): payment ID {payment_id}, from {from} to {to}"
        ),
        Event::AmountRevised { attempt, base_payment_id, payment_id, amount, found_by } => {
            let found = found(l, *found_by);
            said!(
                l,
                "金額を更新({attempt}回目): {amount}、決済ID {base_payment_id} から {payment_id} へ{found}",
                "Amount updated (attempt {attempt}): {amount}, payment ID {base_payment_id} became {payment_id}{found}"
            )
        }
        Event::RevisionFailed { attempt, payment_id, code, detail } => {
            let failure = failure(l, Asked::Revision, code, detail);
            said!(
                l,
                "取引更新に失敗({attempt}回目): 決済ID {payment_id}、{failure}",
                "Updating the amount failed (attempt {attempt}): payment ID {payment_id}, {failure}"
            )
        }
        Event::RevisionOutcomeUnknown { attempt, payment_id, why } => {
            let why = stored(l, why);
            said!(
                l,
                "取引更新の結果不明({attempt}回目): 決済ID {payment_id}、{why}",
                "Whether the amount was updated is unknown (attempt {attempt}): payment ID {payment_id}, {why}"
            )
        }
        Event::VoidRequested { attempt, payment_id, amount, purpose: what } => {
            let what = purpose(l, *what);
            said!(
                l,
                "オーソリ取消を依頼({attempt}回目、{what}): 決済ID {payment_id}、{amount}",
                "Cancel of the authorisation asked for (attempt {attempt}, {what}): payment ID {payment_id}, {amount}"
            )
        }
        Event::AuthorizationVoided { attempt, payment_id, found_by } => {
            let found = found(l, *found_by);
            said!(
                l,
                "オーソリ取消({attempt}回目): 決済ID {payment_id}{found}",
                "Authorisation cancelled (attempt {attempt}): payment ID {payment_id}{found}"
            )
        }
        Event::VoidFailed { attempt, payment_id, code, detail } => {
            let failure = failure(l, Asked::Void, code, detail);
            said!(
                l,
                "オーソリ取消に失敗({attempt}回目): 決済ID {payment_id}、{failure}",
                "Cancelling the authorisation failed (attempt {attempt}): payment ID {payment_id}, {failure}"
            )
        }
        Event::VoidOutcomeUnknown { attempt, payment_id, why } => {
            let why = stored(l, why);
            said!(
                l,
                "オーソリ取消の結果不明({attempt}回目): 決済ID {payment_id}、{why}",
                "Whether the authorisation was cancelled is unknown (attempt {attempt}): payment ID {payment_id}, {why}"
            )
        }
        Event::RefundRequested { attempt, payment_id, amount, purpose: what } => {
            let what = purpose(l, *what);
            said!(
                l,
                "売上取消(返金)を依頼({attempt}回目、{what}): 決済ID {payment_id}、{amount}",
                "Refund asked for (attempt {attempt}, {what}): payment ID {payment_id}, {amount}"
            )
        }
        Event::SaleRefunded { attempt, payment_id, amount, found_by } => {
            let found = found(l, *found_by);
            said!(
                l,
                "売上取消(返金)({attempt}回目): 決済ID {payment_id}、{amount}{found}",
                "Refunded (attempt {attempt}): payment ID {payment_id}, {amount}{found}"
            )
        }
        Event::RefundFailed { attempt, payment_id, code, detail } => {
            let failure = failure(l, Asked::Refund, code, detail);
            said!(
                l,
                "売上取消に失敗({attempt}回目): 決済ID {payment_id}、{failure}",
                "The refund failed (attempt {attempt}): payment ID {payment_id}, {failure}"
            )
        }
        Event::RefundOutcomeUnknown { attempt, payment_id, why } => {
            let why = stored(l, why);
            said!(
                l,
                "売上取消の結果不明({attempt}回目): 決済ID {payment_id}、{why}",
                "Whether the refund was made is unknown (attempt {attempt}): payment ID {payment_id}, {why}"
            )
        }
        Event::OrderCancelled {} => l.t("受注をキャンセル", "Order cancelled").to_owned(),
        Event::OrderCompleted {} => l.t("受注を完了", "Order completed").to_owned(),
        Event::DocumentIssued { kind, number, issued_on, .. } => {
            let kind = crate::words_documents::name(l, *kind);
            said!(l, "{kind}を発行: {number}、発行日 {issued_on}", "Document issued: {kind} {number}, on {issued_on}")
        }
        Event::PaymentCheckChanged { checked: true } => {
            l.t("入金チェックを「済」に変更", "Payment marked as checked").to_owned()
        }
        Event::PaymentCheckChanged { checked: false } => {
            l.t("入金チェックを解除", "Mark of the payment check taken away").to_owned()
        }
        Event::OrderWorkReleased { work } => super::words::released(l, work),
    }
}

fn cause(l: Language, cause: Cause) -> &'static str {
    match cause {
        Cause::Generation => l.t("受注作成時", "when the order was made"),
        Cause::Operator => l.t("オペレーターの依頼", "asked for by somebody"),
        Cause::Ladder => l.t("自動再オーソリ", "by plan"),
        Cause::CardChanged => l.t("カード変更", "after a card change"),
        Cause::AmountUpdate => l.t("取引更新(増額)", "raised amount"),
    }
}

fn purpose(l: Language, purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::CancelOrder => l.t("受注キャンセルのため", "since the order is cancelled"),
        Purpose::Release => l.t("余分な決済の解放", "since it pays nothing"),
    }
}
