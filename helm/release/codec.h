// helm/release/codec.h: a Release to the text in its Secret and back (helm-contract 11, 21): base64 of gzip of JSON. What we write has Helm 3's shape with
// zero times left out, which Helm 3 and 4 both read; what both write we read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "helm/release/record.h"

namespace sluice::helm {

struct DecodeLimits {
  std::size_t max_text = 8u << 20;   ///< bytes of base64, all parts together
  std::size_t max_json = 64u << 20;  ///< bytes unpacked
  std::size_t max_depth = 256;
};

/// The JSON of section 21.
std::string EncodeReleaseJson(const Release& release);
/// Its text. Of `release.chart` only the packed form is copied.
std::string EncodeRelease(const Release& release);
/// Errors: Invalid, TooLarge. `labels` stay empty: they are the Secret's. `pool` may be null.
base::Result<Release> DecodeRelease(std::string_view text, ChartPool* pool, const DecodeLimits& limits = {});
base::Result<Release> DecodeReleaseJson(std::string_view json, ChartPool* pool, const DecodeLimits& limits = {});

/// A JSON object as Go marshals the map that it reads it into: keys sorted, numbers as float64, <, > and & escaped. "" for an empty one and for null.
base::Result<std::string> CanonicalConfig(std::string_view json);
/// The same of values; "" for none. Errors: Invalid (NaN).
base::Result<std::string> ConfigOf(const Value& values);
/// The values of a Release's config; an empty map for "". One thread's.
Value ConfigValues(const std::string& config);
/// `sha256:…` of the values' YAML, as Flux's status.lastAttemptedConfigDigest has it (flux-contract 7.6).
std::string ConfigDigest(const std::string& config);

}  // namespace sluice::helm
