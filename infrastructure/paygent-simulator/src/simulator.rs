//! The running simulator and its handle.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    thread::JoinHandle,
};

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::{
    book::Book,
    certificates::Certificates,
    config::Config,
    console::{self, ConsoleAction},
    control,
    error::{Result, SimulatorError},
    faults::{RandomFaults, Rule},
    ledger::Ledger,
    notices::{self, Mischief, NoticeCounts},
    persistence,
    server::{self, Tls},
    shared::Shared,
    token::{self, TestCard},
};

/// A running simulator. It serves on a thread of its own, so it can be used from any runtime or from none.
///
/// Dropping it stops it as [`shutdown`](Self::shutdown) does, but an error in saving is only logged.
pub struct Simulator {
    shared: Arc<Shared>,
    certificates: Certificates,
    address: SocketAddr,
    control: Option<SocketAddr>,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Simulator {
    /// Makes or re-uses the certificates, loads the ledger file if there is one, binds the ports and begins to serve.
    ///
    /// # Errors
    /// No merchant or two with the same id, a control address that is not loopback, unusable certificates or ledger,
    /// a port that is taken.
    pub fn start(config: Config) -> Result<Self> {
        validate(&config)?;
        let certificates = Certificates::ensure(&config.certificates)?;
        let tls = Tls::load(&certificates)?;
        let book = config.ledger_file.as_deref().map_or_else(|| Ok(Book::default()), persistence::load)?;
        let (listener, address) = listen(config.listen)?;
        let control = config.control.map(listen).transpose()?;
        let (control, control_address) = control.unzip();

        let runtime = if config.threads > 1 {
            tokio::runtime::Builder::new_multi_thread().worker_threads(config.threads).enable_all().build()
        } else {
            tokio::runtime::Builder::new_current_thread().enable_all().build()
        };
        let runtime = runtime.map_err(|error| SimulatorError::Thread(error.to_string()))?;
        let shared = Arc::new(Shared::new(config, book));
        let serving = shared.clone();
        let thread = std::thread::Builder::new()
            .name("paygent-simulator".into())
            .spawn(move || runtime.block_on(run(serving, tls, listener, control)))
            .map_err(|error| SimulatorError::Thread(error.to_string()))?;
        Ok(Self { shared, certificates, address, control: control_address, thread: Some(thread) })
    }

    /// `https://127.0.0.1:PORT`, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// `http://127.0.0.1:PORT` of the control port, if it is open.
    pub fn control_url(&self) -> Option<String> {
        self.control.map(|address| format!("http://{address}"))
    }

    /// The CA bundle a client needs (`ca.pem`).
    pub fn ca_certificate(&self) -> PathBuf {
        self.certificates.ca()
    }

    /// The client certificate with its key (`client.pem`).
    pub fn client_certificate(&self) -> PathBuf {
        self.certificates.client()
    }

    /// Sets the simulator's clock; it then stands still.
    pub fn set_now(&self, now: DateTime<Utc>) {
        self.shared.clock.set(Some(now));
    }

    /// Lets the simulator's clock follow the real time again.
    pub fn follow_real_time(&self) {
        self.shared.clock.set(None);
    }

    /// The present time on the simulator's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.shared.clock.now()
    }

    /// What has been booked.
    pub fn ledger(&self) -> Ledger {
        Ledger { shared: self.shared.clone() }
    }

    /// A token of the first merchant for a card, as a browser would obtain it; empty when the number has not 13 to 19
    /// digits or the month does not exist. The expiry is not checked here, only when the token is used.
    pub fn issue_token(&self, card: &TestCard) -> String {
        let first = self.shared.config.merchants.first().map(|merchant| merchant.merchant_id.as_str());
        self.issue_token_for(first.unwrap_or_default(), card)
    }

    /// As [`issue_token`](Self::issue_token), for the merchant with this id; empty when it is not configured.
    pub fn issue_token_for(&self, merchant_id: &str, card: &TestCard) -> String {
        let (Some((_, merchant)), Some(card)) = (self.shared.merchant(merchant_id), card.card()) else {
            return String::new();
        };
        let valid_until = self.shared.clock.now() + self.shared.config.token_lifetime;
        token::issue(&mut self.shared.book(), merchant, card, valid_until)
    }

    /// Stores the same card for many customers of the first merchant; returns their `customer_card_id`s in order.
    ///
    /// Returns nothing when the card is impossible. The limit of ten cards per customer is not checked.
    pub fn seed_cards<I>(&self, customers: I, card: &TestCard) -> Vec<String>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let first = self.shared.config.merchants.first().map(|merchant| merchant.merchant_id.as_str());
        self.seed_cards_for(first.unwrap_or_default(), customers, card)
    }

    /// As [`seed_cards`](Self::seed_cards), for the merchant with this id.
    pub fn seed_cards_for<I>(&self, merchant_id: &str, customers: I, card: &TestCard) -> Vec<String>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        seed_cards(&self.shared, merchant_id, customers, card)
    }

    /// Adds a rule behind those in force.
    pub fn script(&self, rule: Rule) {
        self.shared.script().add([rule]);
    }

    /// The rules still in force, with their remaining counts.
    pub fn rules(&self) -> Vec<Rule> {
        self.shared.script().rules().to_vec()
    }

    /// Removes every rule; random faults stay.
    pub fn clear_script(&self) {
        self.shared.script().clear();
    }

    /// Begins with these random faults, or ends them with `None`.
    pub fn set_random_faults(&self, faults: Option<RandomFaults>) {
        self.shared.script().set_random(faults);
    }

    /// Posts the first merchant's notices to `http://HOST:PORT/PATH`, from the next one it has not had; `None` posts no
    /// more, so that they are only fetched.
    pub fn set_notice_url(&self, url: Option<&str>) {
        self.shared.set_notice_url(0, url.map(str::to_owned));
    }

    /// Lets these things go wrong with notices from now on.
    pub fn set_mischief(&self, mischief: Mischief) {
        self.shared.notices().mischief = mischief;
    }

    /// What became of the notices so far.
    pub fn notice_counts(&self) -> NoticeCounts {
        self.shared.notice_counts()
    }

    /// Changes a payment as a person at Paygent's own console would; says whether its status allowed it.
    pub fn console(&self, payment_id: &str, action: ConsoleAction) -> bool {
        let (now, revised) = (self.shared.clock.now(), self.shared.config.revision_trading_id);
        console::act(&mut self.shared.book(), payment_id, action, revised, now)
    }

    /// Writes the ledger file; does nothing when none is configured. Telegrams wait meanwhile.
    ///
    /// # Errors
    /// The file cannot be written; the former one is then still whole.
    pub fn save(&self) -> Result<()> {
        match &self.shared.config.ledger_file {
            Some(path) => persistence::save(&self.shared.book(), path),
            None => Ok(()),
        }
    }

    /// Resolves when somebody asked the control port to shut down. [`shutdown`](Self::shutdown) is still to be called.
    pub async fn stop_requested(&self) {
        let stop: CancellationToken = self.shared.stop.clone();
        stop.cancelled().await;
    }

    /// Closes all connections, books what was still to be booked late, and saves the ledger.
    ///
    /// # Errors
    /// The ledger cannot be written, or the server had failed before.
    pub fn shutdown(mut self) -> Result<()> {
        self.stop()
    }

    fn stop(&mut self) -> Result<()> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        self.shared.stop.cancel();
        let ended = thread.join();
        self.save()?;
        match ended {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(SimulatorError::Thread(error.to_string())),
            Err(_) => Err(SimulatorError::Thread("it panicked".into())),
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::warn!(%error, "the simulator did not stop cleanly");
        }
    }
}

/// Puts one card into many vaults.
pub(crate) fn seed_cards<I>(shared: &Shared, merchant_id: &str, customers: I, card: &TestCard) -> Vec<String>
where
    I: IntoIterator,
    I::Item: AsRef<str>,
{
    let (Some((_, merchant)), Some(card)) = (shared.merchant(merchant_id), card.card()) else {
        return Vec::new();
    };
    let mut book = shared.book();
    let card = book.intern(card);
    let mut store = |customer: I::Item| book.store_card(merchant, customer.as_ref(), card, None);
    customers.into_iter().map(|customer| Book::stored_card_id(store(customer)).to_string()).collect()
}

fn validate(config: &Config) -> Result<()> {
    let refuse = |text: &str| Err(SimulatorError::Configuration(text.to_owned()));
    if config.merchants.is_empty() {
        return refuse("there is no merchant; name at least one");
    }
    let mut ids: Vec<&str> = config.merchants.iter().map(|merchant| merchant.merchant_id.as_str()).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) {
        return refuse("two merchants have the same merchant_id; give each its own");
    }
    if config.control.is_some_and(|address| !address.ip().is_loopback()) {
        return refuse("the control port has no password, so its address must be a loopback address");
    }
    Ok(())
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    });
    bound.map_err(|source| SimulatorError::Listen { address, source })
}

async fn run(
    shared: Arc<Shared>,
    tls: Tls,
    listener: TcpListener,
    control: Option<TcpListener>,
) -> std::io::Result<()> {
    let posting = tokio::spawn(notices::run(shared.clone()));
    let serving = server::serve(shared.clone(), tls, listener);
    let served = match control {
        Some(control) => tokio::try_join!(serving, control::serve(shared.clone(), control)).map(|_| ()),
        None => serving.await,
    };
    // Nothing new comes in any more, and bookings that were waiting no longer wait.
    shared.stop.cancel();
    shared.tasks.close();
    shared.tasks.wait().await;
    let _ = posting.await;
    served
}
