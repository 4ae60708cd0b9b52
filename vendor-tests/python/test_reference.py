"""The OpenAPI document that the server makes of its protos, held against the standard by a validator that is not ours."""

import json
import unittest

from support import Server

from openapi_spec_validator import OpenAPIV31SpecValidator


class Reference(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        with cls.server.get("/openapi.json") as response:
            cls.content_type = response.headers["content-type"]
            cls.document = json.load(response)

    def faults(self, document):
        found = OpenAPIV31SpecValidator(document).iter_errors()
        return [f"{'/'.join(map(str, fault.absolute_path))}: {fault.message}" for fault in found]

    def test_it_is_a_valid_openapi_document(self):
        self.assertEqual(self.content_type, "application/json")
        self.assertEqual(self.document["openapi"], "3.1.0")
        self.assertEqual(self.faults(self.document), [])

    def test_an_operation_is_described_with_its_parameters_its_body_and_its_rules(self):
        create = self.document["paths"]["/api/v1/organizations"]["post"]
        self.assertEqual(create["operationId"], "Organization_CreateOrganization")
        self.assertIn("201", create["responses"])
        body = create["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        name = self.document["components"]["schemas"][body]["properties"]["display_name"]
        self.assertEqual((name["type"], name["minLength"], name["maxLength"]), ("string", 1, 200))
        get = self.document["paths"]["/api/v1/organizations/{id}"]["get"]
        places = {(parameter["name"], parameter["in"]) for parameter in get["parameters"]}
        self.assertIn(("id", "path"), places)

    def test_the_validator_would_notice(self):
        broken = json.loads(json.dumps(self.document))
        del broken["info"]["title"]
        create = broken["paths"]["/api/v1/organizations"]["post"]
        create["requestBody"]["content"]["application/json"]["schema"]["$ref"] = "#/components/schemas/nothing"
        self.assertGreaterEqual(len(self.faults(broken)), 1)
