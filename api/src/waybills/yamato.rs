//! ヤマト運輸 B2クラウド: 送り状発行データの基本レイアウト, 97 columns with headings. Customer code and freight number
//! (40-42) are the shop's contract with the carrier and set there.

use super::cells;
use super::parcel::{Parcel, spread};

/// Bytes of the columns for an address and for a building.
const ADDRESS: usize = 64;
/// Bytes of the column for what is in it.
const CONTENTS: usize = 50;

/// 発払い.
const PREPAID: &str = "0";
/// コレクト: the carrier collects the money.
const COLLECT: &str = "2";

const HEADINGS: [&str; 97] = [
    "お客様管理番号",
    "送り状種類",
    "クール区分",
    "伝票番号",
    "出荷予定日",
    "お届け予定日",
    "配達時間帯",
    "お届け先コード",
    "お届け先電話番号",
    "お届け先電話番号枝番",
    "お届け先郵便番号",
    "お届け先住所",
    "お届け先アパートマンション名",
    "お届け先会社・部門1",
    "お届け先会社・部門2",
    "お届け先名",
    "お届け先名(カナ)",
    "敬称",
    "ご依頼主コード",
    "ご依頼主電話番号",
    "ご依頼主電話番号枝番",
    "ご依頼主郵便番号",
    "ご依頼主住所",
    "ご依頼主アパートマンション",
    "ご依頼主名",
    "ご依頼主名(カナ)",
    "品名コード1",
    "品名1",
    "品名コード2",
    "品名2",
    "荷扱い1",
    "荷扱い2",
    "記事",
    "コレクト代金引換額(税込)",
    "内消費税額等",
    "止置き",
    "営業所コード",
    "発行枚数",
    "個数口表示フラグ",
    "請求先顧客コード",
    "請求先分類コード",
    "運賃管理番号",
    "クロネコwebコレクトデータ登録",
    "クロネコwebコレクト加盟店番号",
    "クロネコwebコレクト申込受付番号1",
    "クロネコwebコレクト申込受付番号2",
    "クロネコwebコレクト申込受付番号3",
    "お届け予定eメール利用区分",
    "お届け予定eメールe-mailアドレス",
    "入力機種",
    "お届け予定eメールメッセージ",
    "お届け完了eメール利用区分",
    "お届け完了eメールe-mailアドレス",
    "お届け完了eメールメッセージ",
    "クロネコ収納代行利用区分",
    "予備",
    "収納代行請求金額(税込)",
    "収納代行内消費税額等",
    "収納代行請求先郵便番号",
    "収納代行請求先住所",
    "収納代行請求先住所(アパートマンション名)",
    "収納代行請求先会社・部門名1",
    "収納代行請求先会社・部門名2",
    "収納代行請求先名(漢字)",
    "収納代行請求先名(カナ)",
    "収納代行問合せ先名(漢字)",
    "収納代行問合せ先郵便番号",
    "収納代行問合せ先住所",
    "収納代行問合せ先住所(アパートマンション名)",
    "収納代行問合せ先電話番号",
    "収納代行管理番号",
    "収納代行品名",
    "収納代行備考",
    "複数口くくりキー",
    "検索キータイトル1",
    "検索キー1",
    "検索キータイトル2",
    "検索キー2",
    "検索キータイトル3",
    "検索キー3",
    "検索キータイトル4",
    "検索キー4",
    "検索キータイトル5",
    "検索キー5",
    "予備",
    "予備",
    "投函予定メール利用区分",
    "投函予定メールe-mailアドレス",
    "投函予定メールメッセージ",
    "投函完了メール(お届け先宛)利用区分",
    "投函完了メール(お届け先宛)e-mailアドレス",
    "投函完了メール(お届け先宛)メールメッセージ",
    "投函完了メール(ご依頼主宛)利用区分",
    "投函完了メール(ご依頼主宛)e-mailアドレス",
    "投函完了メール(ご依頼主宛)メールメッセージ",
    "連携管理番号",
    "通知メールアドレス",
];

pub(super) fn headings() -> Vec<String> {
    HEADINGS.map(str::to_owned).to_vec()
}

pub(super) fn row(parcel: &Parcel) -> Vec<String> {
    let date = |day: chrono::NaiveDate| day.format("%Y/%m/%d").to_string();
    let Parcel { to, from, .. } = parcel;
    let [place, rest] = spread(&to.place, ADDRESS);
    let building = format!("{rest}{}", to.building);
    let [from_place, from_building] = spread(&from.place, ADDRESS);
    let [contents, more] = spread(&parcel.contents, CONTENTS);
    let (amount, tax) = parcel.collect.map(|(amount, tax)| (amount.to_string(), tax.to_string())).unwrap_or_default();
    cells::<97>(&[
        (1, parcel.order_id.clone()),
        (2, if parcel.collect.is_some() { COLLECT } else { PREPAID }.to_owned()),
        (5, date(parcel.ship_on)),
        (6, date(parcel.delivery_date)),
        (9, to.phone.clone()),
        (11, to.postal_code.clone()),
        (12, place),
        (13, building),
        (16, to.name.clone()),
        (18, "様".to_owned()),
        (20, from.phone.clone()),
        (22, from.postal_code.clone()),
        (23, from_place),
        (24, from_building),
        (25, from.name.clone()),
        (28, contents),
        (30, more),
        (34, amount),
        (35, tax),
        (38, "1".to_owned()),
        (48, "0".to_owned()),
        (52, "0".to_owned()),
    ])
}
