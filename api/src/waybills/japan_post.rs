//! 日本郵便 ゆうパックプリントR: 発送予定データの標準レイアウト, 117 columns with headings. Layouts with a 118th column are
//! around; decision 18 says why this one is written.
//! The program takes files through an import filter (取込フィルタ) that the shop registers once from the headings.

use super::cells;
use super::parcel::{Parcel, spread};

/// Bytes of one column for an address or a name.
const COLUMN: usize = 50;

/// 郵便種別: ゆうパック.
const PARCEL: &str = "0";
/// 元払い.
const PREPAID: &str = "0";
/// 代引き.
const COLLECT: &str = "2";
/// 敬称: 様.
const HONORIFIC: &str = "0";
/// None of it.
const NO: &str = "0";

pub(super) fn headings() -> Vec<String> {
    let of = |whose: &str, names: &[&str]| names.iter().map(|name| format!("{whose}{name}")).collect::<Vec<_>>();
    let numbered = |name: &str| (1..=10).map(|i| format!("{name}{i:02}")).collect::<Vec<_>>();
    let address = ["郵便番号", "住所1", "住所2", "住所3", "名称1", "名称2"];
    [
        of(
            "",
            &["お客様側管理番号", "発送予定日", "発送予定時間区分", "出荷期限日", "到着期限日", "郵便種別", "保冷種別"],
        ),
        of("", &["元/着払/代引", "書留/セキュリティ/特定記録種別", "配達時間帯指定郵便種別", "送り状種別"]),
        of("お届け先 ", &["コード"]),
        of("お届け先 ", &address),
        of(
            "お届け先 ",
            &["敬称区分", "電話番号", "メールアドレス1", "局留め区分", "局留め郵便局名", "局留めメール使用区分"],
        ),
        of("お届け先 ", &["局留め郵便番号", "配達予告メール使用区分", "再配達予告メール使用区分"]),
        of("ご依頼主 ", &["コード", "集荷先と同一区分"]),
        of("ご依頼主 ", &address),
        of("ご依頼主 ", &["敬称", "電話番号", "メールアドレス1", "荷送人指図区分", "お届け通知メール使用区分"]),
        of("ご依頼主 ", &["お届け通知はがき使用区分"]),
        of("集荷先 ", &["コード", "連携可否区分", "会社コード", "依頼先店所コード"]),
        of("集荷先 ", &address),
        of("集荷先 ", &["敬称", "電話番号"]),
        of("", &["受注番号", "こわれもの区分", "なまもの区分", "ビン類区分", "逆さま厳禁区分", "下積み厳禁区分"]),
        of("", &["商品サイズ区分", "重量合計(g)", "25kg超重量物区分", "損害要償額", "速達・配達日指定種別"]),
        of("", &["配達指定日/希望日", "配達時間帯区分", "差出方法区分", "ゆうパック複数個割引", "ゆうパック同一割引"]),
        of("", &["セット商品コード", "セット品名ラベル印字区分", "複数個口数", "記事名1", "記事名2"]),
        numbered("フリー項目"),
        of("", &["空港利用区分", "空港・局/支店名", "航空会社名", "利用便名", "レジャー区分", "プレー・搭乗日"]),
        of("", &["プレー・搭乗時間", "クラブ本数", "復路集貨日", "出荷先登録名", "集荷希望区分", "集荷日付"]),
        of("", &["集荷時間帯区分", "支店連携先選択用名称", "代引金額", "代引消費税金額", "送り状発行年月日"]),
        of("", &["商品番号", "品名", "個数", "重量(g)", "単価", "金額"]),
        numbered("商品備考"),
    ]
    .concat()
}

pub(super) fn row(parcel: &Parcel) -> Vec<String> {
    let date = |day: chrono::NaiveDate| day.format("%Y%m%d").to_string();
    let Parcel { to, from, .. } = parcel;
    let [place_1, place_2] = spread(&to.place, COLUMN);
    let [name_1, name_2] = spread(&to.name, COLUMN);
    let [from_1, from_2, from_3] = spread(&from.place, COLUMN);
    let [sender_1, sender_2] = spread(&from.name, COLUMN);
    let (amount, tax) = parcel.collect.map(|(amount, tax)| (amount.to_string(), tax.to_string())).unwrap_or_default();
    cells::<117>(&[
        (1, parcel.order_id.clone()),
        (2, date(parcel.ship_on)),
        (6, PARCEL.to_owned()),
        (7, NO.to_owned()),
        (8, if parcel.collect.is_some() { COLLECT } else { PREPAID }.to_owned()),
        (13, to.postal_code.clone()),
        (14, place_1),
        (15, place_2),
        (16, to.building.clone()),
        (17, name_1),
        (18, name_2),
        (19, HONORIFIC.to_owned()),
        (20, to.phone.clone()),
        (30, from.postal_code.clone()),
        (31, from_1),
        (32, from_2),
        (33, from_3),
        (34, sender_1),
        (35, sender_2),
        (36, HONORIFIC.to_owned()),
        (37, from.phone.clone()),
        (54, parcel.order_id.clone()),
        (55, NO.to_owned()),
        (56, NO.to_owned()),
        (57, NO.to_owned()),
        (58, NO.to_owned()),
        (59, NO.to_owned()),
        (64, NO.to_owned()),
        (65, date(parcel.delivery_date)),
        (66, "00".to_owned()),
        (72, "1".to_owned()),
        (73, parcel.contents.clone()),
        (99, amount),
        (100, tax),
        (103, parcel.contents.clone()),
        (104, "1".to_owned()),
    ])
}
