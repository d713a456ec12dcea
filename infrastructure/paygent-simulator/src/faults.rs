//! Faults: scripted ones, met in the order of their rules, and random ones from a seed.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};

use crate::{kind::TelegramKind, refusal::usual_detail};

/// What a fault does to a telegram. "Booked" means processed as if nothing were wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// Answers with this code. For 020 the card network's codes (2001, 2002, 2003, 2008) leave a failed payment
    /// behind, as in a real decline; everything else is refused without a trace.
    Answer {
        /// `response_code`.
        code: String,
        /// `response_detail`.
        #[serde(default)]
        detail: String,
    },
    /// Waits, then books and answers. The booking takes place even if the client has gone by then.
    DelayBefore {
        /// The wait in milliseconds.
        milliseconds: u64,
    },
    /// Books, waits, then answers.
    DelayAfter {
        /// The wait in milliseconds.
        milliseconds: u64,
    },
    /// Books, then closes the connection without an answer.
    LoseReply,
    /// Closes the connection; nothing is booked.
    DropBeforeBooking,
    /// Closes the connection at once and books later (or when the simulator is shut down before that).
    BookLate {
        /// How much later, in milliseconds.
        milliseconds: u64,
    },
    /// Books and sends the first half of the answer, then closes the connection.
    HalfReply,
    /// Books and answers with something that is no reply of Paygent's.
    Garbage,
    /// Books and answers with bytes that are not valid in the reply's encoding.
    WrongEncoding,
    /// Answers HTTP 503; nothing is booked.
    Http503,
}

impl Fault {
    /// A decline with a code and the card network's detail, such as `"1G02"` with its quotes.
    pub fn decline(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Answer { code: code.into(), detail: detail.into() }
    }

    /// 2008: the card network timed out and Paygent reverses by itself.
    pub fn network_timeout() -> Self {
        Self::usual("2008")
    }

    /// 9005: the record is locked; try again.
    pub fn locked() -> Self {
        Self::usual("9005")
    }

    /// E002: too many requests; try again later.
    pub fn access_limit() -> Self {
        Self::usual("E002")
    }

    /// P017: maintenance.
    pub fn maintenance() -> Self {
        Self::usual("P017")
    }

    fn usual(code: &str) -> Self {
        Self::decline(code, usual_detail(code))
    }

    /// As it is called in counts: its tag, or the code it answers with.
    pub fn name(&self) -> &str {
        match self {
            Self::Answer { code, .. } => code,
            Self::DelayBefore { .. } => "delay_before",
            Self::DelayAfter { .. } => "delay_after",
            Self::LoseReply => "lose_reply",
            Self::DropBeforeBooking => "drop_before_booking",
            Self::BookLate { .. } => "book_late",
            Self::HalfReply => "half_reply",
            Self::Garbage => "garbage",
            Self::WrongEncoding => "wrong_encoding",
            Self::Http503 => "http503",
        }
    }
}

/// A fault and the telegrams it is for. Everything left out matches anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Only telegrams of this kind.
    #[serde(default)]
    pub kind: Option<TelegramKind>,
    /// Only telegrams that carry this `trading_id`.
    #[serde(default)]
    pub trading_id: Option<String>,
    /// Only telegrams that carry this `customer_id`.
    #[serde(default)]
    pub customer_id: Option<String>,
    /// How many telegrams it is still for; `None` means all of them, and a rule at 0 is gone.
    #[serde(default)]
    pub remaining: Option<u32>,
    /// What happens to them.
    #[serde(flatten)]
    pub fault: Fault,
}

impl Rule {
    /// The fault for every telegram.
    pub fn always(fault: Fault) -> Self {
        Self { kind: None, trading_id: None, customer_id: None, remaining: None, fault }
    }

    /// The fault for the next telegram only.
    pub fn once(fault: Fault) -> Self {
        Self::always(fault).times(1)
    }

    /// Restricts the rule to the next `count` matching telegrams.
    pub fn times(self, count: u32) -> Self {
        Self { remaining: Some(count), ..self }
    }

    /// Restricts the rule to one kind of telegram.
    pub fn on(self, kind: TelegramKind) -> Self {
        Self { kind: Some(kind), ..self }
    }

    /// Restricts the rule to one `trading_id`.
    pub fn for_trading_id(self, trading_id: impl Into<String>) -> Self {
        Self { trading_id: Some(trading_id.into()), ..self }
    }

    /// Restricts the rule to one `customer_id`.
    pub fn for_customer(self, customer_id: impl Into<String>) -> Self {
        Self { customer_id: Some(customer_id.into()), ..self }
    }

    fn matches(&self, kind: TelegramKind, trading_id: Option<&str>, customer_id: Option<&str>) -> bool {
        self.remaining != Some(0)
            && self.kind.is_none_or(|wanted| wanted == kind)
            && self.trading_id.as_deref().is_none_or(|wanted| Some(wanted) == trading_id)
            && self.customer_id.as_deref().is_none_or(|wanted| Some(wanted) == customer_id)
    }
}

/// Faults drawn at random: each has a chance of this size (0.0 to 1.0) for every telegram, at most one at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomFaults {
    /// The same seed and the same order of telegrams give the same faults.
    pub seed: u64,
    /// The kinds of telegram that are affected; empty means all.
    #[serde(default)]
    pub kinds: Vec<TelegramKind>,
    /// The faults and the chance of each.
    pub chances: Vec<Chance>,
}

/// One fault and its chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chance {
    /// From 0.0 (never) to 1.0 (always).
    pub probability: f64,
    /// What happens.
    #[serde(flatten)]
    pub fault: Fault,
}

/// The rules in force and the random source behind them.
#[derive(Debug, Default)]
pub(crate) struct Script {
    rules: Vec<Rule>,
    random: Option<(RandomFaults, StdRng)>,
    met: BTreeMap<String, u64>,
}

impl Script {
    pub(crate) fn new(random: Option<RandomFaults>) -> Self {
        let mut script = Self::default();
        script.set_random(random);
        script
    }

    pub(crate) fn set_random(&mut self, random: Option<RandomFaults>) {
        self.random = random.map(|faults| {
            let source = StdRng::seed_from_u64(faults.seed);
            (faults, source)
        });
    }

    pub(crate) fn add(&mut self, rules: impl IntoIterator<Item = Rule>) {
        self.rules.extend(rules);
        self.rules.retain(|rule| rule.remaining != Some(0));
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// How often each fault was met, by its name.
    pub(crate) fn met(&self) -> &BTreeMap<String, u64> {
        &self.met
    }

    /// The fault for this telegram, if any; uses it up.
    pub(crate) fn pick(
        &mut self,
        kind: TelegramKind,
        trading_id: Option<&str>,
        customer_id: Option<&str>,
    ) -> Option<Fault> {
        let fault = self.choose(kind, trading_id, customer_id)?;
        *self.met.entry(fault.name().to_owned()).or_default() += 1;
        Some(fault)
    }

    fn choose(&mut self, kind: TelegramKind, trading_id: Option<&str>, customer_id: Option<&str>) -> Option<Fault> {
        if let Some(at) = self.rules.iter().position(|rule| rule.matches(kind, trading_id, customer_id)) {
            let rule = &mut self.rules[at];
            let fault = rule.fault.clone();
            rule.remaining = rule.remaining.map(|count| count - 1);
            if rule.remaining == Some(0) {
                self.rules.remove(at);
            }
            return Some(fault);
        }
        let (faults, source) = self.random.as_mut()?;
        if !faults.kinds.is_empty() && !faults.kinds.contains(&kind) {
            return None;
        }
        let mut drawn: f64 = source.random();
        for chance in &faults.chances {
            if drawn < chance.probability {
                return Some(chance.fault.clone());
            }
            drawn -= chance.probability;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_met_in_their_order_and_go_when_used_up() {
        let mut script = Script::default();
        script.add([
            Rule::once(Fault::LoseReply).on(TelegramKind::Authorise),
            Rule::always(Fault::Http503).for_trading_id("a").times(2),
            Rule::once(Fault::Garbage).times(0),
        ]);
        let mut pick = |kind, trading_id| script.pick(kind, Some(trading_id), None);
        assert_eq!(pick(TelegramKind::Inquiry, "b"), None);
        assert_eq!(pick(TelegramKind::Authorise, "a"), Some(Fault::LoseReply));
        assert_eq!(pick(TelegramKind::Authorise, "a"), Some(Fault::Http503));
        assert_eq!(pick(TelegramKind::Authorise, "a"), Some(Fault::Http503));
        assert_eq!(pick(TelegramKind::Authorise, "a"), None);
        assert!(script.rules().is_empty());
        let met: Vec<(&str, u64)> = script.met().iter().map(|(name, count)| (name.as_str(), *count)).collect();
        assert_eq!(met, [("http503", 2), ("lose_reply", 1)]);
    }

    #[test]
    fn random_faults_repeat_with_their_seed_and_keep_their_share() {
        let faults = |seed| RandomFaults {
            seed,
            kinds: vec![TelegramKind::Authorise],
            chances: vec![
                Chance { probability: 0.25, fault: Fault::LoseReply },
                Chance { probability: 0.25, fault: Fault::Http503 },
            ],
        };
        let run = |seed| -> Vec<Option<Fault>> {
            let mut script = Script::new(Some(faults(seed)));
            (0..1000).map(|_| script.pick(TelegramKind::Authorise, None, None)).collect()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let lost = run(7).iter().filter(|fault| **fault == Some(Fault::LoseReply)).count();
        assert!((200..300).contains(&lost), "{lost} of 1000 at a chance of a quarter");
        let mut script = Script::new(Some(faults(7)));
        assert!((0..100).all(|_| script.pick(TelegramKind::Inquiry, None, None).is_none()));
    }

    #[test]
    fn a_rule_reads_from_flat_json() {
        let rule: Rule =
            serde_json::from_str(r#"{"kind":"020","remaining":1,"fault":"book_late","milliseconds":50}"#).unwrap();
        assert_eq!(rule, Rule::once(Fault::BookLate { milliseconds: 50 }).on(TelegramKind::Authorise));
    }
}
