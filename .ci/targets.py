"""Prints what cargo knows of the workspace: `example PACKAGE` its examples, `features` each feature of each crate."""

import json
import subprocess
import sys

command = ["cargo", "metadata", "--format-version", "1", "--no-deps"]
packages = json.loads(subprocess.check_output(command))["packages"]

match sys.argv[1:]:
    case ["example", name]:
        package = next(package for package in packages if package["name"] == name)
        for target in package["targets"]:
            if "example" in target["kind"]:
                print(target["name"])
    case ["features"]:
        for package in packages:
            for feature in sorted(package["features"]):
                # All together are what lint and the tests build.
                if feature not in ("default", "full"):
                    print(package["name"], feature)
    case _:
        sys.exit(__doc__)
