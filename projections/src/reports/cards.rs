//! Cards: when those end that running subscriptions are paid with.

use super::report::{Report, ReportColumn as Column, SHOP, Unit};

/// Card expiry (K6).
pub(super) static CARD_EXPIRY: Report = Report {
    name: "card_expiry",
    title: "カード有効期限",
    row: "One running subscription paid by a stored card, with the month its card ends.",
    notes: "A card is good to the last day of its month. The number is not in any view, not even masked.",
    projection: "card_expiry_table",
    columns: &[
        Column::new("subscription_id", "定期購入番号", Unit::Id, "The subscription.").from("s.subscription_id"),
        SHOP.from("s.shop_id"),
        Column::new("member_id", "会員ID", Unit::Id, "Whose it is, as a number.").from("s.member_id"),
        Column::new("expiry_month", "有効期限", Unit::Month, "The last month in which the card is good.")
            .from("substr(CAST(c.expiry_yyyymm AS TEXT), 1, 4) || '-' || substr(CAST(c.expiry_yyyymm AS TEXT), 5, 2)"),
        Column::new(
            "registration",
            "登録回数",
            Unit::Count,
            "Which registration of the member's it came from, from 1.",
        )
        .from("c.registration"),
    ],
    body: "FROM card_expiry_subscriptions s JOIN card_expiry_cards c ON c.member_id = s.member_id \
           WHERE s.running = 1 AND s.card = 1",
    by: None,
    key: "subscription_id",
    days_ahead: None,
    example: "SELECT expiry_month, COUNT(*) AS subscriptions
FROM report_card_expiry
WHERE shop_id = '02396'
GROUP BY expiry_month
ORDER BY expiry_month",
};
