#include "helm/functions/semver_object.h"

#include <array>
#include <limits>
#include <utility>

#include "helm/functions/semver.h"
#include "helm/template/function.h"

namespace sluice::helm {

namespace {

using base::Invalid;
using base::Result;
using base::Version;

struct MethodRow {
  std::string_view name;
  enum Parameters { None, Other, Text } parameters;
};

constexpr MethodRow kMethods[] = {
    {"Major", MethodRow::None},         {"Minor", MethodRow::None},
    {"Patch", MethodRow::None},         {"Prerelease", MethodRow::None},
    {"Metadata", MethodRow::None},      {"Original", MethodRow::None},
    {"String", MethodRow::None},        {"IncMajor", MethodRow::None},
    {"IncMinor", MethodRow::None},      {"IncPatch", MethodRow::None},
    {"Compare", MethodRow::Other},      {"Equal", MethodRow::Other},
    {"LessThan", MethodRow::Other},     {"LessThanEqual", MethodRow::Other},
    {"GreaterThan", MethodRow::Other},  {"GreaterThanEqual", MethodRow::Other},
    {"SetPrerelease", MethodRow::Text}, {"SetMetadata", MethodRow::Text},
};

std::optional<int> CompareTo(const Version& version, const Value& other) {
  const auto* object = other.IsObject() ? dynamic_cast<const SemverObject*>(other.object()) : nullptr;
  if (object == nullptr) return std::nullopt;
  const auto order = version <=> object->version();
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

Result<Value> CallComparison(std::string_view name, const Version& version, const Value& other) {
  const auto order = CompareTo(version, other);
  if (!order) {
    if (name == "Equal") return Value::Bool(false);
    return Invalid("runtime error: invalid memory address or nil pointer dereference");
  }
  if (name == "Compare") return Value::Int(*order);
  if (name == "Equal") return Value::Bool(*order == 0);
  if (name == "LessThan") return Value::Bool(*order < 0);
  if (name == "LessThanEqual") return Value::Bool(*order <= 0);
  if (name == "GreaterThan") return Value::Bool(*order > 0);
  return Value::Bool(*order >= 0);
}

}  // namespace

std::vector<std::pair<std::string, Value>> SemverObject::Fields() const {
  return {{"major", Value::Uint64(version_.major)},       {"minor", Value::Uint64(version_.minor)},
          {"patch", Value::Uint64(version_.patch)},       {"pre", Value::String(version_.prerelease)},
          {"metadata", Value::String(version_.metadata)}, {"original", Value::String(original_)}};
}

const Signature* SemverObject::Method(std::string_view name) const {
  static const Signature kNone, kOther{.parameters = {{.type = ParameterType::Object, .object = "*semver.Version"}}},
      kText{.parameters = {{.type = ParameterType::String}}};
  // Those of *Version are none of Version's.
  if (held_ == Held::Struct &&
      (name == "Original" || name == "Compare" || name == "Equal" || name.ends_with("Than") || name.ends_with("ThanEqual"))) {
    return nullptr;
  }
  for (const MethodRow& row : kMethods) {
    if (row.name == name) return row.parameters == MethodRow::None ? &kNone : row.parameters == MethodRow::Other ? &kOther : &kText;
  }
  return nullptr;
}

Result<Value> SemverObject::Call(std::string_view name, std::span<const Value> arguments) {
  if (name == "Major") return Value::Uint64(version_.major);
  if (name == "Minor") return Value::Uint64(version_.minor);
  if (name == "Patch") return Value::Uint64(version_.patch);
  if (name == "Prerelease") return Value::String(version_.prerelease);
  if (name == "Metadata") return Value::String(version_.metadata);
  if (name == "Original") return Value::String(original_);
  if (name == "String") return Value::String(version_.ToString());
  if (name.starts_with("Inc")) return Increment(name);
  if (arguments.empty()) return Invalid("wrong number of args for " + std::string(name) + ": want 1 got 0");
  if (!name.starts_with("Set")) return CallComparison(name, version_, arguments[0]);
  Version next = version_;
  const std::string& text = arguments[0].AsString();
  (name == "SetMetadata" ? next.metadata : next.prerelease) = text;
  if (!text.empty()) {
    // Only what makes a version of its own will do.
    const auto checked = ParseSemver(next.ToString());
    if (!checked || *checked != next) return Invalid(name == "SetMetadata" ? "invalid metadata string" : "invalid prerelease string");
  }
  return Derived(std::move(next));
}

Result<Value> SemverObject::Increment(std::string_view name) const {
  Version next = version_;
  next.prerelease.clear();
  next.metadata.clear();
  std::uint64_t* number = nullptr;
  if (name == "IncMajor") {
    number = &next.major;
    next.minor = next.patch = 0;
  } else if (name == "IncMinor") {
    number = &next.minor;
    next.patch = 0;
  } else if (version_.prerelease.empty()) {
    number = &next.patch;
  }
  if (number != nullptr && *number == std::numeric_limits<std::uint64_t>::max()) {
    const std::string_view part = name == "IncMajor" ? "major" : name == "IncMinor" ? "minor" : "patch";
    return Invalid(std::string(part) + " version increment would overflow uint64");
  }
  if (number != nullptr) ++*number;
  return Derived(std::move(next));
}

Result<Value> SemverObject::Derived(Version version) const {
  const std::string prefix = original_.starts_with('v') ? "v" : "";
  std::string original = prefix + version.ToString();
  return Value::Of(MakeRef<SemverObject>(std::move(version), std::move(original), Held::Struct));
}

bool SemverObject::Equals(const Object& other) const {
  const auto* version = dynamic_cast<const SemverObject*>(&other);
  return version != nullptr && version->held_ == held_ && version->original_ == original_ &&
         version->version_.ToString() == version_.ToString();
}

}  // namespace sluice::helm
