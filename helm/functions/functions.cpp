#include "helm/functions/functions.h"

#include <openssl/rand.h>

#include <stdexcept>

#include "helm/functions/registry.h"

namespace sluice::helm {

namespace {

std::uint64_t SystemRandom() {
  std::uint64_t bits = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&bits), sizeof(bits)) != 1)
    throw std::runtime_error("the system gives no random numbers");
  return bits;
}

FunctionOptions WithDefaults(FunctionOptions options) {
  if (!options.now) options.now = [] { return base::TimePoint{}; };
  if (!options.random) options.random = SystemRandom;
  if (!options.zone) options.zone = [](std::string_view) { return std::optional<std::string>(); };
  return options;
}

}  // namespace

FunctionMap Functions(const FunctionOptions& given) {
  const FunctionOptions options = WithDefaults(given);
  FunctionMap map;
  AddStrings(map);
  AddCase(map);
  AddWrap(map);
  AddSplit(map);
  AddRegex(map);
  AddNumbers(map);
  AddDecimal(map);
  AddLists(map);
  AddDicts(map, options.dialect);
  AddMerge(map);
  AddTypes(map, options.dialect);
  AddEncoding(map, options.dialect);
  AddToml(map, options.dialect);
  AddDates(map, options);
  AddDurations(map, options);
  AddSemver(map);
  AddHashes(map);
  AddRandom(map, options);
  AddPasswords(map, options);
  AddCertificates(map, options);
  AddUrl(map);
  AddPath(map);
  return map;
}

}  // namespace sluice::helm
