//! Shop settings: every event in words. Secrets are named, never shown.

use super::words::{method, sale_mode};
use teiki_domain::money::Yen;
use teiki_domain::shop_settings::ShopSettingsEvent as Event;

pub(super) fn text(event: &Event) -> String {
    match event {
        Event::ShopOpened { shop_id, name } => format!("店舗を開設: {shop_id} {name}"),
        Event::ConnectionChanged { merchant_id, connect_id, .. } => format!(
            "接続設定を変更: マーチャントID {merchant_id}、接続ID {connect_id}、接続パスワードとトークン生成鍵(非表示)"
        ),
        Event::SaleModeChanged { sale_mode: mode } => format!("同時売上フラグを変更: {}", sale_mode(*mode)),
        Event::InstalmentsChanged { allowed, note } => {
            format!("分割払い(都度購入)を変更: {}、注記「{note}」", on(*allowed))
        }
        Event::ApplicabilityChanged { min, max } => {
            format!(
                "適用条件を変更: 商品金額 {}",
                range(min.map(|yen| yen.to_string()), max.map(|yen: Yen| yen.to_string()))
            )
        }
        Event::UseForSubscriptionsChanged { enabled } => format!("定期購入での利用を変更: {}", on(*enabled)),
        Event::AuthorizeAtGenerationChanged { enabled } => format!("与信の同時実行を変更: {}", on(*enabled)),
        Event::PaymentMethodsChanged { methods } => {
            let names: Vec<_> = methods.iter().map(method).collect();
            let names = if names.is_empty() { "なし".to_owned() } else { names.join("、") };
            format!("定期購入の支払方法を変更: {names}")
        }
        Event::CardExpiryMailsChanged { automatic } => {
            format!("カード有効期限メールの自動送信を変更: {}", on(*automatic))
        }
        Event::LeadTimeChanged { days } => format!("受注一覧への反映タイミングを変更: 配送日の {days} 日前"),
        Event::ContractPeriodChanged { start, end } => {
            format!("契約期間を変更: {}", range(start.map(|day| day.to_string()), end.map(|day| day.to_string())))
        }
        Event::AuthorizationValidityChanged { days, warn_days } => {
            format!("オーソリの有効期間を変更: {days} 日、警告は最終日の {warn_days} 日前から")
        }
        Event::RetryPolicyChanged { policy } => {
            let ladder: Vec<_> = policy.ladder.iter().map(|days| format!("{days}日後")).collect();
            let ladder = if ladder.is_empty() { "なし".to_owned() } else { ladder.join("、") };
            format!("再オーソリの規則を変更: 自動再試行 {ladder}、カード変更時 {}", on(policy.on_card_change))
        }
        Event::NoticeKeyChanged { notice_key } => match notice_key {
            Some(_) => "差分通知の鍵を変更(非表示)".to_owned(),
            None => "差分通知の鍵を削除: 通知は受信せず取得します".to_owned(),
        },
    }
}

fn on(on: bool) -> &'static str {
    if on { "する" } else { "しない" }
}

fn range(from: Option<String>, to: Option<String>) -> String {
    match (from, to) {
        (None, None) => "制限なし".to_owned(),
        (from, to) => format!("{} 〜 {}", from.unwrap_or_default(), to.unwrap_or_default()),
    }
}
