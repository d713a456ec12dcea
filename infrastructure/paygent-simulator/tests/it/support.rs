//! A shop that talks to a simulator of its own.

use std::{collections::BTreeMap, sync::Once};

use encoding_rs::SHIFT_JIS;
use paygent_simulator::{Config, Simulator, TestCard};
use reqwest::{Certificate, Client, Identity};

/// The moment most tests take place: noon of 1 April 2026 in Japan.
pub(crate) const NOW: &str = "2026-04-01T03:00:00Z";

pub(crate) struct Shop {
    pub(crate) simulator: Simulator,
    pub(crate) client: Client,
    _folder: tempfile::TempDir,
}

/// A reply, decoded and read into its keys.
pub(crate) type Fields = BTreeMap<String, String>;

impl Shop {
    pub(crate) fn open() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        install_provider();
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::new(folder.path());
        config.now = Some(NOW.parse().unwrap());
        change(&mut config);
        let simulator = Simulator::start(config).unwrap();
        let client = client(&simulator, true);
        Self { simulator, client, _folder: folder }
    }

    pub(crate) async fn send(&self, kind: &str, fields: &[(&str, &str)]) -> Fields {
        read(&self.try_send(kind, fields).await.unwrap())
    }

    /// The raw body of the reply, or what became of the connection instead.
    pub(crate) async fn try_send(&self, kind: &str, fields: &[(&str, &str)]) -> reqwest::Result<Vec<u8>> {
        let body = form(&with_credentials(kind, fields));
        let reply = self.client.post(self.simulator.base_url() + path(kind)).body(body).send().await?;
        Ok(reply.error_for_status()?.bytes().await?.to_vec())
    }

    /// 020 with a stored card of the customer `c`, who is given one when he has none.
    pub(crate) async fn pay(&self, trading_id: &str, fields: &[(&str, &str)]) -> Fields {
        let card = match self.simulator.ledger().cards("c").pop() {
            Some(card) => card.customer_card_id,
            None => self.simulator.seed_cards(["c"], &TestCard::working()).remove(0),
        };
        let mut all = stored(trading_id, "c", &card);
        for field in fields {
            all.retain(|(key, _)| *key != field.0);
            all.push(*field);
        }
        self.send("020", &all).await
    }

    /// A paid authorisation (or, with `sales_mode` 1, a sale) made with a fresh card that ends in these digits.
    pub(crate) async fn pay_with(&self, trading_id: &str, last_four: &str, sales_mode: &str) -> Fields {
        let token = self.simulator.issue_token(&TestCard::ending(last_four));
        let fields = [
            ("trading_id", trading_id),
            ("payment_amount", "1000"),
            ("payment_class", "10"),
            ("sales_mode", sales_mode),
            ("3dsecure_ryaku", "1"),
            ("card_token", &token),
        ];
        self.send("020", &fields).await
    }

    pub(crate) async fn status(&self, payment_id: &str) -> String {
        self.send("094", &[("payment_id", payment_id)]).await["payment_status"].clone()
    }
}

/// The fields of a 020 over 1,000 yen with a stored card.
pub(crate) fn stored<'a>(trading_id: &'a str, customer: &'a str, card: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("trading_id", trading_id),
        ("payment_amount", "1000"),
        ("payment_class", "10"),
        ("3dsecure_ryaku", "1"),
        ("stock_card_mode", "1"),
        ("customer_id", customer),
        ("customer_card_id", card),
    ]
}

pub(crate) fn path(kind: &str) -> &'static str {
    match kind {
        "450" => "/n/threeds/request",
        "091" => "/n/ref/paynotice",
        "094" => "/n/ref/paymentref",
        _ => "/n/card/request",
    }
}

pub(crate) fn with_credentials<'a>(kind: &'a str, fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![
        ("merchant_id", "12345"),
        ("connect_id", "simulatorshop"),
        ("connect_password", "simulatorpass"),
        ("telegram_kind", kind),
        ("telegram_version", "1.0"),
    ];
    for field in fields {
        all.retain(|(key, _)| *key != field.0);
        all.push(*field);
    }
    all
}

/// Form encoding of Windows-31J bytes.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        let (bytes, _, unmappable) = SHIFT_JIS.encode(text);
        assert!(!unmappable);
        bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
    };
    let pairs: Vec<String> = fields.iter().map(|(key, value)| format!("{key}={}", escape(value))).collect();
    pairs.join("&")
}

/// Reads a reply strictly: Windows-31J, `key=value` lines that end in CRLF, at most one empty line, at the beginning.
pub(crate) fn read(bytes: &[u8]) -> Fields {
    let text = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes).expect("Windows-31J");
    let text = text.strip_prefix("\r\n").unwrap_or(&text);
    let lines = text.strip_suffix("\r\n").expect("a line ending").split("\r\n");
    lines.map(|line| line.split_once('=').expect("key=value")).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

pub(crate) fn code(fields: &Fields) -> (&str, &str) {
    (&fields["result"], &fields["response_code"])
}

pub(crate) fn install_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
}

pub(crate) fn client(simulator: &Simulator, with_certificate: bool) -> Client {
    let ca = std::fs::read(simulator.ca_certificate()).unwrap();
    let builder = Client::builder().tls_certs_only([Certificate::from_pem(&ca).unwrap()]).no_proxy();
    if !with_certificate {
        return builder.build().unwrap();
    }
    let own = std::fs::read(simulator.client_certificate()).unwrap();
    builder.identity(Identity::from_pem(&own).unwrap()).build().unwrap()
}
