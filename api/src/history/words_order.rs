//! Orders: every event in words, with Paygent's codes and what they mean.

use super::words::{basket, failure, found, method, sale_mode, until};
use teiki_domain::declines::Asked;
use teiki_domain::order::{Cause, OrderEvent as Event, Purpose};

pub(super) fn text(event: &Event) -> String {
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
        } => format!(
            "受注を作成: 定期購入 {subscription_id}、会員 {member_id}、反映日 {generation_date}、配送日 {delivery_date}、\
             {}、{}、{}",
            basket(content),
            method(payment_method),
            sale_mode(*mode)
        ),
        Event::AuthorizationNotExecuted { reason } => format!("オーソリ未実行: {reason}"),
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
            let on = requested_on.map(|day| format!("、{day} 実行")).unwrap_or_default();
            let secure = if *three_d_secure { "、3Dセキュア認証済み" } else { "" };
            format!(
                "オーソリを依頼({attempt}回目、{}): {amount}、取引ID {transaction_id}、カードID {}({}まで)、{}{on}{secure}",
                cause(*why),
                card.card_id,
                card.expiry,
                sale_mode(*mode)
            )
        }
        Event::AuthorizationSucceeded { attempt, payment_id, captured, found_by, until: last } => {
            let what = if *captured { "オーソリOK、同時に売上(消込済)" } else { "オーソリOK" };
            let can = if *captured { "返金" } else { "売上確定" };
            format!("{what}({attempt}回目): 決済ID {payment_id}{}{}", until(can, *last), found(*found_by))
        }
        Event::AuthorizationFailed { attempt, code, detail, found_by } => {
            format!("オーソリ失敗({attempt}回目): {}{}", failure(Asked::Authorization, code, detail), found(*found_by))
        }
        Event::AuthorizationOutcomeUnknown { attempt, why } => {
            format!("オーソリの結果不明({attempt}回目): {why}。照会で確かめるまで次の請求はしません")
        }
        Event::AuthorizationSentAgain { attempt } => {
            format!("ペイジェントに該当なしと2回確認し、同じ取引IDで再送({attempt}回目)")
        }
        Event::AttemptGivenUp { attempt } => format!("結果不明の待機を打ち切り({attempt}回目)"),
        Event::SurplusPaymentFound { attempt, payment_id, amount, captured, found_by, until: last } => {
            let (what, can) = if *captured { ("売上", "返金") } else { ("オーソリ", "取消") };
            format!(
                "余分な決済を発見({attempt}回目): 決済ID {payment_id}、{amount}の{what}{}。返金か充当かの判断待ち{}",
                until(can, *last),
                found(*found_by)
            )
        }
        Event::SurplusPaymentAccepted { attempt, payment_id } => {
            format!("余分な決済をこの受注の支払に充当({attempt}回目): 決済ID {payment_id}")
        }
        Event::AuthorizationExpired { attempt, payment_id, found_by } => {
            format!("オーソリ期限切れ({attempt}回目): 決済ID {payment_id}{}", found(*found_by))
        }
        Event::CaptureRequested { attempt, amount } => format!("売上確定を依頼({attempt}回目): {amount}"),
        Event::SalesConfirmed { attempt, amount, found_by, refundable_until } => {
            format!("売上確定({attempt}回目): {amount}{}{}", until("返金", *refundable_until), found(*found_by))
        }
        Event::CaptureFailed { attempt, code, detail } => {
            format!("売上確定に失敗({attempt}回目): {}。オーソリは残っています", failure(Asked::Capture, code, detail))
        }
        Event::CaptureOutcomeUnknown { attempt, why } => format!("売上確定の結果不明({attempt}回目): {why}"),
        Event::OrderBasketChanged { basket: content } => format!("受注の内容を変更: {}", basket(content)),
        Event::OrderPaymentMethodChanged { payment_method } => {
            format!("受注の支払方法を変更: {}", method(payment_method))
        }
        Event::RevisionRequested { attempt, payment_id, from, to } => {
            format!("取引更新(減額)を依頼({attempt}回目): 決済ID {payment_id}、{from} から {to} へ")
        }
        Event::AmountRevised { attempt, base_payment_id, payment_id, amount, found_by } => format!(
            "金額を更新({attempt}回目): {amount}、決済ID {base_payment_id} から {payment_id} へ{}",
            found(*found_by)
        ),
        Event::RevisionFailed { attempt, payment_id, code, detail } => {
            format!("取引更新に失敗({attempt}回目): 決済ID {payment_id}、{}", failure(Asked::Revision, code, detail))
        }
        Event::RevisionOutcomeUnknown { attempt, payment_id, why } => {
            format!("取引更新の結果不明({attempt}回目): 決済ID {payment_id}、{why}")
        }
        Event::VoidRequested { attempt, payment_id, amount, purpose: what } => {
            format!("オーソリ取消を依頼({attempt}回目、{}): 決済ID {payment_id}、{amount}", purpose(*what))
        }
        Event::AuthorizationVoided { attempt, payment_id, found_by } => {
            format!("オーソリ取消({attempt}回目): 決済ID {payment_id}{}", found(*found_by))
        }
        Event::VoidFailed { attempt, payment_id, code, detail } => {
            format!("オーソリ取消に失敗({attempt}回目): 決済ID {payment_id}、{}", failure(Asked::Void, code, detail))
        }
        Event::VoidOutcomeUnknown { attempt, payment_id, why } => {
            format!("オーソリ取消の結果不明({attempt}回目): 決済ID {payment_id}、{why}")
        }
        Event::RefundRequested { attempt, payment_id, amount, purpose: what } => {
            format!("売上取消(返金)を依頼({attempt}回目、{}): 決済ID {payment_id}、{amount}", purpose(*what))
        }
        Event::SaleRefunded { attempt, payment_id, amount, found_by } => {
            format!("売上取消(返金)({attempt}回目): 決済ID {payment_id}、{amount}{}", found(*found_by))
        }
        Event::RefundFailed { attempt, payment_id, code, detail } => {
            format!("売上取消に失敗({attempt}回目): 決済ID {payment_id}、{}", failure(Asked::Refund, code, detail))
        }
        Event::RefundOutcomeUnknown { attempt, payment_id, why } => {
            format!("売上取消の結果不明({attempt}回目): 決済ID {payment_id}、{why}")
        }
        Event::OrderCancelled {} => "受注をキャンセル".to_owned(),
        Event::OrderCompleted {} => "受注を完了".to_owned(),
        Event::DocumentIssued { kind, number, issued_on, .. } => {
            format!("{}を発行: {number}、発行日 {issued_on}", crate::words::document(*kind))
        }
        Event::PaymentCheckChanged { checked: true } => "入金チェックを「済」に変更".to_owned(),
        Event::PaymentCheckChanged { checked: false } => "入金チェックを解除".to_owned(),
        Event::OrderWorkReleased { work } => super::words::released(work),
    }
}

fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Generation => "受注作成時",
        Cause::Operator => "オペレーターの依頼",
        Cause::Ladder => "自動再オーソリ",
        Cause::CardChanged => "カード変更",
        Cause::AmountUpdate => "取引更新(増額)",
    }
}

fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::CancelOrder => "受注キャンセルのため",
        Purpose::Release => "余分な決済の解放",
    }
}
