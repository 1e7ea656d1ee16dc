// Any text either fails to parse or prints as JSON that reads back as the same value and prints as the same bytes. What is JSON is YAML: the
// YAML reader must see the same value, but for what go-yaml does not take, and for -0, which is an integer to it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "document/json.h"
#include "document/yaml.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::document;  // NOLINT: a fuzz target
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto value = ParseJson(text, {.max_depth = 200});
  if (!value) return 0;
  const JsonEmitOptions options{.sort_keys = (data[0] & 1) != 0, .escape_html = (data[0] & 2) != 0, .indent = data[0] >> 6};
  const std::string printed = EmitJson(*value, options);
  const auto again = ParseJson(printed);
  Require(again.has_value());
  Require(*again == *value);
  Require(EmitJson(*again, options) == printed);
  const std::string plain = EmitJson(*value);
  const bool differs = plain.find_first_of("\x7F\xC2\xE2\xEF") != std::string::npos || plain.find("-0") != std::string::npos;
  const auto yaml = ParseYaml(plain, {.duplicate_keys = DuplicateKeys::LastWins});
  if (yaml) Require(EmitJson(*yaml) == plain || differs);
  return 0;
}
