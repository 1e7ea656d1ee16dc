// Whatever the text, substitution ends within its limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "document/substitute.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::document;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  SubstituteOptions options;
  options.max_bytes = 1u << 16;
  options.strict = size % 2 == 0;
  const auto lookup = [](std::string_view name) -> std::optional<std::string> {
    if (name.size() > 1) return std::nullopt;
    return "some/välue with ${a}, 5 € and *\xe2" + std::string(name);
  };
  const auto result = Substitute(text, lookup, options);
  if (result && result->size() > options.max_bytes) std::abort();
  return 0;
}
