//! 準備チェック (S1): each missing item named, and where it is put right.

use super::groups::Group;
use crate::console::Language;
use crate::history::words_shop::shop_text;
use teiki_domain::shop_settings::{Missing, ShopText};

/// One item of the checklist.
pub(crate) struct Item {
    /// What it is.
    pub(crate) text: &'static str,
    /// Where it is put right.
    pub(crate) href: String,
    /// Whether it is there.
    pub(crate) done: bool,
}

/// The whole checklist, what is missing marked.
pub(super) fn items(missing: &[Missing], language: Language) -> Vec<Item> {
    let item = |item: Missing| Item { text: text(item, language), href: href(item), done: !missing.contains(&item) };
    Missing::ALL.into_iter().map(item).collect()
}

fn text(item: Missing, l: Language) -> &'static str {
    match item {
        Missing::Connection => l.t("ペイジェントの接続設定を入力", "Connection to Paygent entered"),
        Missing::NormalPurchase => l.t("通常購入できることを確認", "A normal purchase was tried and works"),
        Missing::SubscriptionsOption => {
            l.t("定期購入で利用できる契約を確認", "Contract option for subscriptions on record")
        }
        Missing::CardVaultOption => {
            l.t("カードお預かり機能の契約を確認", "Contract option for the card vault on record")
        }
        Missing::Text(text @ ShopText::LegalNotice) => l.t(shop_text(text), "Legal notice"),
        Missing::Text(text @ ShopText::PrivacyPolicy) => l.t(shop_text(text), "Privacy policy"),
        Missing::Text(text @ ShopText::MemberTerms) => l.t(shop_text(text), "Member terms"),
        Missing::Text(text @ ShopText::ShippingGuide) => l.t(shop_text(text), "Shipping guide"),
        Missing::Product => l.t("定期購入の商品を登録", "A product on sale"),
        Missing::UseForSubscriptions => l.t("定期購入でカード決済を利用", "Cards used for subscriptions"),
        Missing::CardLinking => l.t("クレジットカードを会員に紐づけ", "Cards linked to members"),
        Missing::PaymentMethods => l.t("定期購入で対応する支払方法を選択", "Payment methods for subscriptions chosen"),
        Missing::DeliveryCycles => l.t("配送サイクルを設定", "Delivery cycles on offer"),
        Missing::LeadTime => l.t("受注一覧への反映タイミングを設定", "Order-generation lead time set"),
        Missing::CartPages => l.t("カート画面の設定を確認して保存", "Settings of the cart's pages looked at and saved"),
        Missing::MyPage => l.t("会員マイページの設定を確認して保存", "Settings of the my-page looked at and saved"),
    }
}

fn href(item: Missing) -> String {
    let (group, field) = match item {
        Missing::Product => return "/products".to_owned(),
        Missing::Connection => (Group::Connection, "merchant_id"),
        Missing::NormalPurchase => (Group::Contract, "normal_purchase"),
        Missing::SubscriptionsOption => (Group::Contract, "option_subscriptions"),
        Missing::CardVaultOption => (Group::Contract, "card_vault"),
        Missing::Text(text) => (Group::Texts, text.as_str()),
        Missing::UseForSubscriptions => (Group::Subscriptions, "use_for_subscriptions"),
        Missing::CardLinking => (Group::Subscriptions, "card_linking"),
        Missing::PaymentMethods => (Group::Subscriptions, "card"),
        Missing::DeliveryCycles => (Group::Subscriptions, "cycles"),
        Missing::LeadTime => (Group::Subscriptions, "lead_days"),
        Missing::CartPages => (Group::Design, "cart_upper"),
        Missing::MyPage => (Group::Design, "comment"),
    };
    format!("/settings/{}#{field}", group.path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use teiki_domain::cqrs::Decide as _;
    use teiki_domain::shop_settings::{ShopSettings, ShopSettingsEvent};

    #[test]
    fn s1_every_item_leads_to_a_field_that_is_there() {
        let mut shop = ShopSettings::default();
        shop.apply(&ShopSettingsEvent::ShopOpened { shop_id: "02396".parse().unwrap(), name: "菓子店".to_owned() });
        let shop = shop.details().unwrap();
        let mut hrefs = BTreeSet::new();
        for item in items(&Missing::ALL, Language::Japanese) {
            assert!(!item.done && hrefs.insert(item.href.clone()), "{}", item.href);
            let Some((path, field)) = item.href.strip_prefix("/settings/").and_then(|rest| rest.split_once('#')) else {
                assert_eq!(item.href, "/products");
                continue;
            };
            let group = Group::at(path).unwrap();
            let fields = group.fields(shop, Language::Japanese);
            assert!(fields.iter().any(|known| known.name == field), "{}", item.href);
        }
        assert_eq!(hrefs.len(), Missing::ALL.len());
    }

    #[test]
    fn every_field_of_every_form_has_a_name_of_its_own_and_texts_in_both_languages() {
        let mut shop = ShopSettings::default();
        shop.apply(&ShopSettingsEvent::ShopOpened { shop_id: "02396".parse().unwrap(), name: "菓子店".to_owned() });
        let shop = shop.details().unwrap();
        for group in Group::ALL {
            assert_eq!(Group::at(group.path()), Some(group));
            let (japanese, english) = (group.fields(shop, Language::Japanese), group.fields(shop, Language::English));
            let names: BTreeSet<_> = japanese.iter().map(|field| field.name).collect();
            assert_eq!(names.len(), japanese.len(), "{group:?}");
            for (japanese, english) in japanese.iter().zip(&english) {
                assert_ne!(japanese.label, english.label, "{}", japanese.name);
                let written = |text: &str| text.chars().any(|c| matches!(c, 'ぁ'..='ヿ' | '一'..='鿿'));
                assert!(!written(english.label), "{}", english.label);
            }
        }
    }
}
