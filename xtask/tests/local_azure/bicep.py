"""Stands in for Bicep's compiler, which cannot be had offline: reads a parameter file of this project and the
parameters that main.bicep declares. The template's resources are not compiled, and so not there: what they
say is held by `cargo xtask infra check`."""

import json
import os
import re
import sys


def literal(text):
    text = text.strip()
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if text == "[]":
        return []
    if re.fullmatch(r"'[^'$]*'", text):
        return text[1:-1]
    sys.exit(f"Error BCP000: cannot read {text}")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def build_params(path):
    text = read(path)
    template = re.search(r"^using '(.+)'$", text, re.MULTILINE)[1]
    main = read(os.path.join(os.path.dirname(path), template))
    declared = re.findall(r"^param (\w+) (\w+)( =)?", main, re.MULTILINE)
    given = {name: literal(value) for name, value in re.findall(r"^param (\w+) = (.+)$", text, re.MULTILINE)}
    for name in given.keys() - {name for name, _, _ in declared}:
        sys.exit(f"{path}(1,1) : Error BCP259: The parameter \"{name}\" is not declared in {template}.")
    for name, _, default in declared:
        if not default and name not in given:
            sys.exit(f"{path}(1,1) : Error BCP258: The parameter \"{name}\" has no value.")
    # Only those without a default: of the others the template would have to hold expressions.
    parameters = {name: {"type": kind} for name, kind, default in declared if name in given or not default}
    schema = "https://schema.management.azure.com/schemas/{}#"
    return {
        "templateJson": json.dumps({
            "$schema": schema.format("2019-04-01/deploymentTemplate.json"),
            "contentVersion": "1.0.0.0",
            "parameters": parameters,
            "resources": [],
        }),
        "parametersJson": json.dumps({
            "$schema": schema.format("2019-04-01/deploymentParameters.json"),
            "contentVersion": "1.0.0.0",
            "parameters": {name: {"value": value} for name, value in given.items()},
        }),
    }


match sys.argv[1:]:
    case ["--version"]:
        print("Bicep CLI version 0.46.1 (stand-in)")
    case ["build-params", path, "--stdout"]:
        print(json.dumps(build_params(path)))
    case other:
        sys.exit(f"the stand-in does not know {other}")
