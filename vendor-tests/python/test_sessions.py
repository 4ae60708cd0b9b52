"""Sessions, passkeys and sign-ins on the application's own page (management.md 8, 9.2, 9.4).

They begin with a login in a browser, which the vendor's SDK cannot do. So the server is stopped for a moment, and the rows
that a login leaves behind are written into its database.
"""

import hashlib
import json
import time
import unittest

from support import Server, refused, violations

from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode
from scalekit.common.exceptions import ScalekitBadRequestException, ScalekitNotFoundException
from scalekit.v1.organizations.organizations_pb2 import CreateOrganization
from scalekit.v1.users.users_pb2 import CreateUser

HOUR = 3600
NOT_FOUND = {"kind": ScalekitNotFoundException, "grpc_status": StatusCode.NOT_FOUND, "http_status": 404, "error_code": "NOT_FOUND"}
BAD_REQUEST = {
    "kind": ScalekitBadRequestException,
    "grpc_status": StatusCode.INVALID_ARGUMENT,
    "http_status": 400,
    "error_code": "INVALID_ARGUMENT",
}
DEVICE = {
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "os": "Linux",
    "os_version": "",
    "browser": "Firefox",
    "browser_version": "140.0",
    "device_type": "desktop",
    "ip_address": "198.51.100.23",
    "region": "DE",
    "region_subdivision": "DEHH",
    "city": "Hamburg",
}


def number(identifier: str) -> int:
    return int(identifier.rpartition("_")[2])


class Sessions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.client = cls.server.client()
        response, _ = cls.client.organization.create_organization(CreateOrganization(display_name="Acme"))
        cls.acme = response.organization.id
        cls.dana, cls.erin = cls.user("dana"), cls.user("erin")
        cls.now = int(time.time())
        cls.sign_in_all()
        cls.client = cls.server.client()

    @classmethod
    def user(cls, name):
        user = CreateUser(email=f"{name}@acme.test")
        response, _ = cls.client.users.create_user_and_membership(cls.acme, user, send_invitation_email=False)
        return response.user.id

    @classmethod
    def sign_in_all(cls):
        """Dana has five sessions, one of them too old, a passkey, and a sign-in on a page of the application's own."""
        sessions = [cls.session(index) for index in range(1, 6)]
        login = {
            "id": 1,
            "auth_request_id": 2,
            "connection_id": 3,
            "state_hash": hashlib.sha256(b"state").digest(),
            "client_id": number(cls.server.credentials["SCALEKIT_CLIENT_ID"]),
            "sk_client_id": "m2m_1",
            "requested_client_id": "m2m_1",
            "is_dcr": False,
            "is_cimd": False,
            "scopes": "[]",
            "resource_id": "res_1",
            "resource_name": "Todo",
            "created_at": cls.now * 1_000_000,
            "expires_at": (cls.now + 900) * 1_000_000,
        }
        organization, user = number(cls.acme), number(cls.dana)
        application = number(cls.server.credentials["SCALEKIT_CLIENT_ID"])
        cls.server.write(
            [("sessions", session) for session in sessions]
            + [("session_organizations", cls.entered(session["id"], organization, user)) for session in sessions]
            + [
                ("session_clients", cls.used(session["id"], application, organization, user))
                for session in sessions
            ]
            + [("passkeys", cls.passkey()), ("login_requests", login)]
        )

    @classmethod
    def session(cls, index):
        began = (cls.now - HOUR * (6 - index)) * 1_000_000
        ends = began + (30 * 60 if index == 1 else 7 * 24 * HOUR) * 1_000_000
        return {
            "id": index,
            "user_id": number(cls.dana),
            "token_hash": hashlib.sha256(str(index).encode()).digest(),
            "organization_id": number(cls.acme),
            "status": "ACTIVE",
            "idle_minutes": 7 * 24 * 60,
            "created_at": began,
            "updated_at": began,
            "last_active_at": began,
            "idle_expires_at": ends,
            "absolute_expires_at": began + 30 * 24 * HOUR * 1_000_000,
            "latitude": "53.55",
            "longitude": "9.99",
            **DEVICE,
        }

    @classmethod
    def entered(cls, session, organization, user):
        when = cls.now * 1_000_000
        return {"session_id": session, "organization_id": organization, "user_id": user, "entered_at": when}

    @classmethod
    def used(cls, session, application, organization, user):
        return {"session_id": session, "client_id": application, "organization_id": organization, "user_id": user}

    @classmethod
    def passkey(cls):
        return {
            "id": 1,
            "user_id": number(cls.dana),
            "raw_id": b"\xfb\xff\x00",
            "verifier": "{}",
            "attestation_type": "none",
            "aaguid": "08987058-cadc-4b81-b6e1-30de50dcbe96",
            "attachment": "platform",
            "transports": json.dumps(["internal", "hybrid"]),
            "user_present": True,
            "user_verified": True,
            "backup_eligible": True,
            "backup_state": False,
            "created_at": cls.now * 1_000_000,
            "updated_at": cls.now * 1_000_000,
            **DEVICE,
        }

    def listed(self, **options):
        page, _ = self.client.sessions.get_user_sessions(self.dana, **options)
        return [session.session_id for session in page.sessions], page

    def test_1_a_session_is_shown(self):
        session, _ = self.client.sessions.get_session("ses_5")
        self.assertEqual((session.session_id, session.user_id, session.status), ("ses_5", self.dana, "active"))
        self.assertEqual((session.organization_id, list(session.authenticated_organizations)), (self.acme, [self.acme]))
        self.assertEqual(session.created_at, Timestamp(seconds=self.now - HOUR))
        self.assertEqual(session.idle_expires_at, Timestamp(seconds=self.now - HOUR + 7 * 24 * HOUR))
        self.assertFalse(session.HasField("expired_at") or session.HasField("logout_at"))
        device = session.device
        self.assertEqual((device.browser, device.os, device.device_type, device.ip), ("Firefox", "Linux", "desktop", "198.51.100.23"))
        self.assertEqual((device.location.city, device.location.latitude), ("Hamburg", "53.55"))
        [application] = session.authenticated_clients
        self.assertEqual((application.client_id, application.organization_id), (self.server.credentials["SCALEKIT_CLIENT_ID"], self.acme))

    def test_2_sessions_are_listed_and_filtered(self):
        ids, page = self.listed(page_size=2)
        self.assertEqual((ids, page.total_size, page.prev_page_token), (["ses_5", "ses_4"], 5, ""))
        self.assertEqual(self.listed(page_size=2, page_token=page.next_page_token)[0], ["ses_3", "ses_2"])
        create_filter = self.client.sessions.create_session_filter
        self.assertEqual(self.listed(filter=create_filter(status=["active"]))[0], ["ses_5", "ses_4", "ses_3", "ses_2"])
        ids, page = self.listed(filter=create_filter(status=["expired", "logout"]))
        self.assertEqual((ids, page.sessions[0].status), (["ses_1"], "expired"))
        self.assertEqual(page.sessions[0].expired_at, page.sessions[0].idle_expires_at)
        start, end = Timestamp(seconds=self.now - 4 * HOUR), Timestamp(seconds=self.now - 3 * HOUR)
        self.assertEqual(self.listed(filter=create_filter(start_time=start, end_time=end))[0], ["ses_3", "ses_2"])
        refused(self, lambda: self.listed(filter=create_filter(start_time=end, end_time=start)), **BAD_REQUEST)
        refused(self, lambda: self.listed(filter=create_filter(status=["ended"])), **BAD_REQUEST)
        nobody, _ = self.client.sessions.get_user_sessions(self.erin)
        self.assertEqual((len(nobody.sessions), nobody.total_size), (0, 0))

    def test_3_sessions_are_revoked(self):
        response, _ = self.client.sessions.revoke_session("ses_4")
        revoked = response.revoked_session
        self.assertEqual((revoked.session_id, revoked.status, revoked.HasField("expired_at")), ("ses_4", "revoked", True))
        again, _ = self.client.sessions.revoke_session("ses_4")
        self.assertEqual(again.revoked_session, revoked)
        response, _ = self.client.sessions.revoke_all_user_sessions(self.dana)
        self.assertEqual([session.session_id for session in response.revoked_sessions], ["ses_5", "ses_3", "ses_2"])
        self.assertEqual(response.total_revoked, 3)
        response, _ = self.client.sessions.revoke_all_user_sessions(self.dana)
        self.assertEqual((len(response.revoked_sessions), response.total_revoked), (0, 0))
        old, _ = self.client.sessions.revoke_session("ses_1")
        self.assertEqual(old.revoked_session.status, "expired")

    def test_what_is_no_session_is_refused(self):
        for call in (self.client.sessions.get_session, self.client.sessions.revoke_session):
            refused(self, lambda: call("ses_99"), **NOT_FOUND)
            for bad in ("", "ses_abc", "session_1"):
                refused(self, lambda: call(bad), **BAD_REQUEST)
        for call in (self.client.sessions.get_user_sessions, self.client.sessions.revoke_all_user_sessions):
            refused(self, lambda: call("usr_1"), **NOT_FOUND)
            refused(self, lambda: call("dana"), **BAD_REQUEST)

    def test_passkeys_are_listed_renamed_and_deleted(self):
        webauthn = self.client.webauthn
        listed, _ = webauthn.list_credentials(self.dana)
        [passkey] = listed.credentials
        self.assertEqual((passkey.id, passkey.user_id, passkey.credential_id), ("cred_1", self.dana, b"\xfb\xff\x00"))
        self.assertEqual((passkey.authenticator.attachment, list(passkey.transports)), ("platform", ["internal", "hybrid"]))
        self.assertTrue(passkey.authenticator_flags.user_verified)
        self.assertFalse(passkey.authenticator_flags.backup_state or passkey.HasField("display_name"))
        options = listed.all_accepted_credentials_options
        self.assertEqual((options.rp_id, list(options.all_accepted_credential_ids)), ("localhost", ["-_8A"]))
        renamed, _ = webauthn.update_credential("cred_1", "My YubiKey")
        self.assertEqual(renamed.credential.display_name, "My YubiKey")
        error = refused(self, lambda: webauthn.update_credential("cred_1", ""), **BAD_REQUEST)
        self.assertEqual(violations(error), [("display_name", "string.min_len")])
        deleted, _ = webauthn.delete_credential("cred_1")
        self.assertTrue(deleted.success)
        self.assertEqual(deleted.unknown_credential_options.credential_id, "-_8A")
        refused(self, lambda: webauthn.delete_credential("cred_1"), **NOT_FOUND)
        refused(self, lambda: webauthn.update_credential("cred_1", "x"), **NOT_FOUND)

    def test_a_sign_in_is_reported(self):
        report = self.client.auth.update_login_user_details
        user = {"sub": "u-4471", "email": "dana@acme.test", "email_verified": True, "custom_attributes": {"tier": "gold"}}
        refused(self, lambda: report("conn_3", "lri_1", {"sub": "u-4471"}), **BAD_REQUEST)
        refused(self, lambda: report("conn_4", "lri_1", user), **NOT_FOUND)
        refused(self, lambda: report("conn_3", "lri_2", user), **BAD_REQUEST)
        for _ in range(2):
            response, _ = report("conn_3", "lri_1", user)
            self.assertEqual(response.auth_request_id, "req_2")
        refused(self, lambda: report("conn_3", "lri_1", {**user, "sub": "u-1"}), **BAD_REQUEST)


if __name__ == "__main__":
    unittest.main()
