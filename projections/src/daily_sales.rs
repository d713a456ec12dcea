//! Sales a day: what was authorised, captured, voided, refunded and refused on each business day in Tokyo, per shop.

use crate::payment_report::shop_of_order;
use crate::projection::Fact;
use crate::table::row;
use crate::working_set::{FoldError, WorkingSet};
use chrono::NaiveDate;
use teiki_domain::order::{Details, OrderEvent as Event, Stands};

row! {
    /// One shop on one business day. Numbers of payments and amounts in yen.
    DailySalesRow in "daily_sales" {
        /// `SHOP/DAY`.
        key day_key,
        /// Shop, five digits.
        shop_id: String,
        /// The business day in Tokyo.
        business_day: NaiveDate,
        /// Payments authorised.
        authorized_count: i64,
        /// Their amount in yen.
        authorized_yen: i64,
        /// Payments whose amount was lowered.
        lowered_count: i64,
        /// By how many yen.
        lowered_yen: i64,
        /// Payments captured.
        captured_count: i64,
        /// Their amount in yen.
        captured_yen: i64,
        /// Authorisations cancelled.
        voided_count: i64,
        /// Their amount in yen.
        voided_yen: i64,
        /// Authorisations that ran out.
        expired_count: i64,
        /// Their amount in yen.
        expired_yen: i64,
        /// Sales refunded, as a whole or by lowering them.
        refunded_count: i64,
        /// The amount given back in yen.
        refunded_yen: i64,
        /// Attempts refused.
        failed_count: i64,
        /// Their amount in yen.
        failed_yen: i64,
    }
    indexes { by_shop: "shop_id, business_day", }
}

row! {
    /// Refusals of one shop on one business day under one code of Paygent.
    DailyFailureRow in "daily_failures" {
        /// `SHOP/DAY/CODE`.
        key code_key,
        /// Shop, five digits.
        shop_id: String,
        /// The business day in Tokyo.
        business_day: NaiveDate,
        /// Paygent's code (E4).
        code: String,
        /// Attempts refused.
        failed_count: i64,
        /// Their amount in yen.
        failed_yen: i64,
    }
    indexes { by_shop: "shop_id, business_day, code", }
}

/// A number of payments and their amount in yen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sum {
    count: i64,
    yen: i64,
}

impl Sum {
    fn add(&mut self, yen: i64) {
        self.count += 1;
        self.yen += yen;
    }

    fn since(self, before: Sum) -> Sum {
        Sum { count: self.count - before.count, yen: self.yen - before.yen }
    }
}

/// What the payments of an order amount to as they stand. The figures of a day are differences of it, so that all days
/// together always amount to where the payments stand now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Figures {
    authorized: Sum,
    captured: Sum,
    voided: Sum,
    expired: Sum,
    refunded: Sum,
}

impl Figures {
    pub(crate) fn of(details: &Details) -> Self {
        let mut figures = Self::default();
        // A payment that was lowered goes on as the one that took its place.
        for payment in details.payments.iter().filter(|payment| !payment.lowered) {
            let yen = payment.amount.get();
            figures.authorized.add(yen);
            match payment.stands {
                Stands::Captured => figures.captured.add(yen),
                Stands::Voided => figures.voided.add(yen),
                Stands::Expired => figures.expired.add(yen),
                Stands::Refunded => {
                    figures.captured.add(yen);
                    figures.refunded.add(yen);
                }
                Stands::Authorized | Stands::Refused => {}
            }
        }
        figures
    }
}

fn day_key(order_id: &str, day: NaiveDate) -> String {
    format!("{}/{day}", shop_of_order(order_id))
}

pub(crate) fn touches(fact: &Fact<'_>, event: &Event, day: NaiveDate, rows: &mut WorkingSet) {
    let key = day_key(fact.aggregate_id, day);
    rows.want::<DailySalesRow>(&key);
    if let Event::AuthorizationFailed { code, .. } = event {
        rows.want::<DailyFailureRow>(&format!("{key}/{code}"));
    }
}

pub(crate) fn fold(
    fact: &Fact<'_>,
    event: &Event,
    details: &Details,
    (before, day): (Figures, NaiveDate),
    rows: &mut WorkingSet,
) -> Result<(), FoldError> {
    let after = Figures::of(details);
    let failed = match event {
        Event::AuthorizationFailed { attempt, code, .. } => {
            Some((code, details.attempt(*attempt).map_or(0, |attempt| attempt.amount.get())))
        }
        _ => None,
    };
    if before == after && failed.is_none() {
        return Ok(());
    }
    let (key, shop_id) = (day_key(fact.aggregate_id, day), shop_of_order(fact.aggregate_id));
    let mut row = rows.get::<DailySalesRow>(&key)?.cloned().unwrap_or_else(|| DailySalesRow::empty(&key, shop_id, day));
    row.add(before, after, matches!(event, Event::AmountRevised { .. }));
    if let Some((code, yen)) = failed {
        row.failed_count += 1;
        row.failed_yen += yen;
        let code_key = format!("{key}/{code}");
        let mut failure = rows.get::<DailyFailureRow>(&code_key)?.cloned().unwrap_or_else(|| DailyFailureRow {
            code_key,
            shop_id: shop_id.to_owned(),
            business_day: day,
            code: code.clone(),
            failed_count: 0,
            failed_yen: 0,
        });
        failure.failed_count += 1;
        failure.failed_yen += yen;
        rows.put(failure)?;
    }
    rows.put(row)
}

impl DailySalesRow {
    fn empty(day_key: &str, shop_id: &str, business_day: NaiveDate) -> Self {
        Self {
            day_key: day_key.to_owned(),
            shop_id: shop_id.to_owned(),
            business_day,
            authorized_count: 0,
            authorized_yen: 0,
            lowered_count: 0,
            lowered_yen: 0,
            captured_count: 0,
            captured_yen: 0,
            voided_count: 0,
            voided_yen: 0,
            expired_count: 0,
            expired_yen: 0,
            refunded_count: 0,
            refunded_yen: 0,
            failed_count: 0,
            failed_yen: 0,
        }
    }

    /// Adds what changed. A lowered amount was authorised, and perhaps captured, in full on an earlier day: what is
    /// taken off it now is a figure of its own, not less of those.
    fn add(&mut self, before: Figures, after: Figures, revised: bool) {
        let mut authorized = after.authorized.since(before.authorized);
        let mut captured = after.captured.since(before.captured);
        if revised && authorized.yen < 0 {
            self.lowered_count += 1;
            self.lowered_yen -= authorized.yen;
            authorized.yen = 0;
        }
        if revised && captured.yen < 0 {
            self.refunded_count += 1;
            self.refunded_yen -= captured.yen;
            captured.yen = 0;
        }
        let voided = after.voided.since(before.voided);
        let expired = after.expired.since(before.expired);
        let refunded = after.refunded.since(before.refunded);
        self.authorized_count += authorized.count;
        self.authorized_yen += authorized.yen;
        self.captured_count += captured.count;
        self.captured_yen += captured.yen;
        self.voided_count += voided.count;
        self.voided_yen += voided.yen;
        self.expired_count += expired.count;
        self.expired_yen += expired.yen;
        self.refunded_count += refunded.count;
        self.refunded_yen += refunded.yen;
    }
}
