//! The few commands of the WebDriver protocol that the browser tests send. The libraries that speak all of it change how
//! JSON is kept in every program built beside them, and with it the program under test.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Client;
use serde_json::{Value, json};
use std::path::Path;

/// Under this name the protocol hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser's session with its driver.
#[derive(Debug, Clone)]
pub struct Session {
    client: Client,
    address: String,
}

/// An element of the page that the browser shows.
#[derive(Debug, Clone)]
pub struct Element {
    session: Session,
    id: String,
}

/// What the driver or the page refused.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(String);

type Answer<T> = Result<T, Refused>;

impl Session {
    /// Opens a browser with these arguments, at the driver that answers at `driver`.
    pub async fn open(driver: &str, arguments: &[String]) -> Answer<Self> {
        let client = Client::builder().no_proxy().build().map_err(|error| Refused(error.to_string()))?;
        let opening = Self { client, address: driver.to_owned() };
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let opened = opening.post("/session", &capabilities).await?;
        let id = opened["sessionId"].as_str().ok_or_else(|| Refused(format!("no session: {opened}")))?;
        Ok(Self { address: format!("{driver}/session/{id}"), ..opening })
    }

    /// Closes the browser.
    pub async fn quit(&self) -> Answer<()> {
        let answer = self.client.delete(&self.address).send().await;
        answer.map(|_| ()).map_err(|error| Refused(error.to_string()))
    }

    /// Opens an address and waits until it is loaded.
    pub async fn goto(&self, address: impl AsRef<str>) -> Answer<()> {
        self.post("/url", &json!({"url": address.as_ref()})).await.map(|_| ())
    }

    /// The address of the page.
    pub async fn current_url(&self) -> Answer<String> {
        Ok(self.get("/url").await?.as_str().unwrap_or("").to_owned())
    }

    /// Every element that a CSS selector finds now.
    pub async fn find_all(&self, selector: &str) -> Answer<Vec<Element>> {
        let found = self.post("/elements", &json!({"using": "css selector", "value": selector})).await?;
        let ids = found.as_array().into_iter().flatten().filter_map(|element| element[ELEMENT].as_str());
        Ok(ids.map(|id| Element { session: self.clone(), id: id.to_owned() }).collect())
    }

    /// What a script returns.
    pub async fn execute(&self, script: &str) -> Answer<Value> {
        self.post("/execute/sync", &json!({"script": script, "args": []})).await
    }

    /// What a script hands to its last argument, a function.
    pub async fn execute_async(&self, script: &str) -> Answer<Value> {
        self.post("/execute/async", &json!({"script": script, "args": []})).await
    }

    /// What came into the browser's console since it was asked last.
    pub async fn console(&self) -> Answer<Value> {
        self.post("/se/log", &json!({"type": "browser"})).await
    }

    /// Makes the page as wide and as high as this, as on another device.
    pub async fn resize(&self, width: u32, height: u32) -> Answer<()> {
        let parameters = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        let command = json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": parameters});
        self.post("/goog/cdp/execute", &command).await.map(|_| ())
    }

    /// Writes what the browser shows to a file, as PNG.
    pub async fn screenshot(&self, file: &Path) -> Answer<()> {
        let picture = self.get("/screenshot").await?;
        let bytes = BASE64.decode(picture.as_str().unwrap_or("")).map_err(|error| Refused(error.to_string()))?;
        std::fs::write(file, bytes).map_err(|error| Refused(error.to_string()))
    }

    async fn get(&self, path: &str) -> Answer<Value> {
        self.send(self.client.get(format!("{}{path}", self.address))).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer<Value> {
        let request = self.client.post(format!("{}{path}", self.address)).header("content-type", "application/json");
        self.send(request.body(body.to_string())).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer<Value> {
        let failed = |error: reqwest::Error| Refused(format!("the driver does not answer: {error}"));
        let response = request.send().await.map_err(failed)?;
        let good = response.status().is_success();
        let text = response.text().await.map_err(failed)?;
        let mut answer: Value = serde_json::from_str(&text).map_err(|error| Refused(format!("{error}: {text}")))?;
        let value = answer["value"].take();
        if good { Ok(value) } else { Err(Refused(format!("{}: {}", value["error"], value["message"]))) }
    }
}

impl Element {
    /// Empties a field.
    pub async fn clear(&self) -> Answer<()> {
        self.ask("/clear", &json!({})).await
    }

    /// Types into it.
    pub async fn send_keys(&self, text: impl AsRef<str>) -> Answer<()> {
        self.ask("/value", &json!({"text": text.as_ref()})).await
    }

    /// Clicks on it; it is scrolled into sight before.
    pub async fn click(&self) -> Answer<()> {
        self.ask("/click", &json!({})).await
    }

    /// What people read on it.
    pub async fn text(&self) -> Answer<String> {
        let text = self.session.get(&format!("/element/{}/text", self.id)).await?;
        Ok(text.as_str().unwrap_or("").to_owned())
    }

    async fn ask(&self, command: &str, body: &Value) -> Answer<()> {
        self.session.post(&format!("/element/{}{command}", self.id), body).await.map(|_| ())
    }
}
