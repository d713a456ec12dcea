//! A refused telegram: the code and detail that Paygent answers with.

use std::borrow::Cow;

/// `response_code` and `response_detail` of a telegram that was not done, and the payment it left behind, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Cow<'static, str>,
    pub(crate) detail: String,
    /// The failed payment, named in the reply only under 2003 because only then it may be retried.
    pub(crate) payment_id: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self { code: code.into(), detail: detail.into(), payment_id: None }
    }

    /// A refusal about one parameter: its name in double quotes, then a text.
    pub(crate) fn parameter(code: &'static str, name: &str, text: &str) -> Self {
        Self::new(code, format!("\"{name}\"{text}"))
    }

    pub(crate) fn key_missing(name: &str) -> Self {
        Self::parameter("P005", name, "項目がありません。")
    }

    pub(crate) fn value_missing(name: &str) -> Self {
        Self::parameter("P006", name, "値が設定されていません。")
    }

    pub(crate) fn bad_type(name: &str) -> Self {
        Self::parameter("P008", name, "文字種が正しくありません。")
    }

    pub(crate) fn bad_length(name: &str) -> Self {
        Self::parameter("P009", name, "桁数が正しくありません。")
    }

    pub(crate) fn bad_value(name: &str) -> Self {
        Self::parameter("P010", name, "値が正しくありません。")
    }

    pub(crate) fn card_expired() -> Self {
        Self::parameter("P010", "card_valid_term", "カードの有効期限が切れています。")
    }

    /// A code with a detail of our own making.
    pub(crate) fn code(code: &'static str) -> Self {
        Self::new(code, usual_detail(code))
    }
}

/// A detail to go with a code when nobody gave one.
pub(crate) fn usual_detail(code: &str) -> &'static str {
    match code {
        "P001" => "認証情報がありません。",
        "P002" => "認証情報が正しくありません。",
        "P003" => "電文バージョンが正しくありません。",
        "P004" => "電文種別と接続先が一致しません。",
        "P016" => "クライアント証明書が正しくありません。",
        "P017" => "メンテナンス中です。",
        "P018" => "現在ご利用いただけません。",
        "P021" | "P024" => "カード情報お預りの契約がありません。",
        "P022" | "P025" | "P026" => "カード情報がありません。",
        "P023" => "カード情報の登録数が上限に達しています。",
        "P029" => "減額の契約がありません。",
        "P030" => "支払区分が許可されていません。",
        "P063" => "3Dセキュアの契約がありません。",
        "E001" => "システムエラーが発生しました。",
        "E002" => "アクセスが集中しています。",
        "9004" => "差分照会が実行中です。",
        "9005" => "他の処理が実行中です。",
        "2001" => "\"1G12\"",
        "2002" => "\"2999\"",
        "2003" => "\"1G61\"",
        "2004" => "決済ステータスが正しくありません。",
        "2005" => "マーチャント取引IDに該当する決済が複数あります。",
        "2006" => "該当する決済がありません。",
        "2007" => "処理可能な期間を過ぎています。",
        "2008" => "\"1C50\"",
        "2009" => "参照する決済を利用できません。",
        "2013" => "減額になっていません。",
        "2014" => "3Dセキュアの決済です。",
        "2020" => "トークンの有効期限が切れています。",
        "2021" => "トークンがありません。",
        "2022" => "トークンは使用済みです。",
        "2023" => "カード番号は使用できません。",
        "13001" => "該当する決済がありません。",
        "13002" => "該当する決済が複数あります。",
        "31008" | "31009" => "3Dセキュアの利用区分と認証IDが一致しません。",
        "31011" => "3Dセキュアの認証IDがありません。",
        _ => "",
    }
}
