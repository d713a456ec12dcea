//! Shop settings: every event in words. Secrets are named, never shown.

use super::words::{method, sale_mode};
use teiki_domain::money::Yen;
use teiki_domain::shop_settings::{
    AccountChange, AttemptControl, ShopSettingsEvent as Event, ShopText, WaybillCarrier,
};

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
        Event::ShopRenamed { name } => format!("店舗名を変更: {name}"),
        Event::ShopProfileChanged { profile } => format!(
            "店舗情報を変更: 〒{} {} 電話 {} メール {} サイト {} マイページ {}",
            profile.postal_code, profile.address, profile.phone, profile.mail, profile.site_url, profile.my_page_url
        ),
        Event::MailSenderChanged { sender } => format!(
            "メールの差出人を変更: 差出人名 {}、控えの送り先 {}",
            sender.from_name.as_deref().unwrap_or("店舗名"),
            if sender.copies.is_empty() {
                "店舗のメールアドレス".to_owned()
            } else {
                sender.copies.join("、")
            }
        ),
        Event::InvoiceIssuerChanged { issuer } => format!(
            "請求書の発行者を変更: {}、登録番号 {}",
            if issuer.issuer_name.is_empty() { "店舗名" } else { &issuer.issuer_name },
            issuer.registration_number.as_deref().unwrap_or("なし")
        ),
        Event::WaybillCarrierChanged { carrier } => format!("送り状の運送会社を変更: {}", carrier_name(*carrier)),
        Event::ContractOptionsChanged { options } => format!(
            "ペイジェントの契約内容を記録: 定期購入 {}、カードお預かり {}、3Dセキュア {}",
            has(options.subscriptions),
            has(options.card_vault),
            has(options.three_d_secure)
        ),
        Event::NormalPurchaseConfirmed { works: true } => "通常購入できることを確認".to_owned(),
        Event::NormalPurchaseConfirmed { works: false } => "通常購入の確認を取り消し".to_owned(),
        Event::ThreeDSecureChanged { enabled, merchant_name, attempt_control, .. } => format!(
            "3Dセキュア2.0を変更: {}、加盟店名(英字)「{merchant_name}」、ハッシュ鍵(非表示)、Attemptオーソリ制御 {}",
            if *enabled { "利用する" } else { "利用しない" },
            attempt(*attempt_control)
        ),
        Event::CardLinkingChanged { enabled } => format!("クレジットカード紐づけを変更: {}", on(*enabled)),
        Event::DisplayNameChanged { display_name } => format!("支払方法の名称を変更: {display_name}"),
        Event::PaymentNotesChanged { notes } => format!(
            "支払方法の注意書きを変更:「{}」、支払方法画面 {}、サンクスメール {}",
            notes.text,
            on(notes.on_payment_page),
            on(notes.in_thanks_mail)
        ),
        Event::PaymentLogoChanged { logo: Some(logo) } => {
            format!("決済サービスロゴを変更: {} ({})", logo.image, logo.alt)
        }
        Event::PaymentLogoChanged { logo: None } => "決済サービスロゴを削除(画像とALT属性)".to_owned(),
        Event::ShopTextChanged { page, text } => {
            format!("{}を変更: {} 文字", shop_text(*page), text.chars().count())
        }
        Event::DeliveryCyclesChanged { cycles } => {
            let cycles: Vec<_> = cycles.iter().map(|cycle| cycle.describe_ja()).collect();
            let cycles = if cycles.is_empty() { "なし".to_owned() } else { cycles.join("、") };
            format!("配送サイクルを変更: {cycles}")
        }
        Event::CartTextsChanged { .. } => "カート画面のコメントを変更".to_owned(),
        Event::CartDesignChanged { design } => format!(
            "カート画面のデザインを変更: 基本色 {}、背景色 {}、ロゴ {}",
            design.main_color,
            design.background_color,
            design.logo.as_ref().map_or("なし", |logo| &logo.image)
        ),
        Event::MyPageChanged { .. } => "会員マイページの設定を変更".to_owned(),
        Event::ShopWorkReleased { work, subject } => format!("{}: {subject}", super::words::released(work)),
        Event::AccountChanged { operator_id, change } => match change {
            AccountChange::Created { role } => format!("アカウントを作成: {operator_id} ({})", role_name(role)),
            AccountChange::Changed { role } => format!("アカウントを変更: {operator_id} ({})", role_name(role)),
            AccountChange::PasswordChanged => format!("アカウントのパスワードを変更: {operator_id}"),
            AccountChange::Disabled => format!("アカウントを停止: {operator_id}"),
            AccountChange::Enabled => format!("アカウントの停止・ロックを解除: {operator_id}"),
        },
    }
}

/// A carrier's name as people write it.
pub(crate) fn carrier_name(carrier: WaybillCarrier) -> &'static str {
    match carrier {
        WaybillCarrier::Yamato => "ヤマト運輸",
        WaybillCarrier::Sagawa => "佐川急便",
        WaybillCarrier::JapanPost => "日本郵便",
    }
}

/// Attemptオーソリ制御区分 (S6) in the manual's words.
pub(crate) fn attempt(control: AttemptControl) -> &'static str {
    match control {
        AttemptControl::Low => "セキュリティ低(全て実施)",
        AttemptControl::Medium => "セキュリティ中(正常時のみ実施)",
        AttemptControl::High => "セキュリティ高(全て実施しない)",
    }
}

/// A text every shop must show (S1), by its heading.
pub(crate) fn shop_text(text: ShopText) -> &'static str {
    match text {
        ShopText::LegalNotice => "特定商取引法に基づく表記",
        ShopText::PrivacyPolicy => "個人情報保護方針",
        ShopText::MemberTerms => "会員規約",
        ShopText::ShippingGuide => "送料案内",
    }
}

fn role_name(role: &str) -> &str {
    match role {
        "manager" => "管理者",
        "operator" => "担当者",
        "auditor" => "監査",
        other => other,
    }
}

fn has(has: bool) -> &'static str {
    if has { "あり" } else { "なし" }
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
