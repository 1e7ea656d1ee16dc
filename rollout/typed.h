// rollout/typed.h: the round trip through the Go types of the kinds built into Kubernetes (client-go's scheme) that Flux makes before an apply, and which shapes
// the fields that are owned: unknown fields vanish, empty ones are left out, and structs that are never left out appear (`resources: {}`,
// `strategy: {}`). Rule: apimachinery, pkg/runtime/converter.go. The types are tables, written by rollout/types/generate.go.
#pragma once

#include "document/value.h"

namespace sluice::rollout {

/// False, and `object` unchanged: its kind is not built in, or it does not fit its type (a number where a text belongs). Null members vanish, as they say
/// nothing. Texts stay as they are, also those of quantities and times. Known members keep their order, those that appear come behind them.
bool RoundTrip(document::Value& object);

}  // namespace sluice::rollout
