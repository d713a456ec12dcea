//! A stand-in for Paygent: its card protocol over mutual TLS, a ledger of what it booked, and faults on demand.
//!
//! It reads the protocol by itself and shares no code with the client it is spoken to by, so that a misreading on one
//! side shows. The ledger is the judge in crash tests: [`Ledger::doubled_trading_ids`] names every double charge.
//!
//! ```no_run
//! use paygent_simulator::{Config, Fault, Rule, Simulator, TelegramKind, TestCard};
//! # fn main() -> Result<(), paygent_simulator::SimulatorError> {
//! let simulator = Simulator::start(Config::new("certificates"))?;
//! let token = simulator.issue_token(&TestCard::working());
//! simulator.script(Rule::once(Fault::LoseReply).on(TelegramKind::Authorise));
//! println!("{} would take {token}", simulator.base_url());
//! simulator.shutdown()
//! # }
//! ```

mod authorise;
mod book;
mod cards;
mod certificates;
mod changes;
mod clock;
mod config;
mod console;
mod context;
mod control;
mod entries;
mod error;
mod faults;
mod gateway;
mod inquiry;
mod kind;
mod ledger;
mod notices;
mod persistence;
mod refusal;
mod sandbox;
mod script_file;
mod server;
mod shared;
mod simulator;
mod telegram;
mod token;

pub use certificates::Certificates;
pub use config::{Config, Merchant, RevisionTradingId};
pub use console::ConsoleAction;
pub use entries::Delivery;
pub use error::{Result, SimulatorError};
pub use faults::{Chance, Fault, RandomFaults, Rule};
pub use kind::TelegramKind;
pub use ledger::{CardRecord, Ledger, PaymentRecord, Summary, TelegramRecord};
pub use notices::{Mischief, NoticeCounts};
pub use simulator::Simulator;
pub use token::TestCard;
