//! What an order answers to operators, in both languages of the pages.

use crate::console::Language;
use crate::{words, words_documents, words_subscription};
use teiki_domain::order::{OrderRefusal as Refusal, Withheld};
use teiki_domain::retry_policy::NoRetry;

/// Payment status (決済状況, O4), from its stable name.
pub(crate) fn payment_status(language: Language, code: &str) -> &'static str {
    if language == Language::Japanese {
        return words::payment_status(code);
    }
    match code {
        "external" => "not through Paygent",
        "untried" => "not authorised yet",
        "not_executed" => "not executed",
        "requested" => "authorising",
        "unknown" => "outcome unknown",
        "authorized" => "authorised",
        "failed" => "authorisation failed",
        "capture_requested" => "confirming the sale",
        "capture_unknown" => "confirmation: outcome unknown",
        "captured" => "settled with the authorisation",
        "sales_confirmed" => "sale confirmed",
        "given_up" => "outcome unknown (not waited for)",
        "expired" => "authorisation expired",
        "revision_requested" => "updating the amount",
        "revision_unknown" => "update: outcome unknown",
        "void_requested" => "cancelling the authorisation",
        "void_unknown" => "cancel: outcome unknown",
        "voided" => "cancelled (authorisation)",
        "refund_requested" => "refunding",
        "refund_unknown" => "refund: outcome unknown",
        "refunded" => "cancelled (refunded)",
        _ => "unknown state",
    }
}

/// Why no authorisation was tried (R5), from its stable name.
pub(crate) fn not_executed(language: Language, code: &str) -> &'static str {
    if language == Language::Japanese {
        return words::not_executed(code);
    }
    match code {
        "authorize_at_generation_off" => "authorising at generation is off",
        "goods_amount_out_of_range" => "the goods amount is outside the range of the payment method",
        "amount_to_be_quoted" => "shipping or fee is to be quoted",
        "outside_contract_period" => "it is outside the contract period with Paygent",
        "no_stored_card" => "the member has no registered card",
        "nothing_to_pay" => "there is nothing to pay",
        "payment_method_changed" => "nobody has tried the card since the payment method was changed",
        _ => "for an unknown reason",
    }
}

/// Why a button cannot be pressed.
pub(crate) fn withheld(language: Language, why: &Withheld) -> String {
    match why {
        Withheld::Already => language.t("すでに行われています", "this is done already").to_owned(),
        Withheld::Refused(refusal) => self::refusal(language, refusal),
    }
}

/// Why an order refuses a command.
pub(crate) fn refusal(language: Language, refusal: &Refusal) -> String {
    match language {
        Language::Japanese => japanese(refusal),
        Language::English => english(refusal),
    }
}

/// The order's own sentence, where it needs no words of other lists.
fn english(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotPossible(reason) => {
            let reason = words_subscription::not_executed(Language::English, reason);
            format!("the card cannot be authorised for this order: {reason}")
        }
        Refusal::NotAuthorized(code) => {
            format!("this order is not authorised ({}); authorise it first", payment_status(Language::English, code))
        }
        Refusal::NotPaid(code) => {
            let status = payment_status(Language::English, code);
            format!("this order is not paid yet ({status}); confirm its sale or cancel it before completing it")
        }
        Refusal::NoReceipt(code) => {
            let status = payment_status(Language::English, code);
            format!(
                "this order is not paid ({status}); confirm its sale or mark its payment as received, then issue the \
                 receipt"
            )
        }
        Refusal::AmountNotUpdated { costs, authorized } => {
            format!("the order costs {costs} but {authorized} is authorised; update the transaction first")
        }
        other => other.to_string(),
    }
}

fn japanese(refusal: &Refusal) -> String {
    let text = match refusal {
        Refusal::DoesNotExist => "この受注はありません。受注番号を確認してください",
        Refusal::NumberTaken => "この受注番号は別の受注で使われています。サポートに連絡してください",
        Refusal::NoSuchAttempt(number) => return format!("{number}回目のオーソリはこの受注にありません"),
        Refusal::NoSuchPayment(id) => return format!("決済ID {id} はこの受注にありません"),
        Refusal::Contradiction { attempt, .. } => {
            return format!(
                "{attempt}回目のオーソリについて、ペイジェントの情報と記録が一致しません。両方の画面を見比べて確認してください"
            );
        }
        Refusal::AmountDiffers { attempt, intended, reported } => {
            return format!(
                "{attempt}回目のオーソリは{intended}で依頼しましたが、ペイジェントでは{reported}です。両方の画面を見比べて確認してください"
            );
        }
        Refusal::CapturedAtAuthorization => "オーソリと同時に売上となった受注のため、キャンセルのみ行えます",
        Refusal::AlreadyConfirmed => "売上確定後のため、金額は変更できません。必要な場合はキャンセルしてください",
        Refusal::NotAuthorized(code) => {
            return format!("オーソリOKではありません(現在: {})", words::payment_status(code));
        }
        Refusal::AlreadyAuthorized(Some(day)) => return format!("{day}まで有効なオーソリがあります"),
        Refusal::AlreadyAuthorized(None) => "有効なオーソリがあります",
        Refusal::AuthorizationRanOut(day) => {
            return format!("オーソリの有効期限({day})が過ぎています。再オーソリしてください");
        }
        Refusal::RefundTooLate(day) => {
            return format!("ペイジェントで返金できる期限({day})が過ぎています。別の方法で返金してください");
        }
        Refusal::AmountNotUpdated { costs, authorized } => {
            return format!("請求金額は{costs}、オーソリ金額は{authorized}です。先に取引更新をしてください");
        }
        Refusal::OnlyOrderSlip
        | Refusal::NoInvoice
        | Refusal::GivenBack
        | Refusal::NoReceipt(_)
        | Refusal::PaidOtherwise { .. } => {
            return words_documents::why_not(Language::Japanese, refusal);
        }
        Refusal::NothingToUpdate => "請求金額とオーソリ金額が同じため、更新の必要はありません",
        Refusal::ThreeDSecure => {
            "3Dセキュア認証済みの受注です。金額の変更はペイジェントの管理画面で行ってください(結果はこの画面に表示されます)"
        }
        Refusal::AmountToBeQuoted => "送料または手数料が別途連絡です。先に金額を入力してください",
        Refusal::NothingToPay => "請求金額が0円です。金額変更ではなくキャンセルしてください",
        Refusal::NotPossible(reason) => return format!("カードのオーソリを行えません: {reason}"),
        Refusal::NotPaidByCard(method) => return format!("支払方法が「{method}」のため、カードのオーソリは行えません"),
        Refusal::AlreadyPaid => "カードで売上となった受注です。支払方法を変えるには、先にキャンセルしてください",
        Refusal::OutcomeOpen => "ペイジェントの結果を待っています。結果が分かるまで行えません",
        Refusal::GivenUpStillOpen(number) => {
            return format!(
                "待機を終了した{number}回目のオーソリが成功している可能性があります。ペイジェントの結果が分かるまで再オーソリできません"
            );
        }
        Refusal::NothingToGiveUp(_) => "結果不明のオーソリはありません",
        Refusal::SurplusUndecided(id) => {
            return format!("余分な決済(決済ID {id})があります。先に返金するか、この受注に充当してください");
        }
        Refusal::NotSurplus(id) => return format!("決済ID {id} は余分な決済ではありません"),
        Refusal::PaidTwice(_) => "別の決済で支払われています。余分な決済は返金してください",
        Refusal::Cancelled => "キャンセル済みの受注です",
        Refusal::Completed => "完了した受注です。行えるのは帳票出力とキャンセルだけです",
        Refusal::NotPaid(code) => {
            return format!(
                "支払が済んでいません(現在: {})。売上確定またはキャンセルをしてください",
                words::payment_status(code)
            );
        }
        Refusal::NotTheNextAttempt(_) => "ほかの方がオーソリを行いました。現在の内容を確認してください",
        Refusal::NoRetry(NoRetry::Off) => "このショップでは自動で再オーソリをしません",
        Refusal::NoRetry(NoRetry::HardDecline) => "このカードは今後も使えません。別のカードが必要です",
        Refusal::NoRetry(NoRetry::UnknownDecline) => {
            "一時的な失敗か分からないエラーコードです。手動で、または別のカードで行ってください"
        }
        Refusal::NoRetry(NoRetry::TooLate) => "最初のオーソリから60日を過ぎています",
        Refusal::NoRetry(NoRetry::LadderDone) => "設定された回数の再オーソリをすべて行いました",
        Refusal::NotDueBefore(day) => return format!("自動再オーソリは{day}以降に行います"),
        Refusal::SameCard => "失敗したカードと同じカードです。先にカードの変更が必要です",
        Refusal::SubscriptionEnded => "定期購入が終了しているため、自動では再オーソリしません",
        Refusal::NothingFailed => "直前のオーソリは失敗していません",
        Refusal::SentMeanwhile(_) | Refusal::AskedMeanwhile => {
            "ほかの処理がペイジェントへ問い合わせました。現在の内容を確認してください"
        }
        Refusal::AlreadyDecided(number) => return format!("{number}回目のオーソリの結果は出ています"),
        Refusal::NotOfThisOrder(id) => return format!("取引ID {id} の決済はこの受注にありません"),
    };
    text.to_owned()
}
