"""A small browser for the hosted pages: cookies, redirects within the server, forms. It runs no script."""

import html
import http.client
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from inbox import code_to


@dataclass
class Shown:
    """What the browser shows, or where it was sent: `away` leads out of the server."""

    status: int
    page: str = ""
    away: str = ""

    def parameter(self, name: str):
        return parse_qs(urlsplit(self.away).query).get(name, [None])[0]


def _attribute(tag: str, name: str):
    found = re.search(rf'\s{name}="([^"]*)"', tag)
    return html.unescape(found[1]) if found else None


class Browser:
    def __init__(self, server):
        self.server = server
        self.cookies: dict[str, str] = {}

    def open(self, url: str) -> Shown:
        return self._follow("GET", url, None)

    def submit(self, shown: Shown, action: str, fields: dict[str, str]) -> Shown:
        """Fills the form of a page whose action starts so, and sends it."""
        for tag, inner in re.findall(r"(<form[^>]*>)(.*?)</form>", shown.page, re.DOTALL):
            if (_attribute(tag, "action") or "").startswith(action):
                hidden = [each for each in re.findall(r"<input[^>]*>", inner) if 'type="hidden"' in each]
                form = {_attribute(each, "name"): _attribute(each, "value") or "" for each in hidden}
                return self._follow("POST", _attribute(tag, "action"), urlencode(form | fields))
        raise AssertionError(f"no form to {action} in {shown}")

    def sign_in(self, url: str, email: str) -> Shown:
        """Signs in by the code in a mail, from the page that `url` opens."""
        first = self.open(url)
        second = self.submit(first, "/a/auth/email", {"email": email})
        return self.submit(second, "/a/auth/code", {"code": code_to(self.server.metrics, email)})

    def _follow(self, method: str, url: str, body) -> Shown:
        for _ in range(10):
            target = urlsplit(url)
            if target.netloc not in ("", urlsplit(self.server.url).netloc):
                return Shown(303, away=url)
            status, location, page = self._send(method, f"{target.path}?{target.query}", body)
            if location is None:
                return Shown(status, page)
            method, url, body = "GET", location, None
        raise AssertionError(f"too many redirects at {url}")

    def _send(self, method: str, path: str, body):
        context = self.server.context()
        connection = http.client.HTTPSConnection("localhost", self.server.port, timeout=10, context=context)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"cookie": cookies, "content-type": "application/x-www-form-urlencoded"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        for line in answer.headers.get_all("set-cookie") or []:
            name, _, value = line.split(";")[0].partition("=")
            if "max-age=0" in line.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        shown = answer.status, answer.headers["location"], answer.read().decode()
        connection.close()
        return shown
