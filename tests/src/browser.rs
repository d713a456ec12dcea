//! A real browser: Chromium without a window, driven through its own driver. It fails a test on what its console
//! complains about and on what breaks the usual rules of accessibility.

use crate::served::Served;
use crate::stage::binary;
use crate::webdriver::{Element, Session};
use futures::FutureExt as _;
use serde_json::{Value, json};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use teiki_infrastructure::operators::Role;
use tokio::process::{Child, Command};

/// Longest time the driver may take to start, and an element to appear.
const WITHIN: Duration = Duration::from_secs(30);
/// Kinds of rules that are held against every page: what the law and the guidelines up to WCAG 2.1 AA ask for.
const RULES: &str = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']";

/// A browser on the console of a running engine.
pub struct Browser {
    /// The browser.
    pub driver: Session,
    base: String,
    /// Ends with this: a driver that is left behind holds up whoever waits for the test program.
    _process: Child,
}

/// Opens a browser, does the work, and closes it again whatever came of it: one that is left open holds up the program.
pub async fn with_browser(served: &Served, work: impl AsyncFnOnce(&Browser)) {
    let profile = tempfile::tempdir().unwrap();
    let browser = Browser::open(served, profile.path()).await;
    let outcome = AssertUnwindSafe(work(&browser)).catch_unwind().await;
    let quit = browser.driver.quit().await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
    quit.unwrap();
}

impl Browser {
    async fn open(served: &Served, profile: &Path) -> Self {
        let (process, driver_url) = start_driver().await;
        let arguments = [
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--no-proxy-server".to_owned(),
            "--lang=ja".to_owned(),
            "--window-size=1280,1000".to_owned(),
            format!("--user-data-dir={}", profile.display()),
        ];
        let driver = Session::open(&driver_url, &arguments).await.expect("a browser opens");
        Self { driver, base: served.base.clone(), _process: process }
    }

    /// Opens a page and holds it against the rules.
    pub async fn open_page(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.base)).await.unwrap();
        self.sound().await;
    }

    /// Sends the form whose button this is and holds the page that answers with what is wrong against the rules: the
    /// browser's console says nothing but that very answer, the title tells of it, and the sentence has the focus.
    pub async fn press_wrong(&self, selector: &str, status: u16) {
        self.press(selector).await;
        self.wrong(status).await;
    }

    /// As [`Self::press_wrong`], for an address that people come to.
    pub async fn open_wrong(&self, path: &str, status: u16) {
        self.driver.goto(format!("{}{path}", self.base)).await.unwrap();
        self.wrong(status).await;
    }

    async fn wrong(&self, status: u16) {
        let answered = format!("the server responded with a status of {status} ");
        let complaints = self.complaints().await;
        assert!(matches!(&complaints[..], [one] if one.contains(&answered)), "{complaints:#?}");
        self.sound().await;
        let title = self.driver.execute("return document.title").await.unwrap();
        assert!(title.as_str().unwrap_or_default().starts_with("エラー"), "{title}");
        let script = "const at = document.activeElement; \
                      return at.getAttribute('role') === 'alert' || at.getAttribute('aria-invalid') === 'true'";
        self.until(script).await;
        let script = "return [...document.querySelectorAll('[aria-describedby]')].every(field => \
                      field.getAttribute('aria-describedby').split(' ').every(id => document.getElementById(id)))";
        self.until(script).await;
    }

    /// Signs in with the account of this role, made by [`crate::console::account`].
    pub async fn sign_in(&self, role: Role) {
        self.open_page("/sign-in").await;
        self.fill("#login", role.code()).await;
        self.fill("#password", crate::console::PASSWORD).await;
        self.press("main form button").await;
        self.find(".menu").await;
        self.sound().await;
    }

    /// The element that the selector finds, as soon as there is one.
    pub async fn find(&self, selector: &str) -> Element {
        let begun = Instant::now();
        loop {
            if let Some(element) = self.driver.find_all(selector).await.unwrap().into_iter().next() {
                return element;
            }
            if begun.elapsed() > WITHIN {
                panic!("no {selector} on {}:\n{}", self.path().await, self.text().await);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Whether the selector finds anything now.
    pub async fn has(&self, selector: &str) -> bool {
        !self.driver.find_all(selector).await.unwrap().is_empty()
    }

    /// Types into a field, in the place of what stood there.
    pub async fn fill(&self, selector: &str, text: &str) {
        let field = self.find(selector).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses a button or link, and waits until another page has come.
    pub async fn press(&self, selector: &str) {
        let button = self.find(selector).await;
        self.driver.execute("window.teikiStillHere = true").await.unwrap();
        button.click().await.unwrap();
        self.until("return window.teikiStillHere === undefined && document.readyState === 'complete'").await;
    }

    /// Waits until a script answers true.
    pub async fn until(&self, script: &str) {
        let begun = Instant::now();
        loop {
            if let Ok(answer) = self.driver.execute(script).await
                && answer == Value::Bool(true)
            {
                return;
            }
            assert!(begun.elapsed() < WITHIN, "{script} did not come about on {}", self.path().await);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Where the browser is.
    pub async fn path(&self) -> String {
        let address = self.driver.current_url().await.unwrap();
        let path = address.strip_prefix(&self.base).unwrap_or(&address);
        path.split(['?', '#']).next().unwrap_or("").to_owned()
    }

    /// What people read on the page.
    pub async fn text(&self) -> String {
        let script = "return document.body.innerText";
        self.driver.execute(script).await.unwrap().as_str().unwrap_or("").to_owned()
    }

    /// What was just done, as the page tells it.
    pub async fn told(&self) -> String {
        self.find("p.told").await.text().await.unwrap()
    }

    /// Fails on complaints in the browser's console, and on what breaks the rules of accessibility.
    pub async fn sound(&self) {
        let path = self.path().await;
        let complaints = self.complaints().await;
        assert!(complaints.is_empty(), "the browser complains on {path}: {complaints:#?}");
        let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(&axe)
            .unwrap_or_else(|_| panic!("axe-core is not installed; run tests/browser/install"));
        self.driver.execute(&axe).await.unwrap();
        let script = format!(
            "const done = arguments[0]; axe.run({{runOnly: {{type: 'tag', values: {RULES}}}}}).then(r => \
             done(r.violations.map(v => v.id + ': ' + v.help + ' ' + v.nodes.slice(0, 3).map(n => n.html).join(' | '))), \
             e => done([String(e)]))"
        );
        let violations = self.driver.execute_async(&script).await.unwrap();
        assert_eq!(violations, json!([]), "rules of accessibility are broken on {path}");
    }

    /// What the browser's console holds: errors and warnings, failed requests, refused scripts.
    async fn complaints(&self) -> Vec<String> {
        let answer = self.driver.console().await.unwrap();
        let entries = answer.as_array().unwrap_or_else(|| panic!("no log: {answer}"));
        let bad = entries.iter().filter(|entry| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING")));
        bad.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Writes what the browser shows to `target/screenshots/NAME.png`.
    pub async fn picture(&self, name: &str) {
        let folder = binary("teiki").parent().unwrap().parent().unwrap().join("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        self.driver.screenshot(&folder.join(format!("{name}.png"))).await.unwrap();
    }
}

/// Starts a driver; returns it with where it answers.
async fn start_driver() -> (Child, String) {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let process = Command::new("chromedriver")
        .args([format!("--port={port}"), "--silent".to_owned()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("chromedriver is installed; run tests/browser/install");
    let url = format!("http://127.0.0.1:{port}");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let begun = Instant::now();
    while client.get(format!("{url}/status")).send().await.is_err() {
        assert!(begun.elapsed() < WITHIN, "chromedriver does not answer at {url}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    (process, url)
}
