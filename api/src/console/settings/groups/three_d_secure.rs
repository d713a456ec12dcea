//! 3Dセキュア 2.0 ⑧-⑪ (S6).

use super::super::field::{Field, Kind};
use super::super::reader::Reader;
use crate::console::Language;
use crate::history::words_shop::attempt;
use teiki_domain::shop_settings::{AttemptControl, Details, ShopSettingsCommand as Command, ThreeDSecure};

pub(super) fn fields(shop: &Details, l: Language) -> Vec<Field> {
    let now = &shop.three_d_secure;
    let uses = vec![("", l.t("利用しない", "do not use")), ("1", l.t("利用する", "use"))];
    let english = |control: AttemptControl| match control {
        AttemptControl::Low => "low (authorise always)",
        AttemptControl::Medium => "medium (only fully authenticated)",
        AttemptControl::High => "high (never authorise an attempt)",
    };
    let controls = AttemptControl::ALL.map(|control| (control.as_str(), l.t(attempt(control), english(control))));
    vec![
        Field::new(
            "enabled",
            l.t("⑧ 3Dセキュア 2.0(本人認証)の利用", "⑧ Use"),
            Kind::Choice(uses),
            if now.enabled { "1" } else { "" },
        )
        .hint(l.t("契約の画面で導入オプションを記録すると利用できます", "needs the contract option on record")),
        Field::new(
            "merchant_name",
            l.t("⑨ 加盟店名(英字)", "⑨ Merchant name"),
            Kind::Line(25),
            now.merchant_name.clone(),
        )
        .hint(l.t(
            "ペイジェントへ申請した名称と一致しないと、注文手続きがエラーになります",
            "must equal the name registered with Paygent",
        )),
        Field::secret(
            "hash_key",
            l.t("⑩ 3Dセキュア結果受付ハッシュ鍵", "⑩ Result-reception hash key"),
            now.hash_key.is_some(),
        )
        .hint(l.t("変更しないときは空のままにしてください", "leave empty to keep it")),
        Field::new(
            "attempt_control",
            l.t("⑪ Attemptオーソリ制御区分", "⑪ Attempt authorisation control"),
            Kind::Choice(controls.to_vec()),
            now.attempt_control.as_str(),
        )
        .hint(l.t("どの設定が最適かはペイジェントへご確認ください", "ask Paygent which suits you")),
    ]
}

pub(super) fn commands(read: &mut Reader<'_>, shop: &Details) -> Vec<(&'static str, Command)> {
    let typed = read.line("attempt_control");
    let control = AttemptControl::ALL.into_iter().find(|control| control.as_str() == typed);
    if control.is_none() {
        read.fail("attempt_control", "いずれかを選択してください", "choose one of them");
    }
    let new = ThreeDSecure {
        enabled: read.switch("enabled"),
        merchant_name: read.line("merchant_name"),
        hash_key: read.secret("hash_key", shop.three_d_secure.hash_key.as_ref()),
        attempt_control: control.unwrap_or_default(),
    };
    vec![("enabled", Command::ChangeThreeDSecure(new))]
}
