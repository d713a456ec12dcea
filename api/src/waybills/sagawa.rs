//! 佐川急便 e飛伝III: 出荷データの標準取込, 74 columns with headings. The customer code (11) is the shop's contract with
//! the carrier and set there.

use super::cells;
use super::parcel::{Parcel, spread};

/// Bytes of one column for an address, a name or what is in it: 16 full-width characters.
const COLUMN: usize = 32;

/// 指定なし: no speed asked for.
const NO_SPEED: &str = "000";
/// 指定なし: not cooled.
const NOT_COOLED: &str = "001";
/// 元払い.
const PREPAID: &str = "1";
/// 指定なし: cash or card, as the buyer likes.
const ANY_SETTLEMENT: &str = "0";

pub(super) fn headings() -> Vec<String> {
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let numbered = |name: &str, count: usize| (1..=count).map(|i| format!("{name}{i}")).collect::<Vec<_>>();
    [
        named(&["お届け先コード取得区分", "お届け先コード", "お届け先電話番号", "お届け先郵便番号"]),
        numbered("お届け先住所", 3),
        numbered("お届け先名称", 2),
        named(&[
            "お客様管理番号",
            "お客様コード",
            "部署ご担当者コード取得区分",
            "部署ご担当者コード",
            "部署ご担当者名称",
        ]),
        named(&["荷送人電話番号", "ご依頼主コード取得区分", "ご依頼主コード", "ご依頼主電話番号", "ご依頼主郵便番号"]),
        numbered("ご依頼主住所", 2),
        numbered("ご依頼主名称", 2),
        named(&["荷姿"]),
        numbered("品名", 5),
        named(&["荷札荷姿"]),
        numbered("荷札品名", 11),
        named(&["出荷個数", "スピード指定", "クール便指定", "配達日", "配達指定時間帯", "配達指定時間(時分)"]),
        named(&["代引金額", "消費税", "決済種別", "保険金額"]),
        numbered("指定シール", 3),
        named(&["営業所受取", "SRC区分", "営業所受取営業所コード", "元着区分", "メールアドレス", "ご不在時連絡先"]),
        named(&["出荷日", "お問い合せ送り状No.", "出荷場印字区分", "集約解除指定"]),
        numbered("編集", 10),
    ]
    .concat()
}

pub(super) fn row(parcel: &Parcel) -> Vec<String> {
    let Parcel { to, from, .. } = parcel;
    let whole = |party: &super::parcel::Party| format!("{}{}", party.place, party.building);
    let [place_1, place_2, place_3] = spread(&whole(to), COLUMN);
    let [name_1, name_2] = spread(&to.name, COLUMN);
    let [from_1, from_2] = spread(&whole(from), COLUMN);
    let [sender_1, sender_2] = spread(&from.name, COLUMN);
    let [contents_1, contents_2, contents_3, contents_4, contents_5] = spread(&parcel.contents, COLUMN);
    let (amount, tax) = parcel.collect.map(|(amount, tax)| (amount.to_string(), tax.to_string())).unwrap_or_default();
    let settlement = parcel.collect.map(|_| ANY_SETTLEMENT.to_owned()).unwrap_or_default();
    cells::<74>(&[
        (3, to.phone.clone()),
        (4, to.postal_code.clone()),
        (5, place_1),
        (6, place_2),
        (7, place_3),
        (8, name_1),
        (9, name_2),
        (10, parcel.order_id.clone()),
        (15, from.phone.clone()),
        (18, from.phone.clone()),
        (19, from.postal_code.clone()),
        (20, from_1),
        (21, from_2),
        (22, sender_1),
        (23, sender_2),
        (25, contents_1),
        (26, contents_2),
        (27, contents_3),
        (28, contents_4),
        (29, contents_5),
        (42, "1".to_owned()),
        (43, NO_SPEED.to_owned()),
        (44, NOT_COOLED.to_owned()),
        (45, parcel.delivery_date.format("%Y%m%d").to_string()),
        (48, amount),
        (49, tax),
        (50, settlement),
        (58, PREPAID.to_owned()),
        (61, parcel.ship_on.format("%Y/%m/%d").to_string()),
    ])
}
