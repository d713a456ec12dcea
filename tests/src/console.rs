//! A person at the console, with a browser that knows HTML, cookies and forms but no scripts.

use crate::served::Served;
use crate::stage::{Stage, shop};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use scraper::{ElementRef, Html, Selector};
use std::collections::BTreeMap;
use std::sync::Mutex;
use teiki_infrastructure::event_store::{Storage, StorageOptions};
use teiki_infrastructure::operators::{self, By, NewOperator, Role};
use teiki_infrastructure::redacted::Redacted;

/// The password of every account that the tests make.
pub const PASSWORD: &str = "correct horse battery";

/// Makes an account on the stage's store: its login is the role's name.
pub async fn account(stage: &Stage, role: Role) {
    account_named(stage, role, role.code(), "佐藤 一郎").await;
}

/// Makes an account with this login and name.
pub async fn account_named(stage: &Stage, role: Role, login: &str, name: &str) {
    let storage = Storage::open(&stage.url, &StorageOptions::default()).await.unwrap();
    let new = NewOperator { shop: shop(), login, name, role };
    let command_id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, login.as_bytes());
    let (actor, reason) = ("test".to_owned(), "set up".to_owned());
    let by = By { command_id, actor, reason, request_id: None, now: stage.now };
    operators::create(&storage, &new, &Redacted::new(PASSWORD.to_owned()), &by).await.unwrap();
    // The tests' histories tell of what the tests do.
    operators::noted(&storage, command_id).await.unwrap();
    storage.close().await;
}

/// Somebody at the console.
pub struct Console {
    base: String,
    client: Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// A page as it came.
pub struct Page {
    /// The status.
    pub status: StatusCode,
    /// Where it was found in the end.
    pub path: String,
    /// The HTML as it was sent.
    pub html: String,
}

/// A form of a page, to be filled in.
pub struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

impl Console {
    /// Somebody who is not signed in.
    pub fn new(served: &Served) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { base: served.base.clone(), client, cookies: Mutex::default() }
    }

    /// Somebody who signed in with the account of this role, made by [`account`].
    pub async fn signed_in(served: &Served, role: Role) -> Self {
        Self::signed_in_as(served, role.code()).await
    }

    /// Somebody who signed in with this login.
    pub async fn signed_in_as(served: &Served, login: &str) -> Self {
        let console = Self::new(served);
        let page = console.sign_in(login, PASSWORD).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.html);
        assert_ne!(page.path, "/sign-in");
        console
    }

    /// Sends the sign-in form.
    pub async fn sign_in(&self, login: &str, password: &str) -> Page {
        let page = self.get("/sign-in").await;
        let form = page.form("/sign-in").set("login", login).set("password", password);
        self.submit(form).await
    }

    /// Opens a page, following where it leads.
    pub async fn get(&self, path: &str) -> Page {
        self.follow(self.request(path, None).await).await
    }

    /// Opens a page without following where it leads; returns the place it leads to as well.
    pub async fn get_once(&self, path: &str) -> (Page, Option<String>) {
        self.request(path, None).await
    }

    /// Sends a form, following where it leads.
    pub async fn submit(&self, form: Form) -> Page {
        self.follow(self.request(&form.action, Some(&form.fields)).await).await
    }

    /// Sends fields that no page of ours has as a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.follow(self.request(path, Some(&fields)).await).await
    }

    /// Downloads what stands at `path`: its status, type and bytes.
    pub async fn download(&self, path: &str) -> (StatusCode, String, Vec<u8>) {
        let request = self.client.get(format!("{}{path}", self.base)).header("cookie", self.cookie());
        let response = request.send().await.unwrap();
        let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        (response.status(), kind.unwrap_or_default(), response.bytes().await.unwrap().to_vec())
    }

    /// The cookies as the browser sends them.
    pub fn cookie(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn follow(&self, mut at: (Page, Option<String>)) -> Page {
        for _ in 0..5 {
            match at.1.take() {
                Some(place) => at = self.request(&place, None).await,
                None => return at.0,
            }
        }
        panic!("{} leads in circles", at.0.path)
    }

    async fn request(&self, path: &str, form: Option<&[(String, String)]>) -> (Page, Option<String>) {
        let address = format!("{}{path}", self.base);
        let request = match form {
            None => self.client.get(address),
            Some(fields) => {
                let mut body = form_urlencoded::Serializer::new(String::new());
                body.extend_pairs(fields);
                let request = self.client.post(address).header("origin", &self.base);
                request.header("content-type", "application/x-www-form-urlencoded").body(body.finish())
            }
        };
        let request = request.header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        let response = request.header("cookie", self.cookie()).send().await.unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if text.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let place = response.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
        let status = response.status();
        let path = path.split('?').next().unwrap().to_owned();
        (Page { status, path, html: response.text().await.unwrap() }, place)
    }
}

impl Page {
    fn parsed(&self) -> Html {
        Html::parse_document(&self.html)
    }

    /// The text of every element that the selector finds, blanks made one.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        let words = |element: ElementRef<'_>| {
            element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        self.parsed().select(&selector).map(words).collect()
    }

    /// The text of the only element that the selector finds.
    pub fn text(&self, selector: &str) -> String {
        let mut all = self.texts(selector);
        assert_eq!(all.len(), 1, "{selector} in {}: {}", self.path, self.html);
        all.remove(0)
    }

    /// What the page says: every piece of text, and what its attributes say to people. Left out is what is in another
    /// language and marked so, what was typed into fields, and what mails say.
    pub fn prose(&self) -> Vec<String> {
        let parsed = self.parsed();
        let page = parsed.root_element().attr("lang").unwrap_or_default().to_owned();
        let mut said = vec![];
        for node in parsed.root_element().descendants() {
            let mut above = node.ancestors().filter_map(ElementRef::wrap).chain(ElementRef::wrap(node));
            let aside = above.any(|element| {
                let other = element.attr("lang").is_some_and(|lang| lang != page);
                other || matches!(element.value().name(), "script" | "style" | "textarea" | "code" | "pre")
            });
            if aside {
                continue;
            }
            if let Some(text) = node.value().as_text() {
                said.push(text.to_string());
            }
            if let Some(element) = ElementRef::wrap(node) {
                let told = ["aria-label", "title", "placeholder", "alt", "data-confirm", "data-copied"];
                said.extend(told.iter().filter_map(|name| element.attr(name)).map(str::to_owned));
            }
        }
        said.retain(|text| !text.trim().is_empty());
        said
    }

    /// Whether the selector finds anything.
    pub fn has(&self, selector: &str) -> bool {
        !self.texts(selector).is_empty()
    }

    /// What was just done, as the page tells it.
    pub fn told(&self) -> String {
        self.texts("p.told").join(" / ")
    }

    /// Buttons that would send a form by POST, by where it goes; those that are disabled are not among them.
    pub fn enabled_posts(&self) -> Vec<String> {
        let form = Selector::parse("form[method=post]").unwrap();
        let button =
            Selector::parse("button:not([disabled]):not([type=button]), input[type=submit]:not([disabled])").unwrap();
        let parsed = self.parsed();
        let mut posts = vec![];
        for form in parsed.select(&form) {
            let enabled = form.select(&button).count();
            posts.extend(std::iter::repeat_n(form.attr("action").unwrap_or(&self.path).to_owned(), enabled));
        }
        posts
    }

    /// Where the links of the page lead.
    pub fn links(&self) -> Vec<String> {
        let selector = Selector::parse("a[href], link[href], script[src], img[src]").unwrap();
        let parsed = self.parsed();
        let attribute = |element: ElementRef<'_>| element.attr("href").or(element.attr("src")).unwrap().to_owned();
        parsed.select(&selector).map(attribute).collect()
    }

    /// Where the elements lead that the selector finds.
    pub fn links_where(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        self.parsed().select(&selector).filter_map(|element| element.attr("href").map(str::to_owned)).collect()
    }

    /// The form that is sent to `action`, filled in as the page shows it.
    pub fn form(&self, action: &str) -> Form {
        self.form_where(&format!("form[action=\"{action}\"]"))
    }

    /// The first form that the selector finds, filled in as the page shows it.
    pub fn form_where(&self, selector: &str) -> Form {
        let parsed = self.parsed();
        let form = parsed.select(&Selector::parse(selector).unwrap()).next();
        let form = form.unwrap_or_else(|| panic!("no {selector} in {}: {}", self.path, self.html));
        let mut fields = vec![];
        for field in form.select(&Selector::parse("input, textarea, select").unwrap()) {
            let Some(name) = field.attr("name").filter(|_| field.attr("disabled").is_none()) else { continue };
            let value = match (field.value().name(), field.attr("type")) {
                ("textarea", _) => Some(field.text().collect::<String>()),
                ("select", _) => {
                    let chosen = field.select(&Selector::parse("option[selected]").unwrap()).next();
                    let first = field.select(&Selector::parse("option").unwrap()).next();
                    chosen.or(first).map(|option| option.attr("value").unwrap_or("").to_owned())
                }
                (_, Some("checkbox" | "radio")) if field.attr("checked").is_none() => None,
                (_, Some("submit" | "button" | "file")) => None,
                _ => Some(field.attr("value").unwrap_or("").to_owned()),
            };
            fields.extend(value.map(|value| (name.to_owned(), value)));
        }
        let action = form.attr("action").unwrap_or(&self.path).to_owned();
        Form { action, fields }
    }
}

impl Form {
    /// Fills in a field.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a value to a field that may be sent several times, such as a box among others, or presses a button with a
    /// name.
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a field out, as an unticked box is.
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    /// What stands in a field.
    pub fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

impl Clone for Form {
    fn clone(&self) -> Self {
        Self { action: self.action.clone(), fields: self.fields.clone() }
    }
}
