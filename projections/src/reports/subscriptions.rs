//! Subscriptions: every one, and how many began, ended and run.

use super::report::{Report, ReportColumn as Column, SHOP, Unit};

/// Every subscription.
pub(super) static SUBSCRIPTIONS: Report = Report {
    name: "subscriptions",
    title: "定期購入",
    row: "One subscription.",
    notes: "",
    projection: "subscription_list",
    columns: &[
        Column::new("subscription_id", "定期購入番号", Unit::Id, "Its number."),
        SHOP,
        Column::new("member_id", "会員ID", Unit::Id, "Whose it is, as a number; names are not in any view."),
        Column::new("status", "状態", Unit::Code, "running, paused or ended."),
        Column::new("payment_method", "支払方法", Unit::Code, "card, or external: and the name of another method."),
        Column::new("cycle", "配送サイクル", Unit::Code, "Delivery cycle (R3), such as months:1:31."),
        Column::new("anchor_date", "起点日", Unit::Date, "Date 0 of the cycle.").from("anchor"),
        Column::new("next_delivery_date", "次回配送日", Unit::Date, "Next delivery, if one comes.").optional(),
        Column::new("next_generation_date", "次回受注反映日", Unit::Date, "The day its order is generated.").optional(),
        Column::new("goods_yen", "商品金額", Unit::Yen, "Goods amount of the next order.").from("goods"),
        Column::new(
            "total_yen",
            "合計金額",
            Unit::Yen,
            "Everything to pay for it; empty while something is to be quoted.",
        )
        .from("total")
        .optional(),
        Column::new("orders", "受注回数", Unit::Count, "Orders called for so far."),
        Column::new("started_on", "開始日", Unit::Date, "The business day it began on."),
        Column::new("started_at", "開始日時", Unit::Instant, "When it began."),
        Column::new("ended_at", "終了日時", Unit::Instant, "When it ended.").optional(),
    ],
    body: "FROM subscription_list",
    by: Some("started_on"),
    key: "subscription_id",
    days_ahead: None,
    example: "SELECT cycle, COUNT(*) AS running, SUM(total_yen) AS yen_next_time
FROM report_subscriptions
WHERE shop_id = '02396' AND status = 'running'
GROUP BY cycle
ORDER BY running DESC, cycle",
};

/// Changes a day.
pub(super) static SUBSCRIPTION_DAYS: Report = Report {
    name: "subscription_days",
    title: "日次定期購入数",
    row: "One shop on one business day in Tokyo on which a subscription began, ended, paused or went on.",
    notes: "A day on which nothing changed has no row: what ran at the end of the last row before it still runs.",
    projection: "subscription_counts",
    columns: &[
        SHOP,
        Column::new("business_day", "営業日", Unit::Date, "The business day in Tokyo."),
        Column::new("started", "開始", Unit::Count, "Subscriptions that began."),
        Column::new("ended", "終了", Unit::Count, "Subscriptions that ended, running or paused before.")
            .from("ended_running + ended_paused"),
        Column::new("paused", "休止", Unit::Count, "Subscriptions that paused."),
        Column::new("resumed", "再開", Unit::Count, "Subscriptions that went on after a pause."),
        Column::new("running_at_end", "稼働中", Unit::Count, "Running at the end of the day.").from(
            "CAST(SUM(started + resumed - paused - ended_running) OVER \
             (PARTITION BY shop_id ORDER BY business_day) AS BIGINT)",
        ),
        Column::new("paused_at_end", "休止中", Unit::Count, "Paused at the end of the day.").from(
            "CAST(SUM(paused - resumed - ended_paused) OVER (PARTITION BY shop_id ORDER BY business_day) AS BIGINT)",
        ),
    ],
    body: "FROM subscription_days",
    by: Some("business_day"),
    key: "shop_id",
    days_ahead: None,
    example: "SELECT business_day, started, ended, running_at_end
FROM report_subscription_days
WHERE shop_id = '02396'
ORDER BY business_day",
};

/// Churn a month.
pub(super) static SUBSCRIPTION_MONTHS: Report = Report {
    name: "subscription_months",
    title: "月次解約率",
    row: "One shop in one month in which a subscription began, ended, paused or went on.",
    notes: "The churn rate is what ended in the month, of what ran or paused when it began. A subscription that began and \
            ended in the same month counts among those that ended.",
    projection: "subscription_counts",
    columns: &[
        SHOP,
        Column::new("month", "月", Unit::Month, "The month, of business days in Tokyo."),
        Column::new("running_at_start", "月初稼働中", Unit::Count, "Running when the month began.")
            .from("running_at_end - running_change"),
        Column::new("paused_at_start", "月初休止中", Unit::Count, "Paused when the month began.")
            .from("paused_at_end - paused_change"),
        Column::new("started", "開始", Unit::Count, "Subscriptions that began."),
        Column::new("ended", "終了", Unit::Count, "Subscriptions that ended, running or paused before."),
        Column::new("paused", "休止", Unit::Count, "Subscriptions that paused."),
        Column::new("resumed", "再開", Unit::Count, "Subscriptions that went on after a pause."),
        Column::new("running_at_end", "月末稼働中", Unit::Count, "Running at the end of the month, or now."),
        Column::new("paused_at_end", "月末休止中", Unit::Count, "Paused at the end of the month, or now."),
        Column::new(
            "churn_rate",
            "解約率",
            Unit::BasisPoints,
            "ended of running_at_start + paused_at_start; empty where there were none.",
        )
        .from("ended * 10000 / NULLIF(running_at_end - running_change + paused_at_end - paused_change, 0)")
        .optional(),
    ],
    body: "FROM (SELECT shop_id, month, started, ended, paused, resumed, running_change, paused_change, \
           CAST(SUM(running_change) OVER (PARTITION BY shop_id ORDER BY month) AS BIGINT) AS running_at_end, \
           CAST(SUM(paused_change) OVER (PARTITION BY shop_id ORDER BY month) AS BIGINT) AS paused_at_end \
           FROM (SELECT shop_id, substr(business_day, 1, 7) AS month, \
           CAST(SUM(started) AS BIGINT) AS started, CAST(SUM(ended_running + ended_paused) AS BIGINT) AS ended, \
           CAST(SUM(paused) AS BIGINT) AS paused, CAST(SUM(resumed) AS BIGINT) AS resumed, \
           CAST(SUM(started + resumed - paused - ended_running) AS BIGINT) AS running_change, \
           CAST(SUM(paused - resumed - ended_paused) AS BIGINT) AS paused_change \
           FROM subscription_days GROUP BY shop_id, substr(business_day, 1, 7)) changes) counts",
    by: Some("month"),
    key: "shop_id",
    days_ahead: None,
    example: "SELECT month, started, ended, running_at_end, churn_rate / 100.0 AS churn_percent
FROM report_subscription_months
WHERE shop_id = '02396'
ORDER BY month",
};
