// Any text as TOML, and what was read written again.
#include <string_view>

#include "helm/functions/toml.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace sluice::helm;
  const auto value = DecodeToml({reinterpret_cast<const char*>(data), size});
  if (value) (void)EncodeToml(*value);
  return 0;
}
