//! What Paygent's codes mean to people (E1-E4). Unknown codes pass through whole; nothing is swallowed.

/// Whether the same card may be tried again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclineKind {
    /// Limit, balance, network: may pass another day.
    Soft,
    /// Lost, stolen, invalid, expired: will not pass with this card.
    Hard,
    /// Not known to us.
    Unknown,
}

/// The card network's code inside a response detail: `"1G12"` at its beginning, quotes and all.
fn network_code(detail: &str) -> &str {
    let inner = detail.trim_start_matches('"');
    let end = inner.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inner.len());
    &inner[..end]
}

/// What a refusal or failure at Paygent means to people, in both languages of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Meaning {
    /// As a sentence in Japanese, without the full stop.
    pub ja: &'static str,
    /// As a sentence in English, without the full stop.
    pub en: &'static str,
}

const fn said(ja: &'static str, en: &'static str) -> Meaning {
    Meaning { ja, en }
}

/// Said of an authorisation where nothing more is known.
const NOT_AUTHORIZED: Meaning = said("オーソリに失敗しました", "the authorisation failed");

/// What a code and detail of Paygent mean, for the red box (O19). Paygent's own text stands beside it.
pub fn means(code: &str, detail: &str) -> Meaning {
    match (code, network_code(detail)) {
        ("31001", _) => said("クレジットカード情報に誤りがあります", "the card's data are wrong"),
        ("1502" | "P010", _) => said("クレジットカードの有効期限切れです", "the card has expired"),
        ("P022" | "P025" | "P026", _) => said("登録カードが見つかりません", "the registered card was not found"),
        ("2008", _) => said("カード会社との通信がタイムアウトしました", "the card company did not answer in time"),
        ("E001" | "E002" | "9005" | "P017" | "P018", _) => {
            said("ペイジェントが一時的に利用できません", "Paygent is not available for the moment")
        }
        (_, network) => match network_family(network) {
            "02" | "03" | "04" | "05" | "06" | "07" => {
                said("残高または限度額が不足しています", "balance or limit do not suffice")
            }
            "54" | "55" => said("1日の利用限度を超えています", "the limit of the day is exceeded"),
            "12" | "22" | "30" | "56" => said("このカードは利用できません", "this card cannot be used"),
            "60" => said("紛失または盗難の届け出があるカードです", "the card was reported lost or stolen"),
            "61" | "65" => said("カード番号が無効です", "the card number is not valid"),
            "44" => said("セキュリティコードに誤りがあります", "the security code is wrong"),
            "83" => said("クレジットカードの有効期限切れです", "the card has expired"),
            _ if network.starts_with("1C") => said("カードネットワークの障害です", "the card network failed"),
            _ => NOT_AUTHORIZED,
        },
    }
}

/// As [`means`], in Japanese.
pub fn meaning(code: &str, detail: &str) -> &'static str {
    means(code, detail).ja
}

/// What was asked of Paygent when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// An authorisation (020).
    Authorization,
    /// A sales confirmation (022).
    Capture,
    /// A lower amount (028).
    Revision,
    /// The cancel of an authorisation (021).
    Void,
    /// The cancel of a sale (023).
    Refund,
    /// Keeping a card (025).
    StoreCard,
    /// Deleting cards (026).
    DeleteCards,
}

/// As [`means`], in the words of what was asked where nothing more is known; without a code Paygent was not reached.
pub fn means_of(asked: Asked, code: &str, detail: &str) -> Meaning {
    match means(code, detail) {
        NOT_AUTHORIZED if code.is_empty() => {
            said("ペイジェントに届かず、実行されていません", "it did not reach Paygent and was not carried out")
        }
        NOT_AUTHORIZED => match asked {
            Asked::Authorization => NOT_AUTHORIZED,
            Asked::Capture => said("売上確定ができませんでした", "the sale could not be confirmed"),
            Asked::Revision => said("取引更新ができませんでした", "the amount could not be updated"),
            Asked::Void => said("オーソリの取消ができませんでした", "the authorisation could not be cancelled"),
            Asked::Refund => said("売上の取消ができませんでした", "the sale could not be cancelled"),
            Asked::StoreCard => said("カードを登録できませんでした", "the card could not be registered"),
            Asked::DeleteCards => said("カードを削除できませんでした", "the cards could not be deleted"),
        },
        known => known,
    }
}

/// The last two characters of `1G..` and `1P..`, which mean the same on both networks.
fn network_family(network: &str) -> &str {
    match network.get(..2) {
        Some("1G" | "1P") => network.get(2..).unwrap_or(""),
        _ => "",
    }
}

/// Whether the same card may be tried again later.
pub fn kind(code: &str, detail: &str) -> DeclineKind {
    match code {
        "2008" | "2016" | "E001" | "E002" | "9005" | "P017" | "P018" => DeclineKind::Soft,
        "1502" | "31001" | "P010" | "P022" | "P025" | "P026" => DeclineKind::Hard,
        _ => {
            let network = network_code(detail);
            match network_family(network) {
                "02" | "03" | "04" | "05" | "06" | "07" | "54" | "55" => DeclineKind::Soft,
                "12" | "22" | "30" | "44" | "56" | "60" | "61" | "65" | "83" => DeclineKind::Hard,
                _ if network.starts_with("1C") => DeclineKind::Soft,
                _ => DeclineKind::Unknown,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_fails_in_its_own_words_and_codes_that_say_more_are_kept() {
        use Asked::{Authorization, Capture, DeleteCards, Refund, Revision, StoreCard, Void};
        let all = [Authorization, Capture, Revision, Void, Refund, StoreCard, DeleteCards];
        let words: std::collections::BTreeSet<_> = all.iter().map(|asked| means_of(*asked, "2004", "").ja).collect();
        assert_eq!(words.len(), all.len());
        for asked in all {
            assert_eq!(means_of(asked, "P010", "").ja, "クレジットカードの有効期限切れです");
            assert_eq!(means_of(asked, "", "no connection").ja, "ペイジェントに届かず、実行されていません");
            assert_eq!(means_of(asked, "2004", "") == NOT_AUTHORIZED, asked == Authorization);
        }
    }

    #[test]
    fn e1_to_e4_every_meaning_is_said_in_both_languages() {
        use Asked::{Authorization, Capture, DeleteCards, Refund, Revision, StoreCard, Void};
        let codes = ["31001", "1502", "P022", "2008", "E001", "2001", ""];
        let details =
            ["", "\"1G02\"", "\"1P55\"", "\"1G12\"", "\"1G60\"", "\"1G61\"", "\"1G44\"", "\"1G83\"", "\"1C50\""];
        for asked in [Authorization, Capture, Revision, Void, Refund, StoreCard, DeleteCards] {
            for (code, detail) in codes.iter().flat_map(|code| details.iter().map(move |detail| (code, detail))) {
                let Meaning { ja, en } = means_of(asked, code, detail);
                assert!(en.is_ascii() && en.contains(' '), "{code} {detail}: {en}");
                assert!(!ja.contains(' ') && !ja.is_ascii(), "{code} {detail}: {ja}");
            }
        }
    }

    #[test]
    fn e1_to_e4_codes_have_a_meaning_and_a_kind() {
        use DeclineKind::{Hard, Soft, Unknown};
        for (code, detail, text, expected) in [
            ("31001", "", "クレジットカード情報に誤りがあります", Hard),
            ("1502", "", "クレジットカードの有効期限切れです", Hard),
            ("P010", "\"card_valid_term\" is not valid", "クレジットカードの有効期限切れです", Hard),
            ("2001", "\"1G02\"", "残高または限度額が不足しています", Soft),
            ("2001", "\"1P55\" text", "1日の利用限度を超えています", Soft),
            ("2001", "\"1G60\"", "紛失または盗難の届け出があるカードです", Hard),
            ("2002", "\"1C50\"", "カードネットワークの障害です", Soft),
            ("2002", "\"2999\"", "オーソリに失敗しました", Unknown),
            ("9999", "", "オーソリに失敗しました", Unknown),
            ("", "限度額", "オーソリに失敗しました", Unknown),
        ] {
            assert_eq!((meaning(code, detail), kind(code, detail)), (text, expected), "{code} {detail}");
        }
    }
}
