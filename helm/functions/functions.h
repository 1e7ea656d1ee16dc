// helm/functions/functions.h: every function that sprig 3.3 and Helm add to text/template's own and that needs no chart (helm-contract 7).
// Not here, since they need one: include, tpl, required, lookup, getHostByName. Pure: time, chance and zones come as arguments.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "helm/template/dialect.h"
#include "helm/template/function.h"

namespace sluice::helm {

struct FunctionOptions {
  Dialect dialect = Dialect::Helm3;
  /// What `now` returns; nothing: the epoch.
  std::function<base::TimePoint()> now;
  /// 64 bits nobody can foresee, for randAlphaNum, uuidv4, genPassword and salts; nothing: OpenSSL's generator. Keys always come from there.
  std::function<std::uint64_t()> random;
  /// The bytes of a zone's TZif file (RFC 8536) by its IANA name; nothing: only UTC is known.
  std::function<std::optional<std::string>(std::string_view name)> zone;
  /// The zone that Go calls "Local".
  std::string local_zone = "UTC";
};

/// The functions by name. They keep what they need of `options`.
FunctionMap Functions(const FunctionOptions& options);

/// Loads the libraries and files of the system that functions need, which are else loaded at the first call: for a process that will not be able to.
void LoadLibraries();

/// A zone's file of this system, "" in name and ".." refused: for FunctionOptions::zone.
std::optional<std::string> ReadSystemZone(std::string_view name);

}  // namespace sluice::helm
