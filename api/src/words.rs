//! What people read: the manual's Japanese for states and reasons (O4).

use crate::console::Language;
use crate::words_order;
use crate::workers::retries::NoPlan;
use teiki_domain::mail::MailKind;
use teiki_domain::order::DocumentKind;
use teiki_domain::retry_policy::NoRetry;

/// Payment status (決済状況) of an order, from its stable name.
pub fn payment_status(code: &str) -> &'static str {
    match code {
        "external" => "ペイジェント以外",
        "untried" => "オーソリ前",
        "not_executed" => "未実行",
        "requested" => "オーソリ中",
        "unknown" => "結果不明",
        "authorized" => "オーソリOK",
        "failed" => "オーソリ失敗",
        "capture_requested" => "売上確定中",
        "capture_unknown" => "売上確定 結果不明",
        "captured" => "消込済",
        "sales_confirmed" => "売上確定",
        "given_up" => "結果不明(待機終了)",
        "expired" => "オーソリ期限切れ",
        "revision_requested" => "取引更新中",
        "revision_unknown" => "取引更新 結果不明",
        "void_requested" => "オーソリ取消中",
        "void_unknown" => "オーソリ取消 結果不明",
        "voided" => "キャンセル(オーソリ取消)",
        "refund_requested" => "売上取消中",
        "refund_unknown" => "売上取消 結果不明",
        "refunded" => "キャンセル(売上取消)",
        _ => "不明な状態",
    }
}

/// What a mail is for (K1-K5, O15).
pub fn mail_kind(kind: MailKind) -> &'static str {
    match kind {
        MailKind::Thanks => "サンクスメール",
        MailKind::ThanksCopy => "定期購入受注通知メール",
        MailKind::OrderConfirmation => "注文確認メール",
        MailKind::DeliveryNotice => "配送通知メール",
        MailKind::Free => "フリーメール",
        MailKind::CardClose => "カード有効期限メール(期限間近)",
        MailKind::CardExpired => "カード有効期限メール(期限切れ)",
        MailKind::CardExpiryList => "カード有効期限のお知らせ(ショップあて)",
        MailKind::CardChanged => "カード変更のお知らせ",
    }
}

/// Why no authorisation was tried (R5), from its stable name.
pub fn not_executed(code: &str) -> &'static str {
    match code {
        "authorize_at_generation_off" => "与信の同時実行が設定されていません",
        "goods_amount_out_of_range" => "商品金額が適用条件の範囲外です",
        "amount_to_be_quoted" => "送料または手数料が別途連絡です",
        "outside_contract_period" => "ペイジェントの契約期間外です",
        "no_stored_card" => "会員のカードが登録されていません",
        "nothing_to_pay" => "お支払い金額が0円です",
        "payment_method_changed" => "支払方法の変更後、オーソリを実行していません",
        _ => "理由不明",
    }
}

/// Why a failed order is not tried again by itself.
pub fn no_plan(why: &NoPlan) -> String {
    let text = match why {
        NoPlan::Policy(NoRetry::Off) => "このショップでは自動で再オーソリをしません",
        NoPlan::Policy(NoRetry::HardDecline) => "このカードは今後も使えません。別のカードが必要です",
        NoPlan::Policy(NoRetry::UnknownDecline) => {
            "一時的な失敗か分からないエラーコードです。手動で、または別のカードで行ってください"
        }
        NoPlan::Policy(NoRetry::TooLate) => "最初のオーソリから60日を過ぎています。必要であれば手動で行ってください",
        NoPlan::Policy(NoRetry::LadderDone) => "設定された回数の再オーソリをすべて行いました",
        NoPlan::SubscriptionEnded => "定期購入は終了しています",
        NoPlan::Order(refusal) => return words_order::refusal(Language::Japanese, refusal),
    };
    text.to_owned()
}

/// Why a payment to come will likely fail, from its stable name.
pub fn risk(code: &str) -> &'static str {
    match code {
        "card_expired" => "カードの有効期限が切れています",
        "previous_order_failed" => "同じカードで前回のオーソリが失敗しています",
        _ => "理由不明",
    }
}

/// A kind of document (O13).
pub fn document(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::OrderSlip => "受注伝票",
        DocumentKind::DeliveryNote => "納品書",
        DocumentKind::Invoice => "請求書",
        DocumentKind::Receipt => "領収書",
    }
}

/// Whether a card is about to expire or has expired (K), from its stable name.
pub fn card_standing(close: bool) -> &'static str {
    if close { "期限間近" } else { "期限切れ" }
}
