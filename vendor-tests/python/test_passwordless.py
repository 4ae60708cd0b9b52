"""Proofs of e-mail addresses by code (management.md 9.1). Links follow with the settings of connections."""

import time
import unittest
from http import HTTPStatus

from support import Server, free_port, refused, violations

from grpc import StatusCode
from inbox import code_to, mails_to
from scalekit.common.exceptions import ScalekitBadRequestException, ScalekitTooManyRequestsException
from scalekit.v1.auth.passwordless_pb2 import OTP, SIGNIN, SIGNUP


def other_than(code: str) -> str:
    return "000001" if code == "000000" else "000000"


class Passwordless(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(metrics=f"127.0.0.1:{free_port()}")
        cls.addClassCleanup(cls.server.stop)
        cls.passwordless = cls.server.client().passwordless

    def send(self, email: str, **options):
        response, _ = self.passwordless.send_passwordless_email(email, **options)
        return response

    def verify(self, **credential):
        response, _ = self.passwordless.verify_passwordless_email(**credential)
        return response

    def resend(self, auth_request_id: str):
        response, _ = self.passwordless.resend_passwordless_email(auth_request_id)
        return response

    def code(self, recipient: str) -> str:
        return code_to(self.server.metrics, recipient)

    def bad_request(self, call):
        return refused(
            self,
            call,
            kind=ScalekitBadRequestException,
            grpc_status=StatusCode.INVALID_ARGUMENT,
            http_status=HTTPStatus.BAD_REQUEST,
            error_code="INVALID_ARGUMENT",
        )

    def too_many(self, call):
        return refused(
            self,
            call,
            kind=ScalekitTooManyRequestsException,
            grpc_status=StatusCode.RESOURCE_EXHAUSTED,
            http_status=HTTPStatus.TOO_MANY_REQUESTS,
            error_code="RATE_LIMITED",
        )

    def test_a_mailed_code_proves_an_address_once(self):
        sent = self.send("eva@kontor.example", template="SIGNUP", state="s-1", expires_in=300, template_variables={"plan": "Team"})
        self.assertEqual((sent.expires_in, sent.passwordless_type), (300, OTP))
        self.assertAlmostEqual(sent.expires_at, time.time() + 300, delta=30)
        code, request = self.code("eva@kontor.example"), sent.auth_request_id
        error = self.bad_request(lambda: self.verify(code=other_than(code), auth_request_id=request))
        self.assertEqual(violations(error), [("code", "passwordless.code")])
        proof = self.verify(code=code, auth_request_id=request)
        self.assertEqual((proof.email, proof.state, proof.template), ("eva@kontor.example", "s-1", SIGNUP))
        self.assertEqual(proof.passwordless_type, OTP)
        self.bad_request(lambda: self.verify(code=code, auth_request_id=request))
        self.bad_request(lambda: self.resend(request))

    def test_a_mail_is_sent_again_two_times_a_minute_to_an_address(self):
        sent = self.send("bob@kontor.example")
        self.assertEqual(sent.expires_in, 3600)
        again = self.resend(sent.auth_request_id)
        self.assertEqual(len(mails_to(self.server.metrics, "bob@kontor.example")), 2)
        self.too_many(lambda: self.resend(again.auth_request_id))
        self.too_many(lambda: self.send("Bob@kontor.example"))
        proof = self.verify(code=self.code("bob@kontor.example"), auth_request_id=again.auth_request_id)
        self.assertEqual((proof.template, proof.HasField("state")), (SIGNIN, False))

    def test_the_sixth_wrong_code_is_one_too_many(self):
        request = self.send("cy@kontor.example").auth_request_id
        code = self.code("cy@kontor.example")
        for _ in range(5):
            self.bad_request(lambda: self.verify(code=other_than(code), auth_request_id=request))
        self.too_many(lambda: self.verify(code=code, auth_request_id=request))

    def test_what_proves_nothing_is_refused(self):
        self.bad_request(lambda: self.verify(link_token="unknown_l"))
        error = self.bad_request(lambda: self.verify(code="123456"))
        self.assertEqual(violations(error), [("auth_request_id", "required")])
        self.assertEqual(violations(self.bad_request(self.verify)), [("auth_credential", "required")])
        self.bad_request(lambda: self.resend("unknown"))
        for email, options, field in (
            ("kontor.example", {}, "email"),
            ("dee@kontor.example", {"expires_in": 59}, "expires_in"),
            ("dee@kontor.example", {"expires_in": 3601}, "expires_in"),
            ("dee@kontor.example", {"template_variables": {"otp": "1"}}, "template_variables[otp]"),
        ):
            error = self.bad_request(lambda: self.send(email, **options))
            self.assertEqual(violations(error)[0][0], field)
        self.assertEqual(mails_to(self.server.metrics, "dee@kontor.example"), [])
