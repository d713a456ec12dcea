//! The search above the lists (O2): as it was typed, and as the table takes it.

use crate::console::subscriptions::whole_id;
use crate::console::{Language, written};
use chrono::NaiveDate;
use teiki_domain::ids::ShopId;
use teiki_domain::money::Yen;
use teiki_domain::order::Payment;
use teiki_projections::order_list::OrderFilter;

/// Rows of a page that can be chosen.
pub(super) const LIMITS: [u32; 4] = [20, 50, 100, 200];
/// Rows of a page unless another number is chosen.
const LIMIT: u32 = 50;
/// Most characters of a field; longer ones find nothing.
const LONGEST: usize = 100;

/// The fields of the search, as they are typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OrderSearch {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) status: String,
    pub(super) order: String,
    pub(super) transaction_id: String,
    pub(super) member: String,
    pub(super) subscription: String,
    pub(super) amount_min: String,
    pub(super) amount_max: String,
    pub(super) failed_only: String,
    pub(super) undecided_only: String,
    pub(super) limit: String,
}

/// A field that cannot be used, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldError {
    pub(super) field: &'static str,
    pub(super) text: String,
}

impl OrderSearch {
    const NAMES: [&'static str; 12] = [
        "from",
        "to",
        "status",
        "order",
        "transaction_id",
        "member",
        "subscription",
        "amount_min",
        "amount_max",
        "failed_only",
        "undecided_only",
        "limit",
    ];

    fn fields_mut(&mut self) -> [&mut String; 12] {
        [
            &mut self.from,
            &mut self.to,
            &mut self.status,
            &mut self.order,
            &mut self.transaction_id,
            &mut self.member,
            &mut self.subscription,
            &mut self.amount_min,
            &mut self.amount_max,
            &mut self.failed_only,
            &mut self.undecided_only,
            &mut self.limit,
        ]
    }

    /// Reads an address's parameters; others than those of the search are left to whoever knows them.
    pub(super) fn read(query: &str) -> Self {
        let mut search = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if let Some(at) = Self::NAMES.iter().position(|known| *known == name) {
                *search.fields_mut()[at] = value.trim().chars().take(LONGEST).collect();
            }
        }
        search
    }

    /// The search as parameters of an address; empty if nothing is asked for.
    pub(super) fn written(&self) -> String {
        let mut search = self.clone();
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in Self::NAMES.iter().zip(search.fields_mut()) {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }

    /// Whether anything but the number of rows is asked for.
    pub(super) fn narrows(&self) -> bool {
        Self { limit: String::new(), ..self.clone() } != Self::default()
    }

    /// Rows of a page.
    pub(super) fn limit(&self) -> u32 {
        self.limit.parse().ok().filter(|limit| LIMITS.contains(limit)).unwrap_or(LIMIT)
    }

    /// The filter for the table, or every field that cannot be used.
    pub(super) fn filter(
        &self,
        language: Language,
        shop: ShopId,
        today: NaiveDate,
    ) -> Result<OrderFilter, Vec<FieldError>> {
        let mut errors = vec![];
        let mut wrong = |field: &'static str, japanese: &str, english: &str| {
            errors.push(FieldError { field, text: language.t(japanese, english).to_owned() });
        };
        let mut filter = OrderFilter {
            failed_only: !self.failed_only.is_empty(),
            undecided_only: !self.undecided_only.is_empty(),
            ..OrderFilter::default()
        };
        for (field, text, target) in [("from", &self.from, &mut filter.from), ("to", &self.to, &mut filter.to)] {
            if !text.is_empty() {
                *target = written::date(text, today);
                if target.is_none() {
                    let example = "日付は 2026/4/1、4/1、20260401 のように入力してください";
                    wrong(field, example, "Write the date as 2026/4/1, 4/1 or 20260401");
                }
            }
        }
        if filter.from.zip(filter.to).is_some_and(|(from, to)| from > to) {
            wrong("to", "終わりの日付が始まりの日付より前です", "The last date is before the first");
        }
        let amounts = [
            ("amount_min", &self.amount_min, &mut filter.amount_min),
            ("amount_max", &self.amount_max, &mut filter.amount_max),
        ];
        for (field, text, target) in amounts {
            if !text.is_empty() {
                *target = written::yen(text).map(Yen::get);
                if target.is_none() {
                    wrong(field, "金額は数字で入力してください", "Write the amount in digits");
                }
            }
        }
        if !self.status.is_empty() {
            if Payment::CODES.contains(&self.status.as_str()) {
                filter.status = Some(self.status.clone());
            } else {
                wrong("status", "決済状況を選び直してください", "Choose a payment status of the list");
            }
        }
        let whole = |text: &str| if text.is_empty() { String::new() } else { whole_id(shop, text) };
        let (order, transaction) = (whole(&self.order), written::narrow(&self.transaction_id));
        let transaction = transaction.trim_matches(['[', ']']).trim().to_owned();
        let (member, subscription) = (whole(&self.member), whole(&self.subscription));
        filter.order = order.parse().ok();
        filter.transaction_id = transaction.parse().ok();
        filter.member = member.parse().ok();
        filter.subscription = subscription.parse().ok();
        if !order.is_empty() && filter.order.is_none() {
            let example = "受注番号は 02396-S00000012-20260401 または S00000012-20260401 のように入力してください";
            wrong("order", example, "Write the order number as 02396-S00000012-20260401");
        }
        if !transaction.is_empty() && filter.transaction_id.is_none() {
            wrong("transaction_id", "取引IDは20桁の数字です", "A transaction ID has 20 digits");
        }
        if !member.is_empty() && filter.member.is_none() {
            let example = "会員IDは 02396-M00000012 または M00000012 のように入力してください";
            wrong("member", example, "Write the member ID as 02396-M00000012");
        }
        if !subscription.is_empty() && filter.subscription.is_none() {
            let example = "定期購入番号は 02396-S00000012 または S00000012 のように入力してください";
            wrong("subscription", example, "Write the subscription number as 02396-S00000012");
        }
        if errors.is_empty() { Ok(filter) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        "2026-04-20".parse().unwrap()
    }

    #[test]
    fn o2_a_search_survives_as_an_address() {
        let query = "from=4%2F1&status=failed&member=%E5%B1%B1&limit=20&other=1";
        let search = OrderSearch::read(query);
        assert_eq!((search.from.as_str(), search.member.as_str(), search.limit()), ("4/1", "山", 20));
        assert_eq!(OrderSearch::read(&search.written()), search);
        assert_eq!(OrderSearch::read("limit=7").limit(), LIMIT);
        assert!(!OrderSearch::read("limit=20").narrows() && search.narrows());
    }

    #[test]
    fn o2_numbers_may_be_typed_without_the_digits_of_the_shop() {
        let short = OrderSearch::read("order=S0001-20260401&member=%EF%BC%AD0001&subscription=S0001");
        let whole = OrderSearch::read("order=02396-S0001-20260401&member=02396-M0001&subscription=02396-S0001");
        let filter =
            |search: OrderSearch| search.filter(Language::Japanese, "02396".parse().unwrap(), today()).unwrap();
        let (short, whole) = (filter(short), filter(whole));
        assert!(short.order.is_some() && short.member.is_some() && short.subscription.is_some());
        assert_eq!((short.order, short.member, short.subscription), (whole.order, whole.member, whole.subscription));
    }

    #[test]
    fn o2_what_is_typed_becomes_a_filter_or_an_error_at_its_field() {
        let language = Language::Japanese;
        let search = OrderSearch::read(
            "from=2026/4/1&to=20260430&amount_min=1,000&amount_max=%EF%BC%92000%E5%86%86&failed_only=1\
             &transaction_id=[02396000000000831705]",
        );
        let filter = search.filter(language, "02396".parse().unwrap(), today()).unwrap();
        assert_eq!(filter.from, "2026-04-01".parse().ok());
        assert_eq!(filter.to, "2026-04-30".parse().ok());
        assert_eq!((filter.amount_min, filter.amount_max), (Some(1_000), Some(2_000)));
        assert!(filter.failed_only && filter.transaction_id.is_some());
        for (query, field) in [
            ("from=4/31", "from"),
            ("from=4/2&to=4/1", "to"),
            ("amount_max=many", "amount_max"),
            ("status=nothing", "status"),
            ("order=1", "order"),
            ("transaction_id=1", "transaction_id"),
            ("member=%E5%B1%B1", "member"),
            ("subscription=<script>", "subscription"),
        ] {
            let errors = OrderSearch::read(query).filter(language, "02396".parse().unwrap(), today()).unwrap_err();
            assert_eq!(errors.iter().map(|error| error.field).collect::<Vec<_>>(), [field], "{query}");
        }
    }
}
