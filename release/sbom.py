"""The list of what a release is made of, as SPDX 2.3 in JSON: the program, and every library that it runs with. Equal inputs give equal bytes."""

import datetime
import hashlib
import json


def sha256_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _package(name, version, purl, supplier, files=()):
    identifier = "SPDXRef-Package-" + "".join(c if c.isalnum() or c in ".-" else "-" for c in name)
    entry = {"SPDXID": identifier, "name": name, "versionInfo": version, "supplier": supplier, "downloadLocation": "NOASSERTION",
             "filesAnalyzed": False, "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]}
    if files:
        entry["comment"] = "provides " + ", ".join(sorted(files))
    return entry


def _relations(files):
    static = [name.endswith(".a") for name in files]
    return (["STATIC_LINK"] if any(static) else []) + (["DYNAMIC_LINK"] if not all(static) else [])


def document(version, binary, libraries, made):
    """SPDX of Sluice `version`; `made` is the date of the sources in seconds since 1970."""
    digest = sha256_of(binary)
    program = _package("sluice", version, f"pkg:generic/sluice@{version}", "Organization: Sluice maintainers")
    program["checksums"] = [{"algorithm": "SHA256", "checksumValue": digest}]
    by_package = {}
    for library in libraries:
        by_package.setdefault((library.package, library.version), []).append(library.soname)
    packages = [_package(name, number, f"pkg:deb/debian/{name}@{number}", "Organization: Debian", files)
                for (name, number), files in sorted(by_package.items())]
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": program["SPDXID"]}]
    relations += [{"spdxElementId": program["SPDXID"], "relationshipType": kind, "relatedSpdxElement": package["SPDXID"]}
                  for package, files in zip(packages, (names for _, names in sorted(by_package.items()))) for kind in _relations(files)]
    created = datetime.datetime.fromtimestamp(made, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"sluice-{version}",
                       "documentNamespace": f"https://sluice.dev/spdx/sluice-{version}-{digest}",
                       "creationInfo": {"created": created, "creators": ["Tool: release/release.py"]},
                       "packages": [program, *packages], "relationships": relations}, indent=1, sort_keys=True) + "\n"
