// Any text through fromYaml, toYaml and back, and through toYamlPretty: what was printed reads as what was meant, and prints the same again.
#include <cstdlib>
#include <string_view>

#include "helm/functions/functions.h"
#include "helm/functions/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace sluice::helm;
  static const FunctionMap functions = Functions({});
  const auto value = ParseYaml({reinterpret_cast<const char*>(data), size});
  if (!value) return 0;
  (void)functions.at("toYamlPretty").call(std::span(&*value, 1));
  const auto text = EmitYaml(*value);
  if (!text) return 0;
  const auto again = ParseYaml(*text);
  if (text->find("<<") != std::string::npos) return 0;  // go-yaml does not quote a key <<, which then merges
  if (!again || !DeepEqual(*value, *again)) std::abort();
  return 0;
}
