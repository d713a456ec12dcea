//! Renewals: what became of those that were generated, and what comes up.

use super::report::{Report, ReportColumn as Column, SHOP, Unit};

macro_rules! count {
    ($name:literal, $heading:literal, $meaning:literal, $when:literal) => {
        Column::new($name, $heading, Unit::Count, $meaning).from(concat!(
            "CAST(SUM(CASE WHEN ",
            $when,
            " THEN 1 ELSE 0 END) AS BIGINT)"
        ))
    };
}

/// Success and recovery by generation date (R1, R2, R4, R5).
pub(super) static RENEWALS: Report = Report {
    name: "renewals",
    title: "継続課金の成功率",
    row: "All orders of one shop that stand for the same generation date.",
    notes: "The rates leave out what no card was asked for: orders paid otherwise and orders not executed. An attempt \
            without a known outcome counts as not paid until it is known. Recovered is a failed order that was paid \
            later, by whatever came first.",
    projection: "payment_report",
    columns: &[
        SHOP,
        Column::new("generation_date", "受注反映日", Unit::Date, "The generation date."),
        Column::new("generated", "受注件数", Unit::Count, "Orders generated.").from("COUNT(*)"),
        count!("external", "カード以外", "Of these, paid otherwise than by card.", "outcome = 'external'"),
        count!("authorized", "初回成功", "Authorised at the first attempt.", "outcome = 'authorized'"),
        count!("failed", "初回失敗", "Refused at the first attempt.", "outcome = 'failed'"),
        count!("open", "結果待ち", "First attempt under way or without a known outcome.", "outcome = 'open'"),
        count!("not_executed", "未実行", "No authorisation was tried at generation (R5).", "outcome = 'not_executed'"),
        count!(
            "recovered_by_ladder",
            "再試行で回復",
            "Refused first, then paid by the shop's retry policy.",
            "outcome = 'failed' AND recovered_by = 'ladder'"
        ),
        count!(
            "recovered_by_card_change",
            "カード変更で回復",
            "Refused first, then paid because the member changed the card.",
            "outcome = 'failed' AND recovered_by = 'card_changed'"
        ),
        count!(
            "recovered_by_operator",
            "手動で回復",
            "Refused first, then paid by an attempt that somebody asked for.",
            "outcome = 'failed' AND recovered_by IN ('operator', 'amount_update')"
        ),
        count!(
            "recovered_late",
            "後日判明",
            "Refused first, then found to have been paid after all and accepted.",
            "outcome = 'failed' AND recovered_by NOT IN ('ladder', 'card_changed', 'operator', 'amount_update')"
        ),
        count!(
            "unrecovered",
            "未回復",
            "Refused first and not paid since.",
            "outcome = 'failed' AND recovered_by IS NULL"
        ),
        count!(
            "executed_later",
            "未実行から決済",
            "Not executed at generation, then paid by card after all.",
            "outcome = 'not_executed' AND recovered_by IS NOT NULL"
        ),
        count!(
            "not_executed_off",
            "未実行: 同時実行なし",
            "Not executed: authorise-at-generation is off.",
            "not_executed_reason = 'authorize_at_generation_off'"
        ),
        count!(
            "not_executed_goods_amount",
            "未実行: 商品金額",
            "Not executed: goods amount outside the applicability condition.",
            "not_executed_reason = 'goods_amount_out_of_range'"
        ),
        count!(
            "not_executed_to_be_quoted",
            "未実行: 別途連絡",
            "Not executed: shipping or fee is to be quoted.",
            "not_executed_reason = 'amount_to_be_quoted'"
        ),
        count!(
            "not_executed_contract",
            "未実行: 契約期間外",
            "Not executed: outside the contract period with Paygent.",
            "not_executed_reason = 'outside_contract_period'"
        ),
        count!(
            "not_executed_no_card",
            "未実行: カード未登録",
            "Not executed: the member has no stored card.",
            "not_executed_reason = 'no_stored_card'"
        ),
        count!(
            "not_executed_nothing_to_pay",
            "未実行: 0円",
            "Not executed: there is nothing to pay.",
            "not_executed_reason = 'nothing_to_pay'"
        ),
        Column::new(
            "success_rate",
            "初回成功率",
            Unit::BasisPoints,
            "authorized of authorized + failed + open; empty where there are none.",
        )
        .from(
            "CAST(SUM(CASE WHEN outcome = 'authorized' THEN 10000 ELSE 0 END) / \
             NULLIF(SUM(CASE WHEN outcome IN ('authorized', 'failed', 'open') THEN 1 ELSE 0 END), 0) AS BIGINT)",
        )
        .optional(),
        Column::new(
            "final_success_rate",
            "最終成功率",
            Unit::BasisPoints,
            "authorized and recovered of authorized + failed + open; empty where there are none.",
        )
        .from(
            "CAST(SUM(CASE WHEN outcome = 'authorized' OR (outcome IN ('failed', 'open') AND recovered_by IS NOT NULL) \
             THEN 10000 ELSE 0 END) / \
             NULLIF(SUM(CASE WHEN outcome IN ('authorized', 'failed', 'open') THEN 1 ELSE 0 END), 0) AS BIGINT)",
        )
        .optional(),
    ],
    body: "FROM renewal_outcomes GROUP BY shop_id, generation_date",
    by: Some("generation_date"),
    key: "shop_id",
    days_ahead: None,
    example: "SELECT substr(generation_date, 1, 7) AS month, SUM(generated) AS orders,
       SUM(authorized) * 100 / NULLIF(SUM(authorized + failed + open), 0) AS percent_at_once,
       SUM(recovered_by_ladder) AS by_retry, SUM(recovered_by_card_change) AS by_new_card
FROM report_renewals
WHERE shop_id = '02396'
GROUP BY substr(generation_date, 1, 7)
ORDER BY month",
};

/// What comes up (R1).
pub(super) static UPCOMING_RENEWALS: Report = Report {
    name: "upcoming_renewals",
    title: "今後の継続課金",
    row: "All running subscriptions of one shop whose next order is generated on the same day.",
    notes: "Only the next order of each subscription is known; later ones follow when it has been generated. Days before \
            today are orders that are overdue and will be caught up. At the doors the report ends 60 days from today \
            unless `to` is given.",
    projection: "subscription_list",
    columns: &[
        SHOP,
        Column::new("generation_date", "受注反映予定日", Unit::Date, "The day the orders will be generated.")
            .from("next_generation_date"),
        Column::new("renewals", "件数", Unit::Count, "How many.").from("COUNT(*)"),
        Column::new("total_yen", "合計金額", Unit::Yen, "What they cost, without those to be quoted.")
            .from("CAST(SUM(COALESCE(total, 0)) AS BIGINT)"),
        count!("card_renewals", "カード件数", "Of these, paid by card.", "payment_method = 'card'"),
        Column::new("card_yen", "カード金額", Unit::Yen, "What those paid by card cost, without those to be quoted.")
            .from("CAST(SUM(CASE WHEN payment_method = 'card' THEN COALESCE(total, 0) ELSE 0 END) AS BIGINT)"),
        count!("to_be_quoted", "別途連絡", "Of all, with shipping or fee still to be quoted.", "total IS NULL"),
    ],
    body: "FROM subscription_list WHERE next_generation_date IS NOT NULL GROUP BY shop_id, next_generation_date",
    by: Some("generation_date"),
    key: "shop_id",
    days_ahead: Some(60),
    example: "SELECT generation_date, renewals, card_yen
FROM report_upcoming_renewals
WHERE shop_id = '02396'
ORDER BY generation_date",
};
