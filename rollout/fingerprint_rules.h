// rollout/fingerprint_rules.h: what the API server does to fields on their way in, for kinds whose objects pass through its Go types, so that a
// fingerprint can look past it. For fingerprint.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "document/value.h"

namespace sluice::rollout {

/// Where a value stands: its key and the key of the mapping around it. Items of a list stand where their list stands.
struct Place {
  std::string_view parent, key;
  Place Below(std::string_view child) const { return {key, child}; }
};

/// A quantity as one number: mantissa * 10^exponent, the mantissa without trailing zeros.
struct Quantity {
  std::uint64_t high = 0, low = 0;  ///< of the 128-bit mantissa
  int exponent = 0;
  bool negative = false;
  bool IsZero() const { return high == 0 && low == 0; }
  bool operator==(const Quantity&) const = default;
};

/// `1000m`, `1.5Gi`, `1e3`; nullopt if it is none, or too long to be held exactly. Source: apimachinery, pkg/api/resource.
std::optional<Quantity> ParseQuantity(std::string_view text);

/// Whether a scalar at `place` of a `kind` built into Kubernetes is a quantity, which the server rewrites (`1000m` becomes `1`).
bool IsQuantity(std::string_view kind, Place place);

/// Whether IsServerDefault knows kinds of `group`: those built in, and Flux's own, which live in every fleet.
bool HasServerDefaults(std::string_view group);

/// Whether the server fills in (or drops) just this `value` at `place` where it is left out of a field that is owned as a whole.
bool IsServerDefault(std::string_view kind, Place place, const document::Value& value);

/// Whether a list named `key` in a built-in kind has items that are owned one by one. Empty, such a list leaves no trace in a field set.
bool IsAssociativeList(std::string_view key);

}  // namespace sluice::rollout
