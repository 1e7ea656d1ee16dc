#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cli/migrate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto once = sluice::cli::Migrate(text, "a.yaml");
  if (!once) return 0;
  if (once->changes.empty() && once->text != text) std::abort();  // nothing was done, and yet it differs
  return 0;
}
