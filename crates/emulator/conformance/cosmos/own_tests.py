"""The tests that azure-cosmos ships in its source distribution, run against the emulator.

    COSMOS_ENDPOINT=http://127.0.0.1:8081 python own_tests.py

Each file runs in a process of its own, since some leave the SDK changed behind them. What is known to
fail, and why, stands in `own_tests_known.py`: a test from there that passes fails the suite, and so
does one that fails without standing there.
"""

import importlib.metadata
import os
import pathlib
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as xml
from concurrent.futures import ThreadPoolExecutor

from own_tests_known import FILES, KNOWN

HERE = pathlib.Path(__file__).resolve().parent
# Where the distribution is kept from one run to the next.
HOME = pathlib.Path("target/conformance/sdists").resolve()
# What one file may take: some tests wait for what never comes.
SECONDS_MAX = 120
# Files at once: a good part of their time is waiting. Each makes databases of its own.
AT_ONCE = 3


def tests():
    """The folder of the tests, downloaded once."""
    version = importlib.metadata.version("azure-cosmos")
    name = f"azure_cosmos-{version}"
    folder = HOME / name / "tests"
    if not folder.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        what = ["--no-binary", ":all:", "--dest", HOME, f"azure-cosmos=={version}"]
        subprocess.run([*pip, *what], check=True)
        with tarfile.open(HOME / f"{name}.tar.gz") as archive:
            archive.extractall(HOME, filter="data")
    return folder


def run(folder, file):
    """What came of each test of a file: nothing, or why it failed."""
    report = HOME / f"{file}.xml"
    report.unlink(missing_ok=True)
    path = os.pathsep.join([str(HERE / "own_tests_shim"), str(folder)])
    environment = dict(os.environ, ACCOUNT_HOST=os.environ["COSMOS_ENDPOINT"] + "/", PYTHONPATH=path)
    options = ["-q", "-p", "emulated", "-p", "no:cacheprovider", f"--junitxml={report}", f"{file}.py"]
    command = [sys.executable, "-m", "pytest", *options]
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, timeout=SECONDS_MAX
        )
    except subprocess.TimeoutExpired:
        return {"the whole file": f"it does not end within {SECONDS_MAX} s"}
    if not report.exists():
        return {"the whole file": done.stdout.decode(errors="replace")[-2000:]}
    outcomes = {}
    for case in xml.parse(report).iter("testcase"):
        if case.find("skipped") is None:
            wrong = case.find("failure") if case.find("failure") is not None else case.find("error")
            outcomes[case.get("name")] = None if wrong is None else wrong.get("message") or "?"
    return outcomes


def main():
    """Runs every chosen file, and ends the script: with 1 if anything was not as it is known."""
    folder = tests()
    passed = failed = 0
    with ThreadPoolExecutor(AT_ONCE) as files:
        ran = files.map(lambda file: run(folder, file), FILES)
    for file, outcomes in zip(FILES, ran, strict=True):
        known = KNOWN.get(file, {})
        for name, wrong in outcomes.items():
            test, reason = f"{file}::{name}", known.get(name.split("[")[0])
            if (wrong is None) == (reason is None):
                passed += wrong is None
                print(f"ok  {test}" if wrong is None else f"ok  {test} fails, as known: {reason}")
            else:
                failed += 1
                what = "it passes, and is known to fail" if wrong is None else wrong
                print(f"FAIL {test}\n     " + what[:1000].replace("\n", "\n     "), flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
