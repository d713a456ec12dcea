//! What several kinds of events say in the same words; who acted and why, as people read it, in both languages.

use crate::console::Language;
use crate::words_subscription;
use chrono::{DateTime, NaiveDate, Utc};
use std::borrow::Cow;
use teiki_domain::basket::Basket;
use teiki_domain::declines::{Asked, means_of};
use teiki_domain::order::FoundBy;
use teiki_domain::payment_method::SaleMode;
use teiki_domain::subscription::NextDates;
use teiki_infrastructure::clock::tokyo;

/// The one of two sentences that is in the language; both take the values that stand around them by name.
macro_rules! said {
    ($language:expr, $japanese:literal, $english:literal $(,)?) => {
        match $language {
            $crate::console::Language::Japanese => format!($japanese),
            $crate::console::Language::English => format!($english),
        }
    };
}
pub(super) use said;

pub(super) use words_subscription::method;

pub(super) fn basket(l: Language, basket: &Basket) -> String {
    let lines: Vec<_> =
        basket.lines().iter().map(|line| format!("{} {}×{}", line.name, line.unit_price, line.quantity)).collect();
    let lines = lines.join(" / ");
    let total = basket.total().map_or_else(|| l.t("別途連絡", "to be quoted").to_owned(), |yen| yen.to_string());
    let charge = |charge| words_subscription::charge(l, charge);
    let (shipping, fee) = (charge(basket.shipping()), charge(basket.fee()));
    said!(
        l,
        "[{lines}] 送料 {shipping} 手数料 {fee} 合計 {total}",
        "[{lines}] shipping {shipping}, fee {fee}, total {total}"
    )
}

pub(super) fn sale_mode(l: Language, mode: SaleMode) -> &'static str {
    match mode {
        SaleMode::AuthorizeOnly => l.t("オーソリのみ", "authorise only"),
        SaleMode::AuthorizeAndCapture => l.t("オーソリ+売上", "authorise and capture"),
    }
}

pub(super) fn next(l: Language, dates: &NextDates) -> String {
    let (delivery, generation) = (dates.delivery_date, dates.generation_date);
    said!(l, "配送日 {delivery}(反映日 {generation})", "delivery {delivery} (order made {generation})")
}

pub(super) fn next_or_end(l: Language, dates: Option<&NextDates>) -> String {
    dates.map_or_else(|| l.t("予定なし", "nothing planned").to_owned(), |dates| next(l, dates))
}

/// Paygent's code and detail as received, and what they mean (E4). Without a code the detail is our own sentence.
pub(super) fn failure(l: Language, asked: Asked, code: &str, detail: &str) -> String {
    let means = means_of(asked, code, detail);
    let means = l.t(means.ja, means.en);
    if code.is_empty() {
        let detail = crate::words_engine::stored(l, detail);
        return said!(l, "{means}({detail})", "{means} ({detail})");
    }
    said!(l, "{means}(コード {code} {detail})", "{means} (code {code} {detail})")
}

/// Work that was set aside goes on, because somebody said so.
pub(super) fn released(l: Language, work: &str) -> String {
    let work = crate::set_aside::work(l, work);
    said!(l, "保留を解除: {work}", "Let go on: {work}")
}

/// An instant as Tokyo's clocks show it.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    tokyo(at).format("%Y-%m-%d %H:%M").to_string()
}

pub(super) fn until(l: Language, (japanese, english): (&str, &str), last: Option<NaiveDate>) -> String {
    last.map(|day| said!(l, "、{japanese}は {day} まで", ", can be {english} until {day}")).unwrap_or_default()
}

pub(super) fn found(l: Language, by: FoundBy) -> &'static str {
    match by {
        FoundBy::Reply => l.t("(ペイジェントの応答)", " (Paygent's answer)"),
        FoundBy::Inquiry => l.t("(照会で判明)", " (found by asking)"),
        FoundBy::Notice => l.t("(差分通知で判明)", " (told by a notice)"),
    }
}

/// Who acted: our own workers by their task, everybody else as recorded.
pub(crate) fn actor(l: Language, actor: &str) -> &str {
    match actor {
        "worker:night-run" => l.t("夜間処理", "the night's run"),
        "worker:recovery" => l.t("結果照会", "asking Paygent"),
        "worker:notices" => l.t("差分通知の処理", "Paygent's notices"),
        "worker:reconciliation" => l.t("照合", "reconciliation"),
        "worker:retries" => l.t("再オーソリ", "attempts by plan"),
        "worker:webhooks" => l.t("Webhookの送信", "webhooks"),
        "worker:mails" => l.t("メール送信", "mails"),
        "operator" => l.t("オペレーター", "operator"),
        "member" => l.t("会員", "member"),
        other => other,
    }
}

/// Why: the reasons this program gives by itself in the language of the reader, everybody else's as recorded.
pub(crate) fn reason(l: Language, reason: &str) -> Cow<'_, str> {
    if l == Language::English {
        return Cow::Borrowed(reason);
    }
    Cow::Borrowed(match reason {
        "its generation date has come" => "反映日になったため",
        "the order was called for before an interruption" => "中断前に作成が決まっていたため",
        "the subscription called for it" => "定期購入が作成を決定したため",
        "what Paygent answered" => "ペイジェントの応答の記録",
        "the outcome at Paygent is not known" => "結果が不明のため",
        "held against Paygent's books" => "ペイジェントの記録と照合",
        "outcome of the card registration" => "カード登録の結果の記録",
        "the member registered a card" => "会員のカード登録",
        "the member changed the card" => "会員のカード変更",
        "the member changed the card on my-page" => "マイページでのカード変更",
        "the subscription began" => "定期購入が始まったため",
        "the card is close to its end" => "カードの有効期限が近いため",
        "the card is past its end" => "カードの有効期限が切れたため",
        "cards are close to their end or past it" => "有効期限の近い、または切れたカードがあるため",
        "what became of the mail" => "メール送信の結果の記録",
        "a mail was written" => "メールの作成",
        "work that was set aside was released" => "保留の解除",
        "the mail was released" => "メールの再送信の指示",
        "the member asked for it" => "会員の申し出",
        "the shop's retry ladder came to its next step" => "店舗の再試行規則による",
        "the member's personal data is to be erased" => "個人情報の削除依頼",
        "a billing service registered the member" => "外部サービスからの会員登録",
        "a billing service started the subscription" => "外部サービスからの定期購入の開始",
        "a billing service changed the shop's settings" => "外部サービスからの設定変更",
        "the demonstration sets up its shop" => "デモの準備",
        "the next delivery was left out" => "1回お休みの操作",
        "the next delivery was moved" => "次回の日付の変更",
        "the delivery cycle was changed" => "配送サイクルの変更",
        "the content was changed" => "内容の変更",
        "the payment method was changed" => "支払方法の変更",
        "the subscription was paused" => "休止の操作",
        "the subscription was resumed" => "再開の操作",
        "the subscription was ended" => "定期購入終了の操作",
        "the subscription was started in the console" => "管理画面での定期購入の開始",
        "a mail about the card's end was sent by hand" => "カード有効期限メールの送信操作",
        "sales are confirmed after shipping from now on" => "今後は出荷後に売上確定するため",
        "a document was asked for" => "帳票発行の操作",
        "the payment check was changed" => "入金チェックの操作",
        "the card was tried again" => "再オーソリの操作",
        "the amount was changed" => "金額変更の操作",
        "the transaction was updated" => "取引更新の操作",
        "the sale was confirmed" => "売上確定の操作",
        "the order was completed" => "受注処理完了の操作",
        "the order was cancelled" => "キャンセルの操作",
        "the attempt was given up" => "待機終了の操作",
        "the surplus payment was accepted" => "余分な決済を充てる操作",
        "the surplus payment was given back" => "余分な決済を返金する操作",
        "many orders at once" => "一括処理",
        "a manager changed the shop's settings" => "管理画面での設定変更",
        "a manager registered the product" => "管理画面での商品登録",
        "a manager described the product" => "管理画面での商品変更",
        "a manager withdrew the product" => "管理画面での商品の取扱終了",
        "an account at the console was changed" => "アカウントの変更",
        "a webhook is registered" => "Webhookの登録",
        "a webhook is removed" => "Webhookの削除",
        "a webhook gets a new secret" => "Webhookの署名鍵の更新",
        "a webhook is enabled" => "Webhookへの送信の再開",
        "a delivery is repeated" => "Webhookの配信のやり直し",
        "it stood beyond the end of the log" => "ログの終わりより先にあったため",
        "the receiver does not take deliveries" => "受信側が受け取らないため",
        "it was registered before webhooks had a history" => "履歴より前に登録されていたため",
        "by hand" => "コマンドによる操作",
        "a billing service described the product" => "外部サービスからの商品登録",
        "a billing service withdrew the product" => "外部サービスからの商品の取扱終了",
        other => match other.strip_prefix("Paygent's notice ") {
            Some(number) => return Cow::Owned(format!("ペイジェントの差分通知 {number}")),
            None => other,
        },
    })
}
