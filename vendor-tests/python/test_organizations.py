"""Every method of the SDK's organization class (management.md 2 and A.2)."""

import re
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from support import Server

from scalekit.common.exceptions import ScalekitConflictException, ScalekitNotFoundException
from scalekit.v1.commons.commons_pb2 import TimeUnit
from scalekit.v1.organizations.organizations_pb2 import (
    CreateOrganization,
    Feature,
    SessionPolicyType,
    UpdateOrganization,
)

FEATURES = ("dir_sync", "domain_verification", "session_policy", "sso")


def features(organization):
    return {feature.name: feature.enabled for feature in organization.settings.features}


class Organizations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.client = cls.server.client()
        cls.organizations = cls.client.organization

    def create(self, name, **options):
        # Every method gives the response together with the call.
        response, _ = self.organizations.create_organization(CreateOrganization(display_name=name, **options))
        return response.organization

    def get(self, organization_id):
        return self.organizations.get_organization(organization_id)[0].organization

    def test_create_returns_the_organization_with_its_id_times_and_every_feature_off(self):
        created = self.create("Acme")
        self.assertRegex(created.id, r"^org_[1-9][0-9]{14,18}$")
        self.assertEqual(created.display_name, "Acme")
        for absent in ("external_id", "slug", "logo_url"):
            self.assertFalse(created.HasField(absent), absent)
        self.assertNotEqual(created.region_code, 0)
        self.assertAlmostEqual(created.create_time.seconds, time.time(), delta=60)
        self.assertEqual(created.update_time, created.create_time)
        self.assertEqual(features(created), dict.fromkeys(FEATURES, False))

    def test_create_stores_each_option(self):
        options = {"external_id": "crm-1", "slug": "globex.eu", "logo_url": "https://cdn.test/globex.png"}
        metadata = {"plan": "team", "region": "eu-1"}
        created = self.create("Größe 株式会社 🚀", metadata=metadata, **options)
        stored = self.get(created.id)
        self.assertEqual(stored, created)
        self.assertEqual(stored.display_name, "Größe 株式会社 🚀")
        self.assertEqual(dict(stored.metadata), metadata)
        for name, value in options.items():
            self.assertEqual(getattr(stored, name), value)

    def test_get_by_external_id_finds_the_same_organization(self):
        created = self.create("Initech", external_id="tenant/ä 7?")
        response, _ = self.organizations.get_organization_by_external_id("tenant/ä 7?")
        self.assertEqual(response.organization, created)

    def test_update_by_id_changes_the_given_fields_and_no_others(self):
        created = self.create("Hooli", external_id="hooli", slug="hooli", metadata={"plan": "team"})
        change = UpdateOrganization(display_name="Hooli XYZ")
        updated = self.organizations.update_organization(created.id, change)[0].organization
        self.assertEqual(updated.display_name, "Hooli XYZ")
        self.assertEqual((updated.external_id, updated.slug), ("hooli", "hooli"))
        self.assertEqual(dict(updated.metadata), {"plan": "team"})
        self.assertEqual(updated.create_time, created.create_time)
        self.assertGreater(updated.update_time.ToNanoseconds(), created.update_time.ToNanoseconds())
        self.assertEqual(self.get(created.id), updated)

    def test_update_by_external_id_may_change_that_external_id(self):
        created = self.create("Umbrella", external_id="umbrella-old")
        change = UpdateOrganization(external_id="umbrella-new")
        self.organizations.update_organization_by_external_id("umbrella-old", change)
        response, _ = self.organizations.get_organization_by_external_id("umbrella-new")
        self.assertEqual(response.organization.id, created.id)
        with self.assertRaises(ScalekitNotFoundException):
            self.organizations.get_organization_by_external_id("umbrella-old")

    def test_metadata_is_replaced_as_a_whole_and_kept_when_none_is_sent(self):
        created = self.create("Stark", metadata={"plan": "team", "owner": "tony"})
        self.organizations.update_organization(created.id, UpdateOrganization(metadata={"plan": "enterprise"}))
        self.organizations.update_organization(created.id, UpdateOrganization(display_name="Stark Inc"))
        self.assertEqual(dict(self.get(created.id).metadata), {"plan": "enterprise"})

    def test_an_empty_slug_or_logo_clears_it(self):
        created = self.create("Wayne", slug="wayne", logo_url="https://cdn.test/w.png")
        self.organizations.update_organization(created.id, UpdateOrganization(slug="", logo_url=""))
        stored = self.get(created.id)
        self.assertEqual((stored.slug, stored.logo_url), ("", ""))
        self.assertEqual(self.create("Wayne 2", slug="wayne").slug, "wayne")

    def test_settings_turn_single_features_on_and_off_and_answer_with_all_of_them(self):
        created = self.create("Tyrell")
        off = dict.fromkeys(FEATURES, False)

        def change(name, enabled):
            response, _ = self.organizations.update_organization_settings(
                created.id, [{"name": name, "enabled": enabled}]
            )
            return features(response.organization)

        self.assertEqual(change("sso", True), {**off, "sso": True})
        self.assertEqual(change("directory_sync", True), {**off, "sso": True, "dir_sync": True})
        self.assertEqual(change("sso", False), {**off, "dir_sync": True})
        self.assertEqual(change("dir_sync", False), off)
        self.assertEqual(features(self.get(created.id)), off)

    def test_the_user_limit_can_be_set_and_lifted(self):
        created = self.create("Soylent")
        settings = self.organizations.upsert_user_management_settings(created.id, max_allowed_users=150)
        self.assertEqual(settings.max_allowed_users.value, 150)
        settings = self.organizations.upsert_user_management_settings(created.id)
        self.assertEqual(settings.max_allowed_users.value, 0)

    def test_the_session_policy_is_the_applications_until_customized_and_is_reported_in_minutes(self):
        created = self.create("Cyberdyne")

        def stored():
            return self.organizations.get_organization_session_policy(created.id)[0].policy

        inherited = stored()
        self.assertEqual(inherited.policy_source, SessionPolicyType.APPLICATION)
        for absent in ("absolute_session_timeout", "idle_session_timeout"):
            self.assertFalse(inherited.HasField(absent), absent)

        response, _ = self.organizations.update_organization_session_policy(
            created.id,
            SessionPolicyType.CUSTOM,
            absolute_session_timeout=2,
            absolute_session_timeout_unit=TimeUnit.DAYS,
            idle_session_timeout_enabled=True,
            idle_session_timeout=1,
            idle_session_timeout_unit=TimeUnit.HOURS,
        )
        custom = response.policy
        self.assertEqual(custom.policy_source, SessionPolicyType.CUSTOM)
        self.assertEqual(custom.absolute_session_timeout.value, 2880)
        self.assertEqual(custom.absolute_session_timeout_unit, TimeUnit.MINUTES)
        self.assertTrue(custom.idle_session_timeout_enabled.value)
        self.assertEqual(custom.idle_session_timeout.value, 60)
        self.assertEqual(custom.idle_session_timeout_unit, TimeUnit.MINUTES)
        self.assertEqual(stored(), custom)

        self.organizations.update_organization_session_policy(created.id, SessionPolicyType.APPLICATION)
        self.assertEqual(stored(), inherited)

    def test_a_portal_link_opens_in_the_environment_is_new_each_time_and_lives_a_minute(self):
        created = self.create("Vandelay")
        self.organizations.update_organization_settings(created.id, [{"name": "sso", "enabled": True}])
        link = self.organizations.generate_portal_link(created.id, features=[Feature.sso])
        self.assertTrue(link.id)
        uuid = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
        self.assertRegex(link.location, f"^{re.escape(self.server.url)}/magicLink/{uuid}$")
        self.assertTrue(45 < link.expire_time.seconds - time.time() < 61)
        self.assertNotEqual(self.organizations.generate_portal_link(created.id).location, link.location)

    def test_delete_removes_it_for_good_and_frees_its_external_id(self):
        created = self.create("Pied Piper", external_id="pied-piper")
        self.organizations.delete_organization(created.id)
        for call in (self.organizations.get_organization, self.organizations.delete_organization):
            with self.assertRaises(ScalekitNotFoundException):
                call(created.id)
        self.assertNotEqual(self.create("Pied Piper", external_id="pied-piper").id, created.id)

    def test_of_ten_concurrent_creates_with_one_external_id_one_succeeds(self):
        def attempt(number):
            try:
                return self.create(f"Racer {number}", external_id="race").id
            except ScalekitConflictException:
                return None

        with ThreadPoolExecutor(10) as pool:
            winners = [result for result in pool.map(attempt, range(10)) if result]
        self.assertEqual(len(winners), 1)
        response, _ = self.organizations.get_organization_by_external_id("race")
        self.assertEqual(response.organization.id, winners[0])


class Lists(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.organizations = cls.server.client().organization
        cls.newest_first = []
        for number in range(5):
            created, _ = cls.organizations.create_organization(CreateOrganization(display_name=f"Number {number}"))
            cls.newest_first.insert(0, created.organization.id)

    def page(self, **options):
        response, _ = self.organizations.list_organizations(**options)
        return [organization.id for organization in response.organizations], response

    def test_without_options_gives_the_newest_first(self):
        ids, response = self.page()
        self.assertEqual(ids, self.newest_first)
        self.assertEqual((response.total_size, response.next_page_token, response.prev_page_token), (5, "", ""))

    def test_pages_forwards_to_the_end_and_backwards_to_the_start(self):
        first, response = self.page(page_size=2)
        self.assertEqual(response.prev_page_token, "")
        second, response = self.page(page_size=2, page_token=response.next_page_token)
        third, response = self.page(page_size=2, page_token=response.next_page_token)
        self.assertEqual(response.next_page_token, "")
        self.assertEqual([first, second, third], [self.newest_first[n : n + 2] for n in (0, 2, 4)])
        back, response = self.page(page_size=2, page_token=response.prev_page_token)
        self.assertEqual(back, second)
        start, response = self.page(page_size=2, page_token=response.prev_page_token)
        self.assertEqual((start, response.prev_page_token), (first, ""))

    def test_page_size_zero_means_the_default_and_a_huge_one_is_cut(self):
        self.assertEqual(self.page(page_size=0)[0], self.newest_first)
        self.assertEqual(self.page(page_size=1_000_000)[0], self.newest_first)


if __name__ == "__main__":
    unittest.main()
