//! Whether a renewal is authorised at all (S9, R5).

use crate::basket::Basket;
use crate::money::Yen;
use crate::payment_method::{PaymentMethod, SaleMode};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The settings a renewal needs, as in force at the moment of the decision. They travel in the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenewalTerms {
    /// S4.
    pub sale_mode: SaleMode,
    /// S13: authorise when the order is generated.
    pub authorize_at_generation: bool,
    /// S9: smallest goods amount, inclusive, in yen.
    pub goods_min: Option<Yen>,
    /// S9: largest goods amount, inclusive, in yen.
    pub goods_max: Option<Yen>,
    /// S17: first day of the merchant contract.
    pub contract_start: Option<NaiveDate>,
    /// S17: last day of the merchant contract.
    pub contract_end: Option<NaiveDate>,
    /// S16: days between the generation of an order and its delivery date.
    pub lead_days: u16,
}

/// Why no authorisation was tried (未実行, R5): the manual's four reasons and three of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotExecutedReason {
    /// R5-1: authorise-at-generation is off.
    AuthorizeAtGenerationOff,
    /// R5-2: the goods amount is outside the applicability condition.
    GoodsAmountOutOfRange {
        /// Goods amount in yen.
        goods: Yen,
        /// Smallest allowed.
        min: Option<Yen>,
        /// Largest allowed.
        max: Option<Yen>,
    },
    /// R5-3: shipping or fee is to be quoted.
    AmountToBeQuoted,
    /// R5-4: today is outside the contract period with Paygent.
    OutsideContractPeriod,
    /// Ours: the member has no card in the vault, so there is nothing to authorise.
    NoStoredCard,
    /// Ours: everything together costs nothing, so there is nothing to charge.
    NothingToPay,
    /// Ours: the order came back from another payment method to the card, and nobody has tried the card since.
    PaymentMethodChanged,
}

impl NotExecutedReason {
    /// A stable name for filters and interfaces.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AuthorizeAtGenerationOff => "authorize_at_generation_off",
            Self::GoodsAmountOutOfRange { .. } => "goods_amount_out_of_range",
            Self::AmountToBeQuoted => "amount_to_be_quoted",
            Self::OutsideContractPeriod => "outside_contract_period",
            Self::NoStoredCard => "no_stored_card",
            Self::NothingToPay => "nothing_to_pay",
            Self::PaymentMethodChanged => "payment_method_changed",
        }
    }
}

/// What the operator reads.
impl fmt::Display for NotExecutedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AuthorizeAtGenerationOff => f.write_str("与信の同時実行が設定されていません"),
            Self::GoodsAmountOutOfRange { goods, .. } => write!(f, "商品金額{goods}が適用条件の範囲外です"),
            Self::AmountToBeQuoted => f.write_str("送料または手数料が別途連絡です"),
            Self::OutsideContractPeriod => f.write_str("ペイジェントの契約期間外です"),
            Self::NoStoredCard => f.write_str("会員のカードが登録されていません"),
            Self::NothingToPay => f.write_str("お支払い金額が0円です"),
            Self::PaymentMethodChanged => f.write_str("支払方法の変更後、オーソリを実行していません"),
        }
    }
}

/// What is to be done about the payment of a newly generated order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentPlan {
    /// Settled outside; nothing to do.
    External,
    /// Not authorised, for this reason.
    NotExecuted(NotExecutedReason),
    /// Authorise this amount, in yen.
    Authorize(Yen),
}

/// Decides what is to be done about the payment of an order generated `today`, in the order of the manual's list (R5).
pub fn payment_plan(
    terms: &RenewalTerms,
    method: &PaymentMethod,
    basket: &Basket,
    has_card: bool,
    today: NaiveDate,
) -> PaymentPlan {
    use NotExecutedReason as Reason;
    if !method.is_card() {
        return PaymentPlan::External;
    }
    if !terms.authorize_at_generation {
        return PaymentPlan::NotExecuted(Reason::AuthorizeAtGenerationOff);
    }
    let goods = basket.goods().unwrap_or(Yen::MAX);
    if terms.goods_min.is_some_and(|min| goods < min) || terms.goods_max.is_some_and(|max| goods > max) {
        let reason = Reason::GoodsAmountOutOfRange { goods, min: terms.goods_min, max: terms.goods_max };
        return PaymentPlan::NotExecuted(reason);
    }
    let Some(total) = basket.total() else {
        return PaymentPlan::NotExecuted(Reason::AmountToBeQuoted);
    };
    if terms.contract_start.is_some_and(|start| today < start) || terms.contract_end.is_some_and(|end| today > end) {
        return PaymentPlan::NotExecuted(Reason::OutsideContractPeriod);
    }
    if total == Yen::ZERO {
        return PaymentPlan::NotExecuted(Reason::NothingToPay);
    }
    if !has_card {
        return PaymentPlan::NotExecuted(Reason::NoStoredCard);
    }
    PaymentPlan::Authorize(total)
}
