"""A small browser for the hosted pages: cookies, redirects within the server, forms. It runs no script."""

import html
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from typing import NamedTuple


class Shown(NamedTuple):
    """A page, or where the browser was sent: the query of the address away from the server."""

    status: int
    html: str
    away: str | None = None

    @property
    def params(self) -> dict[str, str]:
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.away or "").query))


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Redirects are for us to follow."""

    def redirect_request(self, *_):
        return None


def _attribute(tag: str, name: str) -> str | None:
    found = re.search(rf' {name}="([^"]*)"', tag)
    return html.unescape(found[1]) if found else None


class Browser:
    def __init__(self, base: str, tls: ssl.SSLContext):
        self.base = base
        cookies = urllib.request.HTTPCookieProcessor(CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=tls), cookies, _StayHere())

    def open(self, url: str, form: list[tuple[str, str]] | None = None) -> Shown:
        """Opens an address and follows redirects as long as they stay on the server."""
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        for _ in range(10):
            status, location, page = self._send(urllib.parse.urljoin(self.base, url), data)
            if not location:
                return Shown(status, page)
            url, data = urllib.parse.urljoin(self.base, location), None
            if not url.startswith(self.base + "/"):
                return Shown(status, page, url)
        raise RuntimeError(f"too many redirects to {url}")

    def submit(self, page: Shown, action: str, **fields: str) -> Shown:
        """Fills the form whose action starts so, and sends it."""
        for form in re.findall(r"<form.*?</form>", page.html, re.DOTALL):
            to = _attribute(form.split(">")[0], "action") or ""
            if to.startswith(action):
                hidden = [tag for tag in re.findall(r"<input[^>]*>", form) if 'type="hidden"' in tag]
                kept = [(_attribute(tag, "name") or "", _attribute(tag, "value") or "") for tag in hidden]
                return self.open(to, kept + list(fields.items()))
        raise RuntimeError(f"no form to {action}: {page.status} {page.away or page.html}")

    def _send(self, url: str, data: bytes | None):
        try:
            response = self._opener.open(url, data, timeout=10)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return response.status, response.headers.get("location"), response.read().decode()
