// helm/functions/semver_object.h: a version as templates hold it: *semver.Version, or the semver.Version that IncMinor and others return.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/version.h"
#include "helm/template/value.h"

namespace sluice::helm {

class SemverObject final : public Object {
 public:
  enum class Held { Pointer, Struct };
  SemverObject(base::Version version, std::string original, Held held)
      : version_(std::move(version)), original_(std::move(original)), held_(held) {}

  std::string TypeName() const override { return held_ == Held::Pointer ? "*semver.Version" : "semver.Version"; }
  std::string KindName() const override { return held_ == Held::Pointer ? "ptr" : "struct"; }
  const Signature* Method(std::string_view name) const override;
  base::Result<Value> Call(std::string_view name, std::span<const Value> arguments) override;
  std::optional<std::string> Text() const override { return version_.ToString(); }
  /// The unexported ones, which %d and its like print.
  std::vector<std::pair<std::string, Value>> Fields() const override;
  Value ToJson() const override { return Value::String(version_.ToString()); }
  bool Equals(const Object& other) const override;

  const base::Version& version() const { return version_; }

 private:
  base::Result<Value> Increment(std::string_view name) const;
  base::Result<Value> Derived(base::Version version) const;

  base::Version version_;
  std::string original_;
  Held held_;
};

}  // namespace sluice::helm
