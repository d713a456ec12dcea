//! What each mail says. Pure: from data to subject and body.
//!
//! The two card forms are the fixed texts of the manual (pp. 48-49) in their meaning and with their placeholders; the
//! sentences are ours.

pub mod card_changed;
pub mod card_expiry;
pub mod card_expiry_list;
pub mod delivery_notice;
pub mod order_confirmation;
mod parts;
pub mod thanks;

#[cfg(test)]
mod golden;
