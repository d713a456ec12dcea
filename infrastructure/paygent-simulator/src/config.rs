//! What a simulator is started with.

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use chrono::{DateTime, Utc};

use crate::faults::RandomFaults;

/// Everything a [`Simulator`](crate::Simulator) is started with. [`Config::new`] fills in defaults for a test.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address of the TLS server; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Address of the plain-HTTP control port, which must be a loopback address; `None` opens none.
    pub control: Option<SocketAddr>,
    /// Folder of `ca.pem`, `client.pem`, `server.pem` and `server.key`; made when it is not there.
    pub certificates: PathBuf,
    /// The contracted merchants; at least one.
    pub merchants: Vec<Merchant>,
    /// File that keeps the ledger between processes; `None` keeps it in memory only.
    pub ledger_file: Option<PathBuf>,
    /// Fixed time that every telegram takes before it books.
    pub latency: Duration,
    /// Faults drawn at random, after the scripted ones.
    pub random_faults: Option<RandomFaults>,
    /// How long a card token can be used, on the simulator's clock. The real lifetime is not known.
    pub token_lifetime: Duration,
    /// The moment at which the simulator's clock stands; `None` follows the real time.
    pub now: Option<DateTime<Utc>>,
    /// Whether replies use the liberties the protocol allows: changing key order, some leading empty lines.
    pub awkward_replies: bool,
    /// Which `trading_id` the new payment of a revision (028, 029) carries; not known of the real Paygent.
    pub revision_trading_id: RevisionTradingId,
    /// Whether to keep a record of every telegram; without it only the counts by kind are kept.
    pub keep_telegrams: bool,
    /// Gap before a notice that the merchant did not take is posted again.
    pub notice_retry: Duration,
    /// Pause of a merchant's notices after five failures in a row; Paygent's is 15 minutes.
    pub notice_pause: Duration,
    /// Threads of the server; one is enough for thousands of telegrams a second.
    pub threads: usize,
}

impl Config {
    /// Any free loopback port, no control port, one demonstration merchant, nothing kept on disk but certificates.
    pub fn new(certificates: impl Into<PathBuf>) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            control: None,
            certificates: certificates.into(),
            merchants: vec![Merchant::demonstration()],
            ledger_file: None,
            latency: Duration::ZERO,
            random_faults: None,
            token_lifetime: Duration::from_secs(3600),
            now: None,
            awkward_replies: true,
            revision_trading_id: RevisionTradingId::SameAsBase,
            keep_telegrams: true,
            notice_retry: Duration::from_millis(200),
            notice_pause: Duration::from_secs(15 * 60),
            threads: 1,
        }
    }
}

/// The `trading_id` of the payment that a revision makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RevisionTradingId {
    /// The base payment's own, so that the `trading_id` becomes ambiguous: the harder case for a client.
    #[default]
    SameAsBase,
    /// None at all, so that the `trading_id` keeps pointing to the base payment.
    Empty,
}

/// One merchant's contract and credentials.
#[derive(Clone)]
pub struct Merchant {
    /// `merchant_id`, at most 9 digits.
    pub merchant_id: String,
    /// `connect_id`, at most 32 letters and digits.
    pub connect_id: String,
    /// `connect_password`, at most 32 letters and digits.
    pub connect_password: String,
    /// `token_generate_key`, which the browser sends to obtain a card token.
    pub token_key: String,
    /// Key of the hash in the token reply.
    pub token_receipt_key: String,
    /// Key of the hash in difference notices (091).
    pub notice_key: String,
    /// Whether stored cards are contracted (P021, P024 otherwise).
    pub card_vault: bool,
    /// Whether revising to a lower amount is contracted (P029 otherwise).
    pub reduction: bool,
    /// The payment classes allowed (P030 otherwise).
    pub payment_classes: Vec<u8>,
}

impl Merchant {
    /// A merchant with the given credentials and every option contracted.
    pub fn new(
        merchant_id: impl Into<String>,
        connect_id: impl Into<String>,
        connect_password: impl Into<String>,
        token_key: impl Into<String>,
    ) -> Self {
        let token_key = token_key.into();
        Self {
            merchant_id: merchant_id.into(),
            connect_id: connect_id.into(),
            connect_password: connect_password.into(),
            token_receipt_key: format!("receipt_{token_key}"),
            notice_key: format!("notice_{token_key}"),
            token_key,
            card_vault: true,
            reduction: true,
            payment_classes: vec![10, 23, 61, 80],
        }
    }

    /// The merchant of [`Config::new`]: 12345, `simulatorshop`, `simulatorpass`, `simulator_token_key`.
    pub fn demonstration() -> Self {
        Self::new("12345", "simulatorshop", "simulatorpass", "simulator_token_key")
    }
}

impl fmt::Debug for Merchant {
    /// Names the merchant and its options; passwords and keys stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merchant")
            .field("merchant_id", &self.merchant_id)
            .field("card_vault", &self.card_vault)
            .field("reduction", &self.reduction)
            .field("payment_classes", &self.payment_classes)
            .finish_non_exhaustive()
    }
}
