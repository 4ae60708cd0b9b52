//! A small browser for the hosted pages: cookies, redirects within the server, forms. It runs no script.
use crate::Server;
use reqwest::header;
use std::collections::BTreeMap;

/// A browser with its cookies.
#[derive(Clone, Debug)]
pub struct Browser {
    base: String,
    /// `Host`, if it is not that of the address.
    host: Option<String>,
    http: reqwest::Client,
    /// By name.
    pub cookies: BTreeMap<String, String>,
    /// `Accept-Language`
    pub languages: String,
}

/// What the browser shows, or where it was sent.
#[derive(Clone, Debug)]
pub struct Shown {
    /// HTTP status.
    pub status: u16,
    /// Where it is.
    pub url: String,
    /// `Location` of a redirect that leads away from the server.
    pub away: Option<String>,
    /// The headers.
    pub headers: header::HeaderMap,
    /// The page.
    pub html: String,
}

impl Server {
    /// A browser that has never been here.
    pub fn browser(&self) -> Browser {
        self.browser_at(&self.url)
    }

    /// The same for another server than this one, such as an application.
    pub fn browser_at(&self, base: &str) -> Browser {
        Browser {
            base: base.to_owned(),
            host: None,
            http: self.http.clone(),
            cookies: BTreeMap::new(),
            languages: "en".to_owned(),
        }
    }
}

impl Browser {
    /// The same browser at another node, which a balancer sends it to under this host.
    pub fn at(&self, node: &Server, host: &str) -> Self {
        let base = format!("http://{}", node.address);
        Self { base, host: Some(host.to_owned()), ..self.clone() }
    }

    /// Opens an address, and follows redirects as long as they stay on the server.
    pub async fn open(&mut self, url: &str) -> Shown {
        let request = self.http.get(self.absolute(url));
        self.follow(request, url).await
    }

    /// Opens an address, and follows nothing.
    pub async fn open_once(&mut self, url: &str) -> Shown {
        let request = self.http.get(self.absolute(url));
        self.send(request, url).await
    }

    /// Sends a form.
    pub async fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Shown {
        let request = self.http.post(self.absolute(url)).form(fields);
        self.follow(request, url).await
    }

    /// Sends JSON, as the script of a page does.
    pub async fn post_json(&mut self, url: &str, body: &serde_json::Value) -> Shown {
        let request = self.http.post(self.absolute(url)).json(body);
        self.send(request, url).await
    }

    /// Fills the form of a page whose action starts so, and sends it.
    pub async fn submit(&mut self, page: &Shown, action: &str, fields: &[(&str, &str)]) -> Shown {
        let (action, mut all) = page.form(action);
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let pairs: Vec<(&str, &str)> =
            all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(&action, &pairs).await
    }

    fn absolute(&self, url: &str) -> String {
        if url.starts_with('/') { format!("{}{url}", self.base) } else { url.to_owned() }
    }

    async fn follow(&mut self, request: reqwest::RequestBuilder, url: &str) -> Shown {
        let mut shown = self.send(request, url).await;
        for _ in 0..10 {
            let Some(location) = shown.headers.get(header::LOCATION) else { return shown };
            let location = location.to_str().unwrap().to_owned();
            if !location.starts_with('/') && !location.starts_with(&format!("{}/", self.base)) {
                shown.away = Some(location);
                return shown;
            }
            let request = self.http.get(self.absolute(&location));
            shown = self.send(request, &location).await;
        }
        panic!("too many redirects from {url}");
    }

    async fn send(&mut self, request: reqwest::RequestBuilder, url: &str) -> Shown {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request
            .header(header::COOKIE, cookies.join("; "))
            .header(header::ACCEPT_LANGUAGE, &self.languages)
            .header(header::USER_AGENT, crate::FIREFOX);
        let request = match &self.host {
            Some(host) => request.header(header::HOST, host),
            None => request,
        };
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let location = answer.headers().get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned());
        Shown {
            status: answer.status().as_u16(),
            url: url.to_owned(),
            away: location.filter(|location| !location.starts_with('/')),
            headers: answer.headers().clone(),
            html: answer.text().await.unwrap(),
        }
    }
}

impl Shown {
    /// Action and hidden fields of the form whose action starts so.
    pub fn form(&self, action: &str) -> (String, Vec<(String, String)>) {
        let form = self.html.split("<form").skip(1).find(|form| {
            attribute(form.split('>').next().unwrap(), "action").is_some_and(|to| to.starts_with(action))
        });
        let form = form.unwrap_or_else(|| panic!("no form to {action} in {}", self.html));
        let form = form.split("</form>").next().unwrap();
        let to = attribute(form.split('>').next().unwrap(), "action").unwrap();
        let inputs = form.split("<input").skip(1).map(|input| input.split('>').next().unwrap());
        let hidden = inputs.filter(|input| input.contains("type=\"hidden\""));
        let field =
            |input: &str| (attribute(input, "name").unwrap(), attribute(input, "value").unwrap_or_default());
        (to, hidden.map(field).collect())
    }

    /// A parameter of the address that the browser was sent away to.
    pub fn param(&self, name: &str) -> Option<String> {
        let away =
            self.away.as_ref().unwrap_or_else(|| panic!("not sent away: {} {}", self.status, self.html));
        let query = away.split_once('?').map_or("", |(_, query)| query);
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    let plain =
        [("&#38;", "&"), ("&amp;", "&"), ("&#34;", "\""), ("&quot;", "\""), ("&#39;", "'"), ("&#60;", "<")];
    Some(plain.iter().fold(value.to_owned(), |text, (from, to)| text.replace(from, to)))
}
