//! The browser's script: the part of Paygent's own that a storefront uses, against the simulator that served it.

/// Where the script is served.
pub(crate) const PATH: &str = "/js/PaygentToken.js";

/// `PaygentToken.createToken(merchant_id, token_key, card, callback)`; the number goes nowhere but to the simulator.
pub(crate) const SCRIPT: &str = include_str!("paygent_token.js");
