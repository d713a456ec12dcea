//! Who shops in the demonstration, and what becomes of their cards.

use crate::members::PostalAddress;

/// What becomes of a card. The last four digits of the number tell the sandbox how it behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Always pays.
    Good,
    /// Refused: cannot be used (1G12).
    Declining,
    /// Refused: over the limit (1G05).
    OverTheLimit,
    /// Refused: reported lost or stolen (1G60).
    Lost,
    /// The card network times out (2008).
    NetworkTimeout,
    /// Pays until it expires, this many months after the demonstration begins.
    Expiring(u32),
    /// Expired before the demonstration begins.
    Expired,
}

impl Fate {
    /// The card's number: the sandbox's own, no real one.
    pub(super) fn number(self, brand: usize) -> String {
        let first = ["490012345678", "512345678901", "352812345678", "376512345678"][brand % 4];
        let last = match self {
            Fate::Good | Fate::Expiring(_) | Fate::Expired => "1111",
            Fate::Declining => "8212",
            Fate::OverTheLimit => "8205",
            Fate::Lost => "8260",
            Fate::NetworkTimeout => "9000",
        };
        format!("{first}{last}")
    }
}

/// Names and the fate of each one's card.
pub(super) const MEMBERS: [(&str, Fate); 30] = [
    ("佐藤 陽菜", Fate::Good),
    ("鈴木 大翔", Fate::Good),
    ("高橋 結衣", Fate::Declining),
    ("田中 蓮", Fate::Good),
    ("伊藤 美咲", Fate::Expiring(2)),
    ("渡辺 悠真", Fate::Good),
    ("山本 さくら", Fate::OverTheLimit),
    ("中村 湊", Fate::Good),
    ("小林 葵", Fate::Good),
    ("加藤 颯太", Fate::Expired),
    ("吉田 凛", Fate::Good),
    ("山田 花子", Fate::Good),
    ("佐々木 樹", Fate::Expiring(1)),
    ("山口 莉子", Fate::Good),
    ("松本 朝陽", Fate::Lost),
    ("井上 紬", Fate::Good),
    ("木村 律", Fate::Good),
    ("林 芽依", Fate::Expiring(4)),
    ("斎藤 新", Fate::Good),
    ("清水 陽葵", Fate::Good),
    ("山崎 海斗", Fate::NetworkTimeout),
    ("森 詩", Fate::Good),
    ("池田 暖", Fate::Good),
    ("橋本 杏", Fate::Expiring(5)),
    ("阿部 奏", Fate::Good),
    ("石川 心春", Fate::Good),
    ("前田 伊織", Fate::OverTheLimit),
    ("藤田 琴音", Fate::Good),
    ("岡田 蒼", Fate::Expiring(0)),
    ("後藤 千尋", Fate::Good),
];

/// Product code, name, price of one in yen with tax, tax rate in percent.
pub(super) const PRODUCTS: [(&str, &str, i64, u8); 6] = [
    ("COOKIE-12", "クッキーの定期便 12枚", 1_980, 8),
    ("COFFEE-200", "深煎り珈琲豆 200g", 1_480, 8),
    ("TEA-GYOKURO", "宇治玉露 50g", 2_700, 8),
    ("MISO-1KG", "手造り味噌 1kg", 1_250, 8),
    ("SOAP-3", "オリーブ石けん 3個", 2_310, 10),
    ("FLOWER-S", "季節の花束 小", 3_850, 10),
];

/// Cycles of the demonstration, of every kind.
pub(super) const CYCLES: [&str; 8] = [
    "months:1:31",
    "weeks:2:fri",
    "days:10",
    "months:1:2nd-tue",
    "weeks:1:mon",
    "months:1:last-fri",
    "days:30",
    "months:2:15",
];

/// Where the `i`-th of them lives.
pub(super) fn address(i: usize) -> PostalAddress {
    const PLACES: [(&str, &str, &str, &str); 4] = [
        ("100-0001", "東京都", "千代田区", "千代田"),
        ("530-0001", "大阪府", "大阪市北区", "梅田"),
        ("060-0042", "北海道", "札幌市中央区", "大通西"),
        ("900-0015", "沖縄県", "那覇市", "久茂地"),
    ];
    let (postal_code, prefecture, city, town) = PLACES[i % PLACES.len()];
    let building = if i.is_multiple_of(3) { format!("みどりハイツ {}号室", 100 + i) } else { String::new() };
    PostalAddress {
        postal_code: postal_code.to_owned(),
        prefecture: prefecture.to_owned(),
        city: city.to_owned(),
        street: format!("{town}{}-{}", 1 + i % 9, 1 + i % 20),
        building,
    }
}
