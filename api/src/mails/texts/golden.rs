//! What each mail says, word for word: `UPDATE_GOLDEN=1 cargo test -p teiki --lib mails` renews the files.

use super::order_confirmation::OrderFacts;
use super::{card_changed, card_expiry, card_expiry_list, delivery_notice, order_confirmation, thanks};
use crate::mails::Letter;
use crate::mails::shop_profile::ShopProfile;
use std::path::Path;
use teiki_domain::basket::{Basket, Charge, Line};
use teiki_domain::card_expiry::ExpiryStanding;
use teiki_domain::ids::{MemberId, OrderId, SubscriptionId};
use teiki_domain::member::StoredCard;
use teiki_domain::money::Yen;
use teiki_domain::payment_method::PaymentMethod;
use teiki_projections::card_expiry_table::AffectedRow;

fn shop() -> ShopProfile {
    ShopProfile {
        name: "テストの店".into(),
        from_name: "テストの店 受付".into(),
        address: "〒100-0001 東京都千代田区千代田1-1".into(),
        mail: "shop@example.jp".into(),
        phone: "03-0000-0000".into(),
        site: "https://shop.example.jp/".into(),
        my_page: "https://shop.example.jp/mypage/".into(),
        payment_name: "クレジットカード決済".into(),
        thanks_note: "ご請求名は「テストノミセ」となります。\nカードの変更は会員マイページから承ります。".into(),
    }
}

fn basket() -> Basket {
    let line = |name: &str, price, quantity, tax_percent| Line {
        product: "C-1".into(),
        name: name.into(),
        unit_price: Yen::new(price).unwrap(),
        quantity,
        tax_percent,
    };
    let lines = vec![line("クッキーの定期便", 1_980, 2, 8), line("珈琲カップ", 1_100, 1, 10)];
    Basket::new(lines, Charge::Fixed(Yen::new(660).unwrap()), Charge::Fixed(Yen::ZERO)).unwrap()
}

fn member() -> MemberId {
    "02396-M0001".parse().unwrap()
}

fn subscription() -> SubscriptionId {
    "02396-D0001".parse().unwrap()
}

fn check(name: &str, letter: &Letter) {
    letter.check().unwrap();
    let written = format!("{}\n\n{}", letter.subject, letter.body);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mails/texts/golden").join(format!("{name}.txt"));
    if std::env::var("UPDATE_GOLDEN").is_ok_and(|update| update == "1") {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &written).unwrap();
    }
    assert_eq!(written, std::fs::read_to_string(&file).unwrap_or_default(), "{}", file.display());
}

#[test]
fn c5_c6_s8_s10_the_thanks_mail_and_its_copy_to_the_shop() {
    let (subscription_id, basket, shop) = (subscription(), basket(), shop());
    let thanks = thanks::Thanks {
        buyer: "山田 花子",
        subscription_id: &subscription_id,
        basket: &basket,
        payment_method: &PaymentMethod::Card,
        cycle: "months:1:31".parse().unwrap(),
        first_delivery: "2026-04-30".parse().unwrap(),
        shop: &shop,
    };
    check("thanks", &thanks::to_buyer(&thanks));
    check("thanks_copy", &thanks::to_shop(&thanks));
    let external = PaymentMethod::External { name: "代金引換".into() };
    let bare = ShopProfile { name: "小さな店".into(), ..ShopProfile::default() };
    let plain = thanks::to_buyer(&thanks::Thanks { payment_method: &external, shop: &bare, ..thanks });
    assert!(!plain.body.contains("完了をお知らせ"), "C6 is about cards: {}", plain.body);
    check("thanks_external", &plain);
}

#[test]
fn o15_mails_from_an_order() {
    let (order_id, basket, shop): (OrderId, _, _) = ("02396-D0001-20260428".parse().unwrap(), basket(), shop());
    let order = OrderFacts {
        buyer: "山田 花子",
        order_id: &order_id,
        delivery_date: "2026-04-30".parse().unwrap(),
        basket: &basket,
        payment_method: &PaymentMethod::Card,
        shop: &shop,
    };
    check("order_confirmation", &order_confirmation::text(&order));
    check("delivery_notice", &delivery_notice::text(&order, "ヤマト運輸", "1234-5678-9012"));
    check("free", &order_confirmation::free(&order));
    let bare = delivery_notice::text(&order, "", "");
    assert!(!bare.body.contains("伝票番号") && !bare.body.contains("配送会社"), "{}", bare.body);
}

#[test]
fn k1_k3_k4_k6_both_forms_with_the_placeholders_of_the_manual() {
    for form in [card_expiry::Form::Close, card_expiry::Form::Expired] {
        let text = card_expiry::default(form);
        let whole = format!("{}{}", text.subject, text.body);
        for placeholder in card_expiry::PLACEHOLDERS {
            assert!(whole.contains(placeholder), "{placeholder}");
        }
        let filled = card_expiry::filled(&text, "山田 花子", &member(), &shop());
        assert!(!filled.body.contains('［') && !filled.subject.contains('［'));
        check(&format!("card_{}", form.as_str()), &filled);
    }
    // What the shop did not enter leaves no empty line in its signature.
    let bare = ShopProfile { name: "小さな店".into(), ..ShopProfile::default() };
    let filled = card_expiry::filled(&card_expiry::default(card_expiry::Form::Close), "花子", &member(), &bare);
    assert!(filled.body.ends_with("==\n 小さな店\n============================================================\n"));
}

#[test]
fn k2_k5_mails_to_the_shop() {
    let row = |i: u32, expiry: &str, standing| AffectedRow {
        subscription_id: format!("02396-D{i:04}"),
        shop_id: "02396".into(),
        member_id: format!("02396-M{i:04}"),
        card_id: "5001".into(),
        masked_number: "************1111".into(),
        expiry: expiry.parse().unwrap(),
        standing,
    };
    let rows = [row(1, "0326", ExpiryStanding::Expired), row(2, "0626", ExpiryStanding::Close)];
    let today = "2026-04-01".parse().unwrap();
    check("card_expiry_list", &card_expiry_list::text(&shop(), today, &rows));
    let many: Vec<_> = (0..2_000).map(|i| row(i, "0626", ExpiryStanding::Close)).collect();
    let long = card_expiry_list::text(&shop(), today, &many);
    long.check().unwrap();
    assert!(long.body.contains("ほか 1900 件"), "{}", long.body);
    let card = StoredCard {
        card_id: "5002".parse().unwrap(),
        masked_number: "************4242".into(),
        expiry: "0330".parse().unwrap(),
    };
    check("card_changed", &card_changed::text(&member(), "山田 花子", &card, &[subscription()]));
}
