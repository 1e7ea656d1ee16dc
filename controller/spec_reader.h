// controller/spec_reader.h: reads the fields of a spec with their types and defaults; the first wrong one is the error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "document/value.h"

namespace sluice::controller {

/// A cursor over one mapping. `path` names it in messages, e.g. `spec.sourceRef`. Absent and null are the same.
class SpecReader {
 public:
  SpecReader(const document::Value* value, std::string path) : value_(value), path_(std::move(path)) {}

  bool Has(std::string_view field) const;
  SpecReader Child(std::string_view field) const;
  std::vector<SpecReader> Items(std::string_view field) const;
  /// "" if absent. Invalid: `spec.path: want a string`.
  base::Result<std::string> String(std::string_view field) const;
  /// Invalid: `spec.sourceRef.name: required`.
  base::Result<std::string> RequiredString(std::string_view field) const;
  base::Result<bool> Bool(std::string_view field, bool fallback) const;
  /// Go's grammar of durations; `fallback` if absent.
  base::Result<base::Duration> Duration(std::string_view field, base::Duration fallback) const;
  base::Result<std::vector<std::string>> Strings(std::string_view field) const;
  /// The members of a mapping of strings, in order.
  base::Result<std::vector<std::pair<std::string, std::string>>> StringMap(std::string_view field) const;
  /// Unsupported if `field` is set at all: `spec.decryption is not supported yet; remove it or keep this object with Flux`.
  base::Result<void> Refuse(std::string_view field) const;
  const document::Value* value() const { return value_; }
  std::string PathOf(std::string_view field) const { return path_ + "." + std::string(field); }

 private:
  const document::Value* Get(std::string_view field) const;
  const document::Value* value_;
  std::string path_;
};

/// Unsupported, in the words that every refused field shares.
base::Error RefusedField(std::string_view path);

}  // namespace sluice::controller
