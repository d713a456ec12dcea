//! Payments: every attempt, sales a day, refusals a code, and authorisations that wait for their sale.

use super::report::{Report, ReportColumn as Column, SHOP, Unit};

/// Every attempt to authorise (O1).
pub(super) static PAYMENTS: Report = Report {
    name: "payments",
    title: "決済",
    row: "One attempt to authorise, with what became of its payment.",
    notes: "If Paygent booked two payments for one attempt, the one that pays the order is shown; report_daily_sales \
            counts both.",
    projection: "payment_report",
    columns: &[
        Column::new("payment_key", "試行", Unit::Id, "The order and the number of the attempt: ORDER/NUMBER."),
        SHOP,
        Column::new("order_id", "受注番号", Unit::Id, "The order."),
        Column::new("subscription_id", "定期購入番号", Unit::Id, "The subscription it came from."),
        Column::new("member_id", "会員ID", Unit::Id, "Whose it is, as a number."),
        Column::new("attempt", "試行回数", Unit::Count, "Number of the attempt on the order, from 1."),
        Column::new("transaction_id", "取引ID", Unit::Id, "Transaction ID, 20 digits."),
        Column::new(
            "cause",
            "きっかけ",
            Unit::Code,
            "Why it was tried: generation, operator, ladder (retry policy), card_changed or amount_update.",
        ),
        Column::new("requested_at", "依頼日時", Unit::Instant, "When it was asked for."),
        Column::new("requested_on", "依頼日", Unit::Date, "The business day it was asked for on."),
        Column::new("requested_yen", "依頼金額", Unit::Yen, "The amount asked for."),
        Column::new(
            "state",
            "状態",
            Unit::Code,
            "requested, unknown, given_up, failed, authorized, captured, voided, expired or refunded.",
        ),
        Column::new("payment_id", "決済ID", Unit::Id, "Paygent's id of the payment, once there is one.").optional(),
        Column::new("payment_yen", "決済金額", Unit::Yen, "The payment's amount as it stands, once there is one.")
            .optional(),
        Column::new("authorized_on", "オーソリ日", Unit::Date, "The business day it was authorised on.").optional(),
        Column::new("captured_on", "売上日", Unit::Date, "The business day it was captured on.").optional(),
        Column::new("closed_on", "取消日", Unit::Date, "The business day it was voided, ran out or was refunded on.")
            .optional(),
        Column::new("valid_until", "期限", Unit::Date, "Last day to capture or, captured, to refund, where known.")
            .optional(),
        Column::new("failure_code", "エラーコード", Unit::Code, "Paygent's code of the refusal (E4).").optional(),
        Column::new("failure_detail", "エラー詳細", Unit::Text, "Paygent's text of the refusal, whole.").optional(),
    ],
    body: "FROM payment_attempts",
    by: Some("requested_on"),
    key: "payment_key",
    days_ahead: None,
    example: "SELECT cause, state, COUNT(*) AS attempts, SUM(requested_yen) AS yen
FROM report_payments
WHERE shop_id = '02396' AND requested_on >= '2026-04-01'
GROUP BY cause, state
ORDER BY cause, state",
};

/// Sales a day.
pub(super) static DAILY_SALES: Report = Report {
    name: "daily_sales",
    title: "日次売上",
    row: "One shop on one business day in Tokyo on which something was authorised, captured, cancelled or refused.",
    notes: "Each thing counts on the day it was recorded. What is learnt later (a cancel found by asking Paygent) counts \
            on the day it was learnt. All days together always amount to where the payments stand now: authorised \
            less lowered is what Paygent booked, captured less refunded is what the shop has.",
    projection: "payment_report",
    columns: &[
        SHOP,
        Column::new("business_day", "営業日", Unit::Date, "The business day in Tokyo."),
        Column::new("authorized_count", "オーソリ件数", Unit::Count, "Payments authorised, captured at once or not."),
        Column::new("authorized_yen", "オーソリ金額", Unit::Yen, "Their amount."),
        Column::new("lowered_count", "減額件数", Unit::Count, "Payments whose amount was lowered (取引更新)."),
        Column::new("lowered_yen", "減額金額", Unit::Yen, "By how much."),
        Column::new(
            "captured_count",
            "売上件数",
            Unit::Count,
            "Payments captured, at once or by a sales confirmation.",
        ),
        Column::new("captured_yen", "売上金額", Unit::Yen, "Their amount."),
        Column::new("voided_count", "オーソリ取消件数", Unit::Count, "Authorisations cancelled."),
        Column::new("voided_yen", "オーソリ取消金額", Unit::Yen, "Their amount."),
        Column::new("expired_count", "期限切れ件数", Unit::Count, "Authorisations that ran out at Paygent."),
        Column::new("expired_yen", "期限切れ金額", Unit::Yen, "Their amount."),
        Column::new("refunded_count", "返金件数", Unit::Count, "Sales refunded, as a whole or by lowering them."),
        Column::new("refunded_yen", "返金金額", Unit::Yen, "The amount given back."),
        Column::new("failed_count", "失敗件数", Unit::Count, "Attempts that Paygent refused."),
        Column::new("failed_yen", "失敗金額", Unit::Yen, "Their amount."),
    ],
    body: "FROM daily_sales",
    by: Some("business_day"),
    key: "shop_id",
    days_ahead: None,
    example: "SELECT substr(business_day, 1, 7) AS month, SUM(captured_yen) AS sales, SUM(refunded_yen) AS refunds
FROM report_daily_sales
WHERE shop_id = '02396'
GROUP BY substr(business_day, 1, 7)
ORDER BY month",
};

/// Refusals a day and code.
pub(super) static DAILY_FAILURES: Report = Report {
    name: "daily_failures",
    title: "日次エラー",
    row: "One code of Paygent under which attempts of one shop were refused on one business day in Tokyo.",
    notes: "",
    projection: "payment_report",
    columns: &[
        SHOP,
        Column::new("business_day", "営業日", Unit::Date, "The business day in Tokyo."),
        Column::new("code", "エラーコード", Unit::Code, "Paygent's code (E4)."),
        Column::new("failed_count", "件数", Unit::Count, "Attempts refused under it."),
        Column::new("failed_yen", "金額", Unit::Yen, "Their amount."),
    ],
    body: "FROM daily_failures",
    by: Some("business_day"),
    key: "code",
    days_ahead: None,
    example: "SELECT code, SUM(failed_count) AS attempts, SUM(failed_yen) AS yen
FROM report_daily_failures
WHERE shop_id = '02396' AND business_day >= '2026-04-01'
GROUP BY code
ORDER BY attempts DESC, code",
};

/// Authorisations that wait for their sale.
pub(super) static UNCONFIRMED_AUTHORIZATIONS: Report = Report {
    name: "unconfirmed_authorizations",
    title: "売上未確定のオーソリ",
    row: "All payments of one shop that are authorised and not captured, authorised on the same day and valid until the \
          same day.",
    notes: "By age on a given day, in steps: `teiki report authorization_ageing`, or GET \
            /v1/reports/authorization_ageing.",
    projection: "payment_report",
    columns: &[
        SHOP,
        Column::new("authorized_on", "オーソリ日", Unit::Date, "The business day they were authorised on."),
        Column::new(
            "valid_until",
            "売上確定期限",
            Unit::Date,
            "Last day on which they can be captured; an empty text where it is not known.",
        )
        .from("COALESCE(valid_until, '')"),
        Column::new("payments", "件数", Unit::Count, "How many.").from("COUNT(*)"),
        Column::new("payment_yen", "金額", Unit::Yen, "Their amount.").from("CAST(SUM(payment_yen) AS BIGINT)"),
    ],
    body: "FROM payment_attempts WHERE state = 'authorized' \
           GROUP BY shop_id, authorized_on, COALESCE(valid_until, '')",
    by: Some("authorized_on"),
    key: "valid_until",
    days_ahead: None,
    example: "SELECT valid_until, SUM(payments) AS payments, SUM(payment_yen) AS yen
FROM report_unconfirmed_authorizations
WHERE shop_id = '02396' AND valid_until <> ''
GROUP BY valid_until
ORDER BY valid_until",
};
