//! O14: the columns that each carrier's program reads, and what stands in them.

use super::parcel::{Party, spread};
use super::*;

const ALL: [WaybillCarrier; 3] = [WaybillCarrier::Yamato, WaybillCarrier::Sagawa, WaybillCarrier::JapanPost];

fn parcel() -> Parcel {
    Parcel {
        order_id: "02396-D0001-20260401".to_owned(),
        ship_on: "2026-04-09".parse().unwrap(),
        delivery_date: "2026-04-11".parse().unwrap(),
        to: Party {
            name: "山田 花子".to_owned(),
            phone: "0300000001".to_owned(),
            postal_code: "0600042".to_owned(),
            place: "北海道札幌市中央区大通西1-2-3".to_owned(),
            building: "みどりハイツ 101号室".to_owned(),
        },
        from: Party {
            name: "ていき珈琲".to_owned(),
            phone: "03-0000-0000".to_owned(),
            postal_code: "1000001".to_owned(),
            place: "東京都千代田区千代田1-1".to_owned(),
            building: String::new(),
        },
        contents: "珈琲豆 他2点".to_owned(),
        collect: None,
    }
}

/// The file read back: its headings, and its rows by heading.
fn read(carrier: WaybillCarrier, parcels: &[Parcel]) -> (Vec<String>, Vec<Vec<String>>) {
    let bytes = write(carrier, parcels).unwrap();
    let (text, _, broken) = encoding_rs::SHIFT_JIS.decode(&bytes);
    assert!(!broken && !bytes.starts_with(b"\xEF\xBB\xBF"));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headings = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    (headings, rows)
}

fn at(carrier: WaybillCarrier, parcel: &Parcel, heading: &str) -> String {
    let (headings, rows) = read(carrier, std::slice::from_ref(parcel));
    let place = headings.iter().position(|name| name == heading).unwrap_or_else(|| panic!("no column {heading}"));
    rows[0][place].clone()
}

#[test]
fn o14_every_carrier_has_its_columns_and_every_value_its_place() {
    for (carrier, columns, named) in [
        (
            WaybillCarrier::Yamato,
            97,
            [
                ("お客様管理番号", "02396-D0001-20260401"),
                ("送り状種類", "0"),
                ("出荷予定日", "2026/04/09"),
                ("お届け予定日", "2026/04/11"),
                ("お届け先電話番号", "0300000001"),
                ("お届け先郵便番号", "0600042"),
                ("お届け先住所", "北海道札幌市中央区大通西1-2-3"),
                ("お届け先アパートマンション名", "みどりハイツ 101号室"),
                ("お届け先名", "山田 花子"),
                ("ご依頼主名", "ていき珈琲"),
                ("品名1", "珈琲豆 他2点"),
                ("発行枚数", "1"),
            ],
        ),
        (
            WaybillCarrier::Sagawa,
            74,
            [
                ("お客様管理番号", "02396-D0001-20260401"),
                ("元着区分", "1"),
                ("出荷日", "2026/04/09"),
                ("配達日", "20260411"),
                ("お届け先電話番号", "0300000001"),
                ("お届け先郵便番号", "0600042"),
                ("お届け先住所1", "北海道札幌市中央区大通西1-2-3み"),
                ("お届け先住所2", "どりハイツ 101号室"),
                ("お届け先名称1", "山田 花子"),
                ("ご依頼主名称1", "ていき珈琲"),
                ("品名1", "珈琲豆 他2点"),
                ("出荷個数", "1"),
            ],
        ),
        (
            WaybillCarrier::JapanPost,
            117,
            [
                ("お客様側管理番号", "02396-D0001-20260401"),
                ("元/着払/代引", "0"),
                ("発送予定日", "20260409"),
                ("配達指定日/希望日", "20260411"),
                ("お届け先 電話番号", "0300000001"),
                ("お届け先 郵便番号", "0600042"),
                ("お届け先 住所1", "北海道札幌市中央区大通西1-2-3"),
                ("お届け先 住所3", "みどりハイツ 101号室"),
                ("お届け先 名称1", "山田 花子"),
                ("ご依頼主 名称1", "ていき珈琲"),
                ("品名", "珈琲豆 他2点"),
                ("複数個口数", "1"),
            ],
        ),
    ] {
        let (headings, rows) = read(carrier, &[parcel(), parcel()]);
        assert_eq!((headings.len(), rows.len()), (columns, 2), "{carrier:?}");
        assert!(headings.iter().all(|name| !name.is_empty() && !name.contains('〓')), "{headings:?}");
        for (heading, value) in named {
            assert_eq!(at(carrier, &parcel(), heading), value, "{carrier:?} {heading}");
        }
    }
}

#[test]
fn o14_cash_on_delivery_is_collected_by_the_carrier() {
    let cash = Parcel { collect: Some((10_550, 677)), ..parcel() };
    for (carrier, kind, collects, amount, tax) in [
        (WaybillCarrier::Yamato, "送り状種類", "2", "コレクト代金引換額(税込)", "内消費税額等"),
        (WaybillCarrier::Sagawa, "決済種別", "0", "代引金額", "消費税"),
        (WaybillCarrier::JapanPost, "元/着払/代引", "2", "代引金額", "代引消費税金額"),
    ] {
        assert_eq!(at(carrier, &cash, kind), collects);
        assert_eq!((at(carrier, &cash, amount), at(carrier, &cash, tax)), ("10550".to_owned(), "677".to_owned()));
        assert_eq!((at(carrier, &parcel(), amount), at(carrier, &parcel(), tax)), (String::new(), String::new()));
    }
}

#[test]
fn o14_hostile_and_unusual_texts_stay_in_their_column() {
    let mut hostile = parcel();
    hostile.to.name = "𠮷田 \"花\",子\r\n😀 波〜".to_owned();
    for (carrier, heading) in [(ALL[0], "お届け先名"), (ALL[1], "お届け先名称1"), (ALL[2], "お届け先 名称1")]
    {
        let (headings, rows) = read(carrier, &[hostile.clone()]);
        assert_eq!((rows.len(), rows[0].len()), (1, headings.len()), "{carrier:?}");
        let name = at(carrier, &hostile, heading);
        assert_eq!(name, "〓田 \"花\",子\r\n〓 波～", "{carrier:?}");
    }
}

#[test]
fn o14_long_texts_go_over_their_columns_and_nothing_is_cut() {
    assert_eq!(spread::<2>("東京都千代田区", 8), ["東京都千", "代田区"]);
    assert_eq!(spread::<3>("ABCｱｲ漢字", 6), ["ABCｱｲ", "漢字", ""]);
    assert_eq!(spread::<2>(&"長".repeat(20), 8), ["長".repeat(4), "長".repeat(16)]);
    assert_eq!(spread::<2>("", 8), ["", ""]);
    let mut long = parcel();
    long.to.place = "長い住所".repeat(40);
    for carrier in ALL {
        let (_, rows) = read(carrier, std::slice::from_ref(&long));
        assert!(rows[0].concat().contains(&long.to.place), "{carrier:?}");
    }
}
