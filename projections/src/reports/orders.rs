//! Orders.

use super::report::{Report, ReportColumn as Column, SHOP, Unit};

/// Every order (O1, O2, O4).
pub(super) static ORDERS: Report = Report {
    name: "orders",
    title: "受注",
    row: "One order, whatever came of its payment.",
    notes: "The transaction ID ties the order to Paygent's record. It is empty while nothing is authorised; the one of \
            the newest attempt stands beside it.",
    projection: "order_list",
    columns: &[
        Column::new("order_id", "受注番号", Unit::Id, "Order number."),
        SHOP,
        Column::new("subscription_id", "定期購入番号", Unit::Id, "The subscription it came from."),
        Column::new("member_id", "会員ID", Unit::Id, "Whose it is, as a number; names are not in any view."),
        Column::new("generation_date", "受注反映日", Unit::Date, "The generation date it stands for."),
        Column::new("delivery_date", "配送日", Unit::Date, "Delivery date."),
        Column::new("generated_at", "反映日時", Unit::Instant, "When it was generated."),
        Column::new("goods_yen", "商品金額", Unit::Yen, "Goods amount.").from("goods"),
        Column::new(
            "total_yen",
            "合計金額",
            Unit::Yen,
            "Everything to pay; empty while shipping or fee is to be quoted.",
        )
        .from("total")
        .optional(),
        Column::new("payment_method", "支払方法", Unit::Code, "card, or external: and the name of another method."),
        Column::new("sale_mode", "売上方法", Unit::Code, "authorize_only or authorize_and_capture (S4)."),
        Column::new(
            "payment_status",
            "決済状況",
            Unit::Code,
            "Where the payment stands: external, not_executed, requested, unknown, given_up, authorized, failed, expired, \
             capture_requested, capture_unknown, captured, sales_confirmed, revision_requested, revision_unknown, \
             void_requested, void_unknown, voided, refund_requested, refund_unknown or refunded.",
        ),
        Column::new("transaction_id", "取引ID", Unit::Id, "Transaction ID, 20 digits, once it is authorised.")
            .optional(),
        Column::new("attempt_transaction_id", "試行の取引ID", Unit::Id, "Transaction ID of the newest attempt.")
            .optional(),
        Column::new("payment_id", "決済ID", Unit::Id, "Paygent's id of the payment, once it is authorised.").optional(),
        Column::new("amount_yen", "請求金額", Unit::Yen, "Amount of the payment, or of the newest attempt.")
            .from("amount")
            .optional(),
        Column::new("failure_code", "エラーコード", Unit::Code, "Paygent's code of the last refusal (E4).").optional(),
        Column::new("failure_detail", "エラー詳細", Unit::Text, "Paygent's text of the last refusal, whole.")
            .optional(),
        Column::new(
            "not_executed_reason",
            "未実行の理由",
            Unit::Code,
            "Why no authorisation was tried (R5): authorize_at_generation_off, goods_amount_out_of_range, \
             amount_to_be_quoted, outside_contract_period, no_stored_card, nothing_to_pay or payment_method_changed.",
        )
        .optional(),
        Column::new("confirmed_at", "売上確定日時", Unit::Instant, "When the sale was confirmed.").optional(),
        Column::new("cancelled_at", "キャンセル日時", Unit::Instant, "When the order was cancelled.").optional(),
        Column::new("valid_until", "売上確定期限", Unit::Date, "Last day on which the authorisation can be captured.")
            .optional(),
        Column::new("refundable_until", "返金期限", Unit::Date, "Last day on which the sale can be refunded.")
            .optional(),
        Column::new("three_d_secure", "3Dセキュア", Unit::Flag, "Whether the buyer was authenticated."),
        Column::new("list", "一覧", Unit::Code, "open, completed or cancelled (O11)."),
    ],
    body: "FROM order_list",
    by: Some("generation_date"),
    key: "order_id",
    days_ahead: None,
    example: "SELECT generation_date, payment_status, COUNT(*) AS orders, SUM(total_yen) AS yen
FROM report_orders
WHERE shop_id = '02396' AND generation_date BETWEEN '2026-04-01' AND '2026-04-30'
GROUP BY generation_date, payment_status
ORDER BY generation_date, payment_status",
};
