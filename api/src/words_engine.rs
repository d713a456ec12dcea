//! Sentences of the engine that are on record: in events and inside the reasons of work set aside
//! ([`crate::set_aside::Reason`]) they stand in English, as they were put down. People who read Japanese get them in Japanese.

use crate::console::Language;

/// Every sentence with its values left out, and what it is in Japanese; `{0}` there is the first value, and so on. A
/// value that is itself a sentence of this list is translated too.
const SENTENCES: &[(&str, &str)] = &[
    // What became of a call to Paygent.
    (
        "no connection to Paygent could be made ({}); try again when the network or the certificate is mended",
        "ペイジェントに接続できませんでした。ネットワークと証明書を確認してから、もう一度行ってください",
    ),
    (
        "Paygent did not answer within {} ms; ask for the payment's state before anything else",
        "{0}ミリ秒以内にペイジェントの応答がありませんでした",
    ),
    (
        "the connection to Paygent was lost ({}); ask for the payment's state before anything else",
        "ペイジェントとの接続が切れました",
    ),
    (
        "Paygent answered with HTTP status {}; ask for the payment's state before anything else",
        "ペイジェントがHTTPステータス {0} で応答しました",
    ),
    (
        "Paygent's answer is not usable: {}; ask for the payment's state before anything else",
        "ペイジェントの応答を利用できませんでした({0})",
    ),
    (
        "Paygent reports an internal error ({}); ask for the payment's state before anything else",
        "ペイジェントでシステムエラーが発生しました({0})",
    ),
    ("Paygent does not answer inquiries now ({}); ask again later", "ペイジェントが現在照会に応答していません({0})"),
    ("Paygent was busy: {}", "ペイジェントが混み合っていました({0})"),
    ("the inquiry was not sent: {}", "照会を送信できませんでした({0})"),
    ("connecting took too long", "接続に時間がかかりすぎました"),
    ("it is larger than 1 MB", "1MBを超えています"),
    ("it is not text in Windows-31J", "Windows-31Jの文字列ではありません"),
    ("its line {} is not of the expected form", "{0}行目の形式が違います"),
    ("it ends too early", "途中で終わっています"),
    (
        "it has the same key twice with different values, the second time in line {}",
        "同じ項目が異なる値で2回あります(2回目は{0}行目)",
    ),
    ("it has no {}", "項目 {0} がありません"),
    ("its {} is not of the expected form", "項目 {0} の形式が違います"),
    ("its {} is not the one that was asked for", "項目 {0} が依頼したものと違います"),
    (
        "{} holds the character {} , which Paygent's encoding (Windows-31J) cannot express; replace it",
        "項目 {0} に、Windows-31Jで表せない文字 {1} があります。別の文字にしてください",
    ),
    ("{} is empty; Paygent needs a value", "項目 {0} が空です"),
    (
        "an amount of {} cannot be paid by card; it is 1 to 9,999,999 yen",
        "{0}はカードで支払えません。1〜9,999,999円の金額にしてください",
    ),
    (
        "the request has {} bytes; Paygent takes 102400 at most",
        "送信内容が{0}バイトあり、上限の102400バイトを超えています",
    ),
    // What Paygent says of a payment when it is asked.
    ("Paygent holds no such payment", "ペイジェントにこの決済はありません"),
    ("Paygent holds several payments under this transaction ID", "ペイジェントに、この取引IDの決済が複数あります"),
    (
        "Paygent holds a payment of another member under this transaction ID",
        "ペイジェントでは、この取引IDは別の会員の決済です",
    ),
    ("the payment belongs to another member", "別の会員の決済です"),
    ("there is no such order", "受注がありません"),
    ("it was cancelled at Paygent", "ペイジェントで取り消されました"),
    (
        "Paygent holds the authorisation, not the sale; confirm it again",
        "ペイジェントでは売上になっていません。もう一度売上確定してください",
    ),
    (
        "Paygent holds the former amount; update the transaction again",
        "ペイジェントでは変更前の金額のままです。もう一度取引更新をしてください",
    ),
    (
        "Paygent still holds the authorisation after it was asked repeatedly; cancel it in Paygent's console",
        "繰り返し依頼しましたが、ペイジェントにオーソリが残っています。ペイジェントの管理画面で取り消してください",
    ),
    (
        "Paygent still holds the sale after it was asked repeatedly; cancel it in Paygent's console",
        "繰り返し依頼しましたが、ペイジェントに売上が残っています。ペイジェントの管理画面で取り消してください",
    ),
    // Work that is set aside.
    (
        "Paygent now reports {} for attempt {}, which is recorded as {}; compare both by hand",
        "{1}回目のオーソリについて、ペイジェントの情報と記録が一致しません。両方の画面を見比べて確認してください",
    ),
    (
        "Paygent reports {} for attempt {}, which asked for {}; compare both by hand",
        "{1}回目のオーソリは{2}で依頼しましたが、ペイジェントでは{0}です。両方の画面を見比べて確認してください",
    ),
    (
        "the customer still has a hold of {} on the card that pays nothing: Paygent refuses to cancel payment {} ({}); \
         cancel it in Paygent's console, or release this work to ask again",
        "支払に使われない{0}のオーソリが購入者のカードに残っています。決済ID {1} の取消が拒否されました({2})。ペイジェントの\
         管理画面で取り消すか、保留を解除してもう一度依頼してください",
    ),
    (
        "shop {} has no connection settings for Paygent; enter merchant ID, connect ID and password",
        "ショップ {0} の接続設定がありません。マーチャントID、接続ID、接続パスワードを設定してください",
    ),
    ("shop {} does not exist in this store; open it first", "ショップ {0} がこのデータベースにありません"),
    (
        "this engine has no connection to Paygent configured; set paygent_url and the certificates",
        "エンジンにペイジェントの接続先が設定されていません。接続先と証明書を設定してください",
    ),
    (
        "shop {} of this store belongs to merchant {} at {}, and this engine is set up for merchant {} at {}: nothing is \
         sent; if the change is meant, run `teiki bind {}`",
        "ショップ {0} はマーチャント {1}({2})のものですが、エンジンはマーチャント {3}({4})用に設定されています。何も送信しません。\
         変更が正しい場合は teiki bind {5} を実行してください",
    ),
    (
        "the call for this order cannot be read again; run `teiki rebuild due_renewals`",
        "この受注の作成の記録を読み取れません。teiki rebuild due_renewals を実行してください",
    ),
    (
        "the card in force is the one that failed; a card change comes first",
        "失敗したカードと同じカードです。先にカードの変更が必要です",
    ),
    // Mails.
    ("the mail server refused", "メールサーバーに拒否されました"),
    ("the mail server refused ({})", "メールサーバーに拒否されました({0})"),
    ("the mail server put it off", "メールサーバーが一時的に受け付けませんでした"),
    ("the mail server put it off ({})", "メールサーバーが一時的に受け付けませんでした({0})"),
    ("the mail server did not answer in time", "メールサーバーから応答がありませんでした"),
    ("the mail server does not answer as one", "接続先がメールサーバーとして応答しませんでした"),
    ("the mail server cannot be reached", "メールサーバーに接続できませんでした"),
    ("the mail server's answer cannot be understood", "メールサーバーの応答を読み取れませんでした"),
    (
        "the mail server does not offer what is needed, such as STARTTLS, sign-in or these characters in addresses",
        "メールサーバーが必要な機能(STARTTLS、認証、宛先の文字など)に対応していません",
    ),
    ("the recipient's mail address cannot be used", "宛先のメールアドレスが正しくありません"),
    ("the shop's mail address cannot be used", "ショップのメールアドレスが正しくありません"),
    (
        "the connection to the mail server cannot be encrypted{}",
        "メールサーバーとの通信を暗号化できませんでした。証明書を確認してください",
    ),
    (
        "the shop has no mail address{}",
        "ショップのメールアドレスが設定されていません。設定のうえ、もう一度送信してください",
    ),
    (
        "it waited for more than 7 days{}",
        "7日を超えて送信できなかったため中止しました。必要な場合は、もう一度送信してください",
    ),
    // Webhooks.
    ("the receiver answered 410 Gone", "受信側が410 Goneを返しました"),
    ("no delivery was taken since {}", "{0} から一度も受信されていません"),
];

/// A sentence on record in the language of the reader; what is no sentence of ours as it stands.
pub(crate) fn stored(language: Language, text: &str) -> String {
    match language {
        Language::English => text.to_owned(),
        Language::Japanese => japanese(text).unwrap_or_else(|| text.to_owned()),
    }
}

/// A sentence of ours in Japanese; none if it is not one.
pub(crate) fn japanese(text: &str) -> Option<String> {
    SENTENCES.iter().find_map(|(english, japanese)| {
        let values = values(english, text)?;
        let mut said = (*japanese).to_owned();
        for (i, value) in values.iter().enumerate() {
            said = said.replace(&format!("{{{i}}}"), &self::japanese(value).unwrap_or_else(|| (*value).to_owned()));
        }
        Some(said)
    })
}

/// What stands in the gaps of the pattern, if the text is of its form.
fn values<'t>(pattern: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut parts = pattern.split("{}");
    let mut rest = text.strip_prefix(parts.next()?)?;
    let parts: Vec<&str> = parts.collect();
    let mut values = vec![];
    for (i, part) in parts.iter().enumerate() {
        let last = i + 1 == parts.len();
        let at = if last && part.is_empty() {
            rest.len()
        } else if last {
            rest.len().checked_sub(part.len()).filter(|_| rest.ends_with(part))?
        } else {
            rest.find(part)?
        };
        values.push(rest.get(..at)?);
        rest = rest.get(at + part.len()..)?;
    }
    rest.is_empty().then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shops::ShopError;
    use teiki_domain::money::Yen;
    use teiki_domain::order::OrderRefusal;
    use teiki_infrastructure::paygent::{Declined, NotSent, ReplyError, UnknownReason};

    /// Three words of Latin letters after one another are a sentence.
    fn has_english(text: &str) -> bool {
        let mut run = 0;
        text.split(|c: char| c.is_whitespace() || !c.is_ascii()).any(|word| {
            let word = word.trim_matches(|c: char| !c.is_ascii_alphabetic());
            run = if word.len() > 1 && word.bytes().all(|b| b.is_ascii_lowercase()) { run + 1 } else { 0 };
            run >= 3
        })
    }

    #[test]
    fn what_is_put_on_record_in_english_is_read_in_japanese() {
        let declined = || Declined { code: "E001".into(), detail: String::new() };
        let shop = || "02396".parse().unwrap();
        let reasons = [
            UnknownReason::TimedOut(30_000).to_string(),
            UnknownReason::ConnectionLost("reset".into()).to_string(),
            UnknownReason::HttpStatus(502).to_string(),
            UnknownReason::Reply(ReplyError::Missing("payment_id")).to_string(),
            UnknownReason::Reply(ReplyError::TooLarge).to_string(),
            UnknownReason::Reply(ReplyError::Encoding).to_string(),
            UnknownReason::Reply(ReplyError::Line(2)).to_string(),
            UnknownReason::Reply(ReplyError::Truncated).to_string(),
            UnknownReason::Reply(ReplyError::Contradiction(3)).to_string(),
            UnknownReason::Reply(ReplyError::BadValue("amount")).to_string(),
            UnknownReason::Reply(ReplyError::OtherSubject("trading_id")).to_string(),
            UnknownReason::Internal(declined()).to_string(),
            UnknownReason::Busy(declined()).to_string(),
            UnknownReason::NotSent(NotSent::Connection("refused".into())).to_string(),
            NotSent::Connection("refused".into()).to_string(),
            ShopError::DoesNotExist(shop()).to_string(),
            ShopError::NotConnected(shop()).to_string(),
            ShopError::NoTransport.to_string(),
            OrderRefusal::Contradiction { attempt: 1, recorded: "failed", now: "authorized" }.to_string(),
            OrderRefusal::AmountDiffers {
                attempt: 1,
                intended: Yen::new(1_000).unwrap(),
                reported: Yen::new(900).unwrap(),
            }
            .to_string(),
            OrderRefusal::SameCard.to_string(),
        ];
        for reason in reasons {
            let said = stored(Language::Japanese, &reason);
            assert!(japanese(&reason).is_some() && !has_english(&said), "{reason}: {said}");
            assert_eq!(stored(Language::English, &reason), reason);
        }
    }

    #[test]
    fn values_stand_where_they_belong_and_what_is_not_ours_is_left_alone() {
        let text = "Paygent's answer is not usable: its line 7 is not of the expected form; ask for the payment's state before \
                    anything else";
        assert_eq!(stored(Language::Japanese, text), "ペイジェントの応答を利用できませんでした(7行目の形式が違います)");
        for other in ["", "\"card_valid_term\" is not valid", "限度額オーバー", "{}"] {
            assert_eq!(stored(Language::Japanese, other), other);
        }
        for (english, japanese) in SENTENCES {
            assert_eq!(english.is_ascii(), !has_english(japanese), "{english}");
        }
    }
}
