"""Prints the template as CloudFormation gets it, in JSON: `transform.py TEMPLATE [CODE]`, functions' code in the folder CODE of S3."""

import json
import logging
import os
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """Each function has a role of its own: no policy is looked up."""

    def load(self):
        return {}


def transformed(path, code):
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            binary = resource["Metadata"]["BuildProperties"]["Binary"]
            resource["Properties"]["CodeUri"] = f"{code}/{binary}.zip"
    return transform(template, {}, NoManagedPolicies())


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    arguments = sys.argv[1:] + ["s3://packages"]
    json.dump(transformed(arguments[0], arguments[1]), sys.stdout)
