//! Shop settings: every event in words. Secrets are named, never shown.

use super::words::{method, said, sale_mode};
use crate::console::Language;
use crate::words_subscription::cycle as rhythm;
use teiki_domain::money::Yen;
use teiki_domain::shop_settings::{
    AccountChange, AttemptControl, ShopSettingsEvent as Event, ShopText, WaybillCarrier,
};

pub(super) fn text(l: Language, event: &Event) -> String {
    let on = |on: bool| if on { l.t("する", "yes") } else { l.t("しない", "no") };
    let has = |has: bool| if has { l.t("あり", "yes") } else { l.t("なし", "no") };
    let shown = |what: &dyn std::fmt::Display| what.to_string();
    match event {
        Event::ShopOpened { shop_id, name } => {
            said!(l, "店舗を開設: {shop_id} {name}", "Shop opened: {shop_id} {name}")
        }
        Event::ConnectionChanged { merchant_id, connect_id, .. } => said!(
            l,
            "接続設定を変更: マーチャントID {merchant_id}、接続ID {connect_id}、接続パスワードとトークン生成鍵(非表示)",
            "Connection changed: merchant ID {merchant_id}, connect ID {connect_id}, connect password and token key (not \
             shown)"
        ),
        Event::SaleModeChanged { sale_mode: mode } => {
            let mode = sale_mode(l, *mode);
            said!(l, "同時売上フラグを変更: {mode}", "Simultaneous sale changed: {mode}")
        }
        Event::InstalmentsChanged { allowed, note } => {
            let allowed = on(*allowed);
            said!(
                l,
                "分割払い(都度購入)を変更: {allowed}、注記「{note}」",
                "Instalments (single purchases): {allowed}, note “{note}”"
            )
        }
        Event::ApplicabilityChanged { min, max } => {
            let range = range(l, min.map(|yen| yen.to_string()), max.map(|yen: Yen| yen.to_string()));
            said!(l, "適用条件を変更: 商品金額 {range}", "Applicability changed: goods amount {range}")
        }
        Event::UseForSubscriptionsChanged { enabled } => {
            let enabled = on(*enabled);
            said!(l, "定期購入での利用を変更: {enabled}", "Use for subscriptions: {enabled}")
        }
        Event::AuthorizeAtGenerationChanged { enabled } => {
            let enabled = on(*enabled);
            said!(l, "与信の同時実行を変更: {enabled}", "Authorising when the order is made: {enabled}")
        }
        Event::PaymentMethodsChanged { methods } => {
            let names = list(l, methods.iter().map(|known| method(l, known)).collect());
            said!(l, "定期購入の支払方法を変更: {names}", "Payment methods of subscriptions changed: {names}")
        }
        Event::CardExpiryMailsChanged { automatic } => {
            let automatic = on(*automatic);
            said!(
                l,
                "カード有効期限メールの自動送信を変更: {automatic}",
                "Card expiry mails by themselves: {automatic}"
            )
        }
        Event::LeadTimeChanged { days } => said!(
            l,
            "受注一覧への反映タイミングを変更: 配送日の {days} 日前",
            "Orders are made {days} days before their delivery"
        ),
        Event::ContractPeriodChanged { start, end } => {
            let range = range(l, start.map(|day| day.to_string()), end.map(|day| day.to_string()));
            said!(l, "契約期間を変更: {range}", "Contract period changed: {range}")
        }
        Event::AuthorizationValidityChanged { days, warn_days } => said!(
            l,
            "オーソリの有効期間を変更: {days} 日、警告は最終日の {warn_days} 日前から",
            "Authorisations are good for {days} days; the warning begins {warn_days} days before the last"
        ),
        Event::RetryPolicyChanged { policy } => {
            let step = |days: &u16| said!(l, "{days}日後", "after {days} days");
            let (ladder, card) = (list(l, policy.ladder.iter().map(step).collect()), on(policy.on_card_change));
            said!(
                l,
                "再オーソリの規則を変更: 自動再試行 {ladder}、カード変更時 {card}",
                "Attempts by plan changed: {ladder}; after a card change: {card}"
            )
        }
        Event::NoticeKeyChanged { notice_key: Some(_) } => {
            l.t("差分通知の鍵を変更(非表示)", "Key of the notices changed (not shown)").to_owned()
        }
        Event::NoticeKeyChanged { notice_key: None } => l
            .t(
                "差分通知の鍵を削除: 通知は受信せず取得します",
                "Key of the notices removed: notices are fetched, not received",
            )
            .to_owned(),
        Event::ShopRenamed { name } => said!(l, "店舗名を変更: {name}", "Shop renamed: {name}"),
        Event::ShopProfileChanged { profile } => {
            let (postal, address, phone) = (&profile.postal_code, &profile.address, &profile.phone);
            let (mail, site, page) = (&profile.mail, &profile.site_url, &profile.my_page_url);
            said!(
                l,
                "店舗情報を変更: 〒{postal} {address} 電話 {phone} メール {mail} サイト {site} マイページ {page}",
                "Shop profile changed: {postal} {address}, phone {phone}, mail {mail}, site {site}, my page {page}"
            )
        }
        Event::MailSenderChanged { sender } => {
            let name = sender.from_name.as_deref().unwrap_or(l.t("店舗名", "the shop's name"));
            let copies = match sender.copies.is_empty() {
                true => l.t("店舗のメールアドレス", "the shop's mail address").to_owned(),
                false => list(l, sender.copies.clone()),
            };
            said!(
                l,
                "メールの差出人を変更: 差出人名 {name}、控えの送り先 {copies}",
                "Sender of mails changed: name {name}, copies to {copies}"
            )
        }
        Event::InvoiceIssuerChanged { issuer } => {
            let name = match issuer.issuer_name.as_str() {
                "" => l.t("店舗名", "the shop's name"),
                name => name,
            };
            let number = issuer.registration_number.as_deref().unwrap_or(l.t("なし", "none"));
            said!(
                l,
                "請求書の発行者を変更: {name}、登録番号 {number}",
                "Issuer of invoices changed: {name}, registration number {number}"
            )
        }
        Event::WaybillCarrierChanged { carrier } => {
            let carrier = match l {
                Language::Japanese => carrier_name(*carrier),
                Language::English => carrier_name_en(*carrier),
            };
            said!(l, "送り状の運送会社を変更: {carrier}", "Carrier of waybills changed: {carrier}")
        }
        Event::ContractOptionsChanged { options } => {
            let (subscriptions, vault, secure) =
                (has(options.subscriptions), has(options.card_vault), has(options.three_d_secure));
            said!(
                l,
                "ペイジェントの契約内容を記録: 定期購入 {subscriptions}、カードお預かり {vault}、3Dセキュア {secure}",
                "Contract with Paygent recorded: subscriptions {subscriptions}, card vault {vault}, 3-D Secure {secure}"
            )
        }
        Event::NormalPurchaseConfirmed { works: true } => {
            l.t("通常購入できることを確認", "Normal purchases confirmed to work").to_owned()
        }
        Event::NormalPurchaseConfirmed { works: false } => {
            l.t("通常購入の確認を取り消し", "Confirmation of normal purchases taken back").to_owned()
        }
        Event::ThreeDSecureChanged { enabled, merchant_name, attempt_control, .. } => {
            let enabled = if *enabled { l.t("利用する", "used") } else { l.t("利用しない", "not used") };
            let control = match l {
                Language::Japanese => attempt(*attempt_control),
                Language::English => attempt_en(*attempt_control),
            };
            said!(
                l,
                "3Dセキュア2.0を変更: {enabled}、加盟店名(英字)「{merchant_name}」、ハッシュ鍵(非表示)、\
                 Attemptオーソリ制御 {control}",
                "3-D Secure 2.0 changed: {enabled}, merchant name “{merchant_name}”, hash key (not shown), attempt control \
                 {control}"
            )
        }
        Event::CardLinkingChanged { enabled } => {
            let enabled = on(*enabled);
            said!(l, "クレジットカード紐づけを変更: {enabled}", "Card linking: {enabled}")
        }
        Event::DisplayNameChanged { display_name } => {
            said!(l, "支払方法の名称を変更: {display_name}", "Name of the payment method changed: {display_name}")
        }
        Event::PaymentNotesChanged { notes } => {
            let (text, page, mail) = (&notes.text, on(notes.on_payment_page), on(notes.in_thanks_mail));
            said!(
                l,
                "支払方法の注意書きを変更:「{text}」、支払方法画面 {page}、サンクスメール {mail}",
                "Notes of the payment method changed: “{text}”, on the payment page: {page}, in the thanks mail: {mail}"
            )
        }
        Event::PaymentLogoChanged { logo: Some(logo) } => {
            let (image, alt) = (&logo.image, &logo.alt);
            said!(l, "決済サービスロゴを変更: {image} ({alt})", "Logo of the payment service changed: {image} ({alt})")
        }
        Event::PaymentLogoChanged { logo: None } => l
            .t("決済サービスロゴを削除(画像とALT属性)", "Logo of the payment service removed (image and ALT text)")
            .to_owned(),
        Event::ShopTextChanged { page, text } => {
            let (page, count) = (
                match l {
                    Language::Japanese => shop_text(*page),
                    Language::English => shop_text_en(*page),
                },
                text.chars().count(),
            );
            said!(l, "{page}を変更: {count} 文字", "{page} changed: {count} characters")
        }
        Event::DeliveryCyclesChanged { cycles } => {
            let cycles = list(l, cycles.iter().map(|cycle| rhythm(l, *cycle)).collect());
            said!(l, "配送サイクルを変更: {cycles}", "Delivery cycles changed: {cycles}")
        }
        Event::CartTextsChanged { .. } => l.t("カート画面のコメントを変更", "Comments of the cart changed").to_owned(),
        Event::CartDesignChanged { design } => {
            let (main, background) = (shown(&design.main_color), shown(&design.background_color));
            let logo = design.logo.as_ref().map_or(l.t("なし", "none"), |logo| &logo.image);
            said!(
                l,
                "カート画面のデザインを変更: 基本色 {main}、背景色 {background}、ロゴ {logo}",
                "Design of the cart changed: main colour {main}, background {background}, logo {logo}"
            )
        }
        Event::MyPageChanged { .. } => {
            l.t("会員マイページの設定を変更", "Settings of the members' page changed").to_owned()
        }
        Event::ShopWorkReleased { work, subject } => format!("{}: {subject}", super::words::released(l, work)),
        Event::AccountChanged { operator_id, change } => match change {
            AccountChange::Created { role } => {
                let role = role_name(l, role);
                said!(l, "アカウントを作成: {operator_id} ({role})", "Account made: {operator_id} ({role})")
            }
            AccountChange::Changed { role } => {
                let role = role_name(l, role);
                said!(l, "アカウントを変更: {operator_id} ({role})", "Account changed: {operator_id} ({role})")
            }
            AccountChange::PasswordChanged => {
                said!(
                    l,
                    "アカウントのパスワードを変更: {operator_id}",
                    "Password of the account changed: {operator_id}"
                )
            }
            AccountChange::Disabled => said!(l, "アカウントを停止: {operator_id}", "Account disabled: {operator_id}"),
            AccountChange::Enabled => {
                said!(l, "アカウントの停止・ロックを解除: {operator_id}", "Account opened again: {operator_id}")
            }
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

/// A carrier's name in English.
pub(crate) fn carrier_name_en(carrier: WaybillCarrier) -> &'static str {
    match carrier {
        WaybillCarrier::Yamato => "Yamato Transport",
        WaybillCarrier::Sagawa => "Sagawa Express",
        WaybillCarrier::JapanPost => "Japan Post",
    }
}

fn attempt_en(control: AttemptControl) -> &'static str {
    match control {
        AttemptControl::Low => "low (all are carried out)",
        AttemptControl::Medium => "medium (carried out when sound)",
        AttemptControl::High => "high (none is carried out)",
    }
}

fn shop_text_en(text: ShopText) -> &'static str {
    match text {
        ShopText::LegalNotice => "Legal notice",
        ShopText::PrivacyPolicy => "Privacy policy",
        ShopText::MemberTerms => "Member terms",
        ShopText::ShippingGuide => "Shipping guide",
    }
}

fn role_name(l: Language, role: &str) -> &str {
    match role {
        "manager" => l.t("管理者", "manager"),
        "operator" => l.t("担当者", "operator"),
        "auditor" => l.t("監査", "auditor"),
        other => other,
    }
}

fn list(l: Language, names: Vec<String>) -> String {
    if names.is_empty() { l.t("なし", "none").to_owned() } else { names.join(l.t("、", ", ")) }
}

fn range(l: Language, from: Option<String>, to: Option<String>) -> String {
    match (from, to) {
        (None, None) => l.t("制限なし", "no limit").to_owned(),
        (from, to) => format!("{} 〜 {}", from.unwrap_or_default(), to.unwrap_or_default()),
    }
}
