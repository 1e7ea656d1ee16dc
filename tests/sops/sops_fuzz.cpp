// Any text as an encrypted file of each form: without a key there is no plain text. With rules that call nothing encrypted YAML keeps its layout,
// and what an INI file or a dotenv file says survives being written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "document/yaml.h"
#include "sops/lines.h"
#include "sops/sops.h"
#include "sops/tree.h"
#include "sops/yaml_text.h"

namespace {

using namespace sluice::sops;  // NOLINT: a fuzz target

void Require(bool condition) {
  if (!condition) std::abort();
}

void Lines(std::string_view text) {
  if (const auto section = ParseDotenv(text)) {
    const std::string printed = EmitDotenv(*section);
    const auto again = ParseDotenv(printed);
    Require(again.has_value());
    Require(EmitDotenv(*again) == printed);
  }
  if (const auto sections = ParseIni(text)) (void)ParseIni(EmitIni(*sections));
}

void Yaml(std::string_view text) {
  sluice::document::YamlOptions options;
  options.merge_keys = false;
  options.max_nodes = 10'000;
  auto documents = sluice::document::ParseYamlStream(text, options);
  if (!documents) return;
  Rules none;
  none.encrypted_suffix = "\x01no key ends so";
  for (const auto& document : *documents) {
    if (document.Find("sops") != nullptr) return;
  }
  const auto same = DecryptYamlText(text, *documents, none, std::string(32, 'k'));
  Require(same.has_value());
  Rules all;
  all.by_comments = true;
  (void)DecryptYamlText(text, *documents, all, std::string(32, 'k'));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto from = static_cast<Format>(data[0] % 5), to = static_cast<Format>(data[0] / 5 % 5);
  const sluice::base::TimePoint now{std::chrono::seconds(1'705'000'000)};
  Require(!Decrypt(text, from, to, Keys{}, now).has_value());
  (void)OpenValue(text, std::string(32, 'k'), "a:");
  Lines(text);
  Yaml(text);
  return 0;
}
