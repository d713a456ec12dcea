//! The shops of this store and the settings in force (S4, S9, S12, S13, S15-S17). Secrets are not in it.

use crate::order_list::sale_mode_text;
use crate::projection::{Fact, Projection};
use crate::query::{QueryError, Select, by_key};
use crate::table::{Row as _, Table, row};
use crate::working_set::{FoldError, WorkingSet};
use chrono::NaiveDate;
use teiki_domain::ids::ShopId;
use teiki_domain::payment_method::SaleMode;
use teiki_domain::recorded::RecordedEvent;
use teiki_domain::shop_settings::{ShopSettingsEvent as Event, VALIDITY_MAX};
use teiki_infrastructure::event_store::Storage;

row! {
    /// One shop.
    ShopRow in "shop_list" {
        /// Its five digits.
        key shop_id,
        /// Its name as buyers read it.
        name: String,
        /// `authorize_only` or `authorize_and_capture` (S4).
        sale_mode: String,
        /// Days between generation and delivery (S16).
        lead_days: i64,
        /// Whether renewals are authorised when the order is generated (S13).
        authorize_at_generation: bool,
        /// Whether cards are offered for subscriptions (S12).
        use_for_subscriptions: bool,
        /// Whether card-expiry mails are sent automatically (S15).
        card_expiry_mails: bool,
        /// Smallest goods amount in yen (S9).
        goods_min: Option<i64>,
        /// Largest goods amount in yen (S9).
        goods_max: Option<i64>,
        /// First day of the merchant contract (S17).
        contract_start: Option<NaiveDate>,
        /// Last day of the merchant contract (S17).
        contract_end: Option<NaiveDate>,
        /// Days after an authorisation on which it can still be captured.
        validity_days: i64,
        /// Days before the last of them from which an order is on the warning list.
        validity_warn_days: i64,
        /// Days on which failed authorisations are tried again, such as `1,3,7`; empty: never.
        retry_ladder: String,
        /// Whether a changed card makes one attempt at once.
        retry_on_card_change: bool,
        /// Whether Paygent sends its notices here.
        receives_notices: bool,
        /// Whether the connection to Paygent was entered (S3).
        connected: bool,
        /// Position of the last event that changed the row.
        updated_position: i64,
    }
    indexes {}
}

/// The projection.
#[derive(Debug)]
pub struct ShopList;

impl Projection for ShopList {
    fn name(&self) -> &'static str {
        "shop_list"
    }

    fn version(&self) -> i64 {
        2
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["shop_settings"]
    }

    fn tables(&self) -> Vec<&'static Table> {
        vec![ShopRow::table()]
    }

    fn touches(&self, fact: &Fact<'_>, rows: &mut WorkingSet) {
        if let RecordedEvent::ShopSettings(_) = fact.event {
            rows.want::<ShopRow>(fact.aggregate_id);
        }
    }

    fn fold(&self, fact: &Fact<'_>, rows: &mut WorkingSet) -> Result<(), FoldError> {
        let RecordedEvent::ShopSettings(event) = fact.event else { return Ok(()) };
        if let Event::ShopOpened { name, .. } = event {
            // The defaults of a shop that was just opened: nothing is charged.
            return rows.put(ShopRow {
                shop_id: fact.aggregate_id.to_owned(),
                name: name.clone(),
                sale_mode: sale_mode_text(SaleMode::AuthorizeOnly).to_owned(),
                lead_days: 0,
                authorize_at_generation: false,
                use_for_subscriptions: false,
                card_expiry_mails: false,
                goods_min: None,
                goods_max: None,
                contract_start: None,
                contract_end: None,
                validity_days: i64::from(VALIDITY_MAX),
                validity_warn_days: 7,
                retry_ladder: String::new(),
                retry_on_card_change: false,
                receives_notices: false,
                connected: false,
                updated_position: fact.position,
            });
        }
        rows.update(fact.aggregate_id, |row: &mut ShopRow| {
            match event {
                Event::ShopOpened { .. } | Event::InstalmentsChanged { .. } | Event::PaymentMethodsChanged { .. } => {}
                Event::ShopRenamed { name } => row.name.clone_from(name),
                // Read from the stream itself where they are needed.
                Event::ShopProfileChanged { .. }
                | Event::MailSenderChanged { .. }
                | Event::InvoiceIssuerChanged { .. }
                | Event::WaybillCarrierChanged { .. }
                | Event::ContractOptionsChanged { .. }
                | Event::NormalPurchaseConfirmed { .. }
                | Event::ThreeDSecureChanged { .. }
                | Event::CardLinkingChanged { .. }
                | Event::DisplayNameChanged { .. }
                | Event::PaymentNotesChanged { .. }
                | Event::PaymentLogoChanged { .. }
                | Event::ShopTextChanged { .. }
                | Event::DeliveryCyclesChanged { .. }
                | Event::CartTextsChanged { .. }
                | Event::CartDesignChanged { .. }
                | Event::MyPageChanged { .. }
                | Event::AccountChanged { .. }
                | Event::ShopWorkReleased { .. } => {}
                Event::ConnectionChanged { .. } => row.connected = true,
                Event::SaleModeChanged { sale_mode } => sale_mode_text(*sale_mode).clone_into(&mut row.sale_mode),
                Event::ApplicabilityChanged { min, max } => {
                    row.goods_min = min.map(|yen| yen.get());
                    row.goods_max = max.map(|yen| yen.get());
                }
                Event::UseForSubscriptionsChanged { enabled } => row.use_for_subscriptions = *enabled,
                Event::AuthorizeAtGenerationChanged { enabled } => row.authorize_at_generation = *enabled,
                Event::CardExpiryMailsChanged { automatic } => row.card_expiry_mails = *automatic,
                Event::LeadTimeChanged { days } => row.lead_days = i64::from(*days),
                Event::ContractPeriodChanged { start, end } => {
                    row.contract_start = *start;
                    row.contract_end = *end;
                }
                Event::AuthorizationValidityChanged { days, warn_days } => {
                    row.validity_days = i64::from(*days);
                    row.validity_warn_days = i64::from(*warn_days);
                }
                Event::RetryPolicyChanged { policy } => {
                    let days: Vec<String> = policy.ladder.iter().map(ToString::to_string).collect();
                    row.retry_ladder = days.join(",");
                    row.retry_on_card_change = policy.on_card_change;
                }
                Event::NoticeKeyChanged { notice_key } => row.receives_notices = notice_key.is_some(),
            }
            row.updated_position = fact.position;
        })
    }
}

/// Every shop, by its digits.
pub async fn all(storage: &Storage) -> Result<Vec<ShopRow>, QueryError> {
    let mut select = Select::of::<ShopRow>();
    select.push(" ORDER BY shop_id").rows(storage).await
}

/// One shop.
pub async fn get(storage: &Storage, shop: ShopId) -> Result<Option<ShopRow>, QueryError> {
    by_key(storage, &shop.to_string()).await
}

#[cfg(test)]
#[path = "shop_list_tests.rs"]
mod tests;
