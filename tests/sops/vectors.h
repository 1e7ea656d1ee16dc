// What the tests of this folder share: files of tests/sops/vectors, which were made with sops 3.13.3 and age 1.3.2 (make.sh there).
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "sops/sops.h"

namespace sluice::sops {

inline std::string ReadFile(const std::string& path) {
  std::ifstream in(std::string(SLUICE_SOURCE_DIR) + "/tests/" + path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline std::string Vector(const std::string& name) { return ReadFile("sops/vectors/" + name); }

/// Keys of the identities named, and of the test's OpenPGP key if `pgp`.
inline Keys KeysOf(const std::vector<std::string>& names, bool pgp = false) {
  Keys keys;
  for (const std::string& name : names) {
    const auto identities = ParseAgeIdentities(Vector("keys/" + name + ".agekey"));
    EXPECT_TRUE(identities) << name;
    if (identities) keys.age.insert(keys.age.end(), identities->begin(), identities->end());
  }
  if (pgp) keys.pgp.push_back(ReadFile("crypto/openpgp/curve.private.asc"));
  return keys;
}

template <class T>
std::string Said(const base::Result<T>& result) {
  if (result) return "ok";
  return std::string(base::ToString(result.error().reason)) + ": " + result.error().message;
}

inline const base::TimePoint kNow = *base::ParseRfc3339("2026-01-01T00:00:00Z");

}  // namespace sluice::sops
