#!/usr/bin/env python3
"""Writes what a program is made of, as CycloneDX JSON: the Debian packages of the libraries that it loads, and of the
headers that were compiled into it.

    scripts/write-sbom.py VERSION PROGRAM... > sbom.cdx.json
"""
import json
import os
import re
import subprocess
import sys

# Libraries that are headers alone, or linked in.
HEADERS = ["nlohmann-json3-dev", "libcli11-dev", "libcpp-httplib-dev", "libboost1.81-dev", "libedlib-dev",
           "libtomlplusplus-dev"]


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def package_of(path):
    # The file may be listed by its path before /lib became a link.
    for candidate in (path, os.path.realpath(path), re.sub(r"^/usr(?=/lib)", "", os.path.realpath(path)),
                      re.sub(r"^/lib", "/usr/lib", path)):
        found = subprocess.run(["dpkg-query", "--search", candidate], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.split(": ")[0].split(",")[0].strip()
    return None


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    version, programs = sys.argv[1], sys.argv[2:]
    packages = set()
    for program in programs:
        for path in re.findall(r"=> (/\S+)", output("ldd", program)):
            package = package_of(path)
            if package is None:
                sys.exit(f"{path}: of no package")
            packages.add(package)
    for package in HEADERS:
        if subprocess.run(["dpkg-query", "--status", package], capture_output=True).returncode == 0:
            packages.add(package)
    components = []
    for package in sorted(packages):
        name, number, arch = output("dpkg-query", "--show", "--showformat",
                                    "${source:Package} ${Version} ${Architecture}", package).split()
        binary = package.split(":")[0]
        components.append({
            "type": "library", "name": binary, "version": number,
            "purl": f"pkg:deb/debian/{binary}@{number}?arch={arch}&upstream={name}"})
    print(json.dumps({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"component": {"type": "application", "name": "fovea", "version": version,
                                   "licenses": [{"license": {"name": "see /usr/share/doc/fovea/copyright"}}]}},
        "components": components}, indent=1, sort_keys=True))


main()
