"""Judges an OpenAPI document with openapi-spec-validator: `openapi_py.py FILE`."""

import json
import sys

from openapi_spec_validator import OpenAPIV31SpecValidator

with open(sys.argv[1], encoding="utf-8") as file:
    document = json.load(file)
problems = list(OpenAPIV31SpecValidator(document).iter_errors())
for problem in problems:
    print("/".join(str(part) for part in problem.absolute_path), problem.message, file=sys.stderr)
sys.exit(1 if problems else 0)
