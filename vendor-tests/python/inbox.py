"""The mails of a server without an SMTP server, as developers read them in the browser."""

import re
import urllib.request


def _get(metrics: str, path: str) -> str:
    with urllib.request.urlopen(f"http://{metrics}{path}", timeout=5) as response:
        return response.read().decode()


def mails_to(metrics: str, recipient: str) -> list[str]:
    """The text of each mail to this address, newest first. `metrics` is the listener's host:port."""
    entries = re.findall(r'href="(/mail/mail_[0-9]+)">\s*<span class="to">([^<]*)<', _get(metrics, "/mail"))
    return [_get(metrics, f"{path}/text") for path, to in entries if to == recipient]


def code_to(metrics: str, recipient: str) -> str:
    """The code in the newest mail to this address."""
    newest = mails_to(metrics, recipient)[0]
    return re.search(r"^ +([0-9]{6})$", newest, re.MULTILINE)[1]
