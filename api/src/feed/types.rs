//! Which events a reader wants.

use super::table;
use std::fmt;
use std::str::FromStr;

/// Longest filter in characters.
const TEXT_MAX: usize = 4_000;

/// A filter of event types, such as `order.*,member.registered`; empty: all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventTypes(Vec<String>);

/// A filter that names nothing there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventTypesError {
    /// No event is called so.
    #[error("{0:?} is no event type; write names such as order.authorization_failed, or all of a noun as order.*")]
    Unknown(String),
    /// Too long.
    #[error("the filter is longer than {TEXT_MAX} characters; use order.* and the like")]
    TooLong,
}

impl EventTypes {
    /// Whether events of this name are wanted.
    pub fn take(&self, name: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| matches(pattern, name))
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

impl FromStr for EventTypes {
    type Err = EventTypesError;
    fn from_str(text: &str) -> Result<Self, EventTypesError> {
        if text.len() > TEXT_MAX {
            return Err(EventTypesError::TooLong);
        }
        let mut patterns: Vec<String> = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            // Only whole nouns: `order.a*` would change its meaning with every new event.
            let whole = part == "*" || !part.contains('*') || part.ends_with(".*");
            if !whole || !table::names().any(|(name, _)| matches(part, name)) {
                return Err(EventTypesError::Unknown(part.chars().take(64).collect()));
            }
            patterns.push(part.to_owned());
        }
        patterns.sort_unstable();
        patterns.dedup();
        if patterns.iter().any(|pattern| pattern == "*") {
            patterns.clear();
        }
        Ok(Self(patterns))
    }
}

impl fmt::Display for EventTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_takes_names_and_whole_nouns_and_refuses_what_does_not_exist() {
        let some: EventTypes = " order.*, member.registered".parse().unwrap();
        for (name, taken) in [
            ("order.generated", true),
            ("order.authorization_failed", true),
            ("member.registered", true),
            ("member.card_registered", false),
            ("shop.opened", false),
        ] {
            assert_eq!(some.take(name), taken, "{name}");
        }
        assert_eq!(some.to_string().parse::<EventTypes>().unwrap(), some);
        for all in ["", " , ", "*", "order.*,*"] {
            assert!(all.parse::<EventTypes>().unwrap().take("shop.opened"), "{all:?}");
        }
        for bad in ["order", "order.gen*", "orders.*", "order.Generated", "**", "*.generated", "order.generated.*"] {
            assert!(bad.parse::<EventTypes>().is_err(), "{bad}");
        }
    }
}
