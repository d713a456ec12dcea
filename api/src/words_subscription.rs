//! Subscriptions in words, in both languages of the pages: states, what is refused and why, what will be charged.

use crate::console::Language;
use crate::subscriptions::StartError;
use crate::words;
use teiki_domain::applicability::NotExecutedReason;
use teiki_domain::basket::{BasketError, Charge};
use teiki_domain::delivery_cycle::DeliveryCycle;
use teiki_domain::payment_method::PaymentMethod;
use teiki_domain::shop_settings::ShopSettingsRefusal;
use teiki_domain::subscription::SubscriptionRefusal as Refusal;

/// Where a subscription stands, from its stable name.
pub(crate) fn status(language: Language, code: &str) -> &'static str {
    match code {
        "running" => language.t("継続中", "running"),
        "paused" => language.t("休止中", "paused"),
        "ended" => language.t("終了", "ended"),
        _ => language.t("不明な状態", "unknown"),
    }
}

/// A delivery cycle (R3).
pub(crate) fn cycle(language: Language, cycle: DeliveryCycle) -> String {
    match language {
        Language::Japanese => cycle.describe_ja(),
        Language::English => cycle.describe_en(),
    }
}

/// A delivery cycle from its stored text; the text itself where it cannot be read.
pub(crate) fn cycle_text(language: Language, text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), |read| cycle(language, read))
}

/// How orders are paid.
pub(crate) fn method(language: Language, method: &PaymentMethod) -> String {
    match method {
        PaymentMethod::Card => language.t("クレジットカード", "card").to_owned(),
        PaymentMethod::External { name } => name.clone(),
    }
}

/// How orders are paid, from the text of the tables.
pub(crate) fn method_text(language: Language, text: &str) -> String {
    match text.strip_prefix("external:") {
        Some(name) => name.to_owned(),
        None => method(language, &PaymentMethod::Card),
    }
}

/// Shipping or fee.
pub(crate) fn charge(language: Language, charge: Charge) -> String {
    match charge {
        Charge::Fixed(yen) => yen.to_string(),
        Charge::ToBeQuoted => language.t("別途連絡", "to be quoted").to_owned(),
    }
}

/// Why no authorisation will be tried (R5).
pub(crate) fn not_executed(language: Language, reason: &NotExecutedReason) -> String {
    if language == Language::Japanese {
        return reason.to_string();
    }
    let text = match reason {
        NotExecutedReason::AuthorizeAtGenerationOff => "authorisation at generation is switched off",
        NotExecutedReason::GoodsAmountOutOfRange { .. } => "the goods amount is outside the applicability condition",
        NotExecutedReason::AmountToBeQuoted => "shipping or fee is to be quoted",
        NotExecutedReason::OutsideContractPeriod => "the day is outside the contract period with Paygent",
        NotExecutedReason::NoStoredCard => "the member has no card on record",
        NotExecutedReason::NothingToPay => "there is nothing to pay",
        NotExecutedReason::PaymentMethodChanged => "the payment method was changed since",
    };
    text.to_owned()
}

/// Why a payment to come will likely fail, from its stable name.
pub(crate) fn risk(language: Language, code: &str) -> &'static str {
    match (language, code) {
        (Language::Japanese, code) => words::risk(code),
        (Language::English, "card_expired") => "the card will have expired",
        (Language::English, "previous_order_failed") => "the previous order failed on the same card",
        (Language::English, _) => "unknown",
    }
}

/// Whether a card is about to expire or has expired (K).
pub(crate) fn card_standing(language: Language, close: bool) -> &'static str {
    language.t(words::card_standing(close), if close { "expires soon" } else { "expired" })
}

/// Why something cannot be done with a subscription.
pub(crate) fn refusal(language: Language, refusal: &Refusal) -> String {
    if language == Language::English {
        return refusal.to_string();
    }
    match refusal {
        Refusal::DoesNotExist => "この定期購入はありません。番号を確認してください".to_owned(),
        Refusal::NumberTaken => "この定期購入番号は、ほかの定期購入で使われています".to_owned(),
        Refusal::StartPrevented => "この定期購入番号は使えません。新しい番号で登録してください".to_owned(),
        Refusal::Started => "この定期購入はすでに始まっています".to_owned(),
        Refusal::Ended => "この定期購入は終了しています".to_owned(),
        Refusal::Paused => "休止中です。先に再開してください".to_owned(),
        Refusal::NotPaused => "休止中ではありません".to_owned(),
        Refusal::NoNextDate => "次回の予定がありません。配送サイクルを変更してください".to_owned(),
        Refusal::NotTheNext { date, next } => {
            format!("次回の配送日は {next} です。{date} ではないため、お休みにできません")
        }
        Refusal::NotDue(date) => format!("次回受注反映日は {date} です"),
        Refusal::TooEarly { date, earliest } => {
            format!("{date} は配送日にできません。{earliest} 以降の日付を入力してください")
        }
        Refusal::TooLate { date, latest } => {
            format!("{date} は配送日にできません。{latest} 以前の日付を入力してください")
        }
        Refusal::BeyondCalendar(date) => format!("{date} より後に、この配送サイクルの日付がありません"),
    }
}

/// Why the settings of the shop do not allow a payment method (S12, S14).
fn settings(refusal: &ShopSettingsRefusal) -> String {
    match refusal {
        ShopSettingsRefusal::CardNotOffered => {
            "クレジットカードを定期購入で利用する設定になっていません。設定を確認してください".to_owned()
        }
        ShopSettingsRefusal::MethodNotAllowed => "定期購入で利用できる支払方法ではありません".to_owned(),
        other => other.to_string(),
    }
}

/// Why a subscription cannot be started or paid in some way; none where the store is to blame.
pub(crate) fn start_error(language: Language, error: &StartError) -> Option<String> {
    use crate::command_gateway::CommandError;
    let japanese = match error {
        StartError::Settings(error) => settings(error),
        StartError::NotReady { missing, .. } => {
            format!("定期購入の販売準備ができていません(未設定 {} 件)。設定を確認してください", missing.len())
        }
        StartError::NoSuchMember(member) => format!("会員 {member} は登録されていません"),
        StartError::NoCard(member) => format!("会員 {member} のカードが登録されていません"),
        StartError::Erased(member) => format!("会員 {member} の個人情報は削除されています"),
        StartError::OtherShop => "定期購入と会員のショップが違います".to_owned(),
        StartError::Command(CommandError::Refused(error)) => refusal(Language::Japanese, error),
        StartError::Gate(_)
        | StartError::Shop(_)
        | StartError::Command(_)
        | StartError::Store(_)
        | StartError::Serial(_) => return None,
    };
    Some(if language == Language::English { error.to_string() } else { japanese })
}

/// Why lines, shipping and fee cannot be.
pub(crate) fn basket_error(language: Language, error: &BasketError) -> String {
    if language == Language::English {
        return error.to_string();
    }
    match error {
        BasketError::LineCount(0) => "商品を1つ以上入力してください".to_owned(),
        BasketError::LineCount(count) => format!("商品は100行までです(入力 {count} 行)"),
        BasketError::Text { line, field } => {
            let field = if *field == "name" { "商品名" } else { "商品コード" };
            format!("{line}行目の{field}は、1〜200文字で入力してください")
        }
        BasketError::Quantity { line, .. } => format!("{line}行目の数量は、1〜9999で入力してください"),
        BasketError::Tax { line, .. } => format!("{line}行目の税率は、0、8、10のいずれかです"),
        BasketError::Money(_) => "金額が大きすぎます".to_owned(),
        BasketError::AboveLargestPayment(total) => {
            format!("合計 {total} は、1回のお支払いの上限 9,999,999円を超えています")
        }
    }
}
