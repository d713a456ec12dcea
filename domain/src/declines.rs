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

/// Short Japanese text for a code and detail of Paygent, for the red box (O19). Paygent's own text stands beside it.
pub fn meaning(code: &str, detail: &str) -> &'static str {
    match (code, network_code(detail)) {
        ("31001", _) => "クレジットカード情報に誤りがあります",
        ("1502" | "P010", _) => "クレジットカードの有効期限切れです",
        ("P022" | "P025" | "P026", _) => "登録カードが見つかりません",
        ("2008", _) => "カード会社との通信がタイムアウトしました",
        ("E001" | "E002" | "9005" | "P017" | "P018", _) => "ペイジェントが一時的に利用できません",
        (_, network) => match network_family(network) {
            "02" | "03" | "04" | "05" | "06" | "07" => "残高または限度額が不足しています",
            "54" | "55" => "1日の利用限度を超えています",
            "12" | "22" | "30" | "56" => "このカードは利用できません",
            "60" => "紛失または盗難の届け出があるカードです",
            "61" | "65" => "カード番号が無効です",
            "44" => "セキュリティコードに誤りがあります",
            "83" => "クレジットカードの有効期限切れです",
            _ if network.starts_with("1C") => "カードネットワークの障害です",
            _ => NOT_AUTHORIZED,
        },
    }
}

/// Said of an authorisation where nothing more is known.
const NOT_AUTHORIZED: &str = "オーソリに失敗しました";

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

/// As [`meaning`], in the words of what was asked where nothing more is known; without a code Paygent was not reached.
pub fn meaning_of(asked: Asked, code: &str, detail: &str) -> &'static str {
    match meaning(code, detail) {
        NOT_AUTHORIZED if code.is_empty() => "ペイジェントに届かず、実行されていません",
        NOT_AUTHORIZED => match asked {
            Asked::Authorization => NOT_AUTHORIZED,
            Asked::Capture => "売上確定ができませんでした",
            Asked::Revision => "取引更新ができませんでした",
            Asked::Void => "オーソリの取消ができませんでした",
            Asked::Refund => "売上の取消ができませんでした",
            Asked::StoreCard => "カードを登録できませんでした",
            Asked::DeleteCards => "カードを削除できませんでした",
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
        let words: std::collections::BTreeSet<_> = all.iter().map(|asked| meaning_of(*asked, "2004", "")).collect();
        assert_eq!(words.len(), all.len());
        for asked in all {
            assert_eq!(meaning_of(asked, "P010", ""), "クレジットカードの有効期限切れです");
            assert_eq!(meaning_of(asked, "", "no connection"), "ペイジェントに届かず、実行されていません");
            assert_eq!(meaning_of(asked, "2004", "") == NOT_AUTHORIZED, asked == Authorization);
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
