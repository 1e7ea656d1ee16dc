// Any text either fails to parse or can be printed so that it reads back as the same value, in both dialects and with any options.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "document/json.h"
#include "document/taker.h"
#include "document/yaml.h"

namespace {

using namespace sluice::document;  // NOLINT: a fuzz target

void Require(bool condition) {
  if (!condition) std::abort();
}

/// What YAML text can hold and give back: printing turns times into strings, and drops what is not a number to JSON.
Value AsPrinted(const Value& value) {
  switch (value.kind()) {
    case Kind::Timestamp: {
      const auto json = ParseJson(EmitJson(value));
      Require(json.has_value());
      return *json;
    }
    case Kind::Sequence: {
      Value out = Value::Sequence();
      for (const Value& item : value.items()) out.Append(AsPrinted(item));
      return out;
    }
    case Kind::Mapping: {
      Value out = Value::Mapping();
      for (const Member& member : value.members())
        out.mutable_members().push_back(Member{.key = member.key, .value = AsPrinted(member.value)});
      return out;
    }
    default: return value;
  }
}

bool OnlyStringKeys(const Value& value) {
  for (const Value& item : value.items())
    if (!OnlyStringKeys(item)) return false;
  for (const Member& member : value.members())
    if (member.key_kind != Kind::String || !OnlyStringKeys(member.value)) return false;
  return true;
}

/// Bytes that are not UTF-8 (from !!binary) are printed as U+FFFD, and keys that are no strings may be printed alike: then nothing is compared.
void CheckPrinting(const Value& value, const EmitOptions& options) {
  const std::string first = EmitYaml(value, options);
  if (!OnlyStringKeys(value)) return;
  const auto again = ParseYaml(first);
  Require(again.has_value());
  if (first.find("\xEF\xBF\xBD") != std::string::npos) return;
  Require(EmitYaml(*again, options) == first);
  Require(AsPrinted(value) == *again);
}

/// Whoever is offered items and takes none has read the same text; and taking all of them is as safe.
void CheckTaking(std::string_view text, const YamlOptions& options) {
  const auto whole = ParseYaml(text, options);
  for (std::size_t depth = 1; depth <= 3; ++depth) {
    Taker taker{.depth = depth, .take = [](const auto&, Value&) -> sluice::base::Result<bool> { return false; }, .restart = {}};
    const auto left = ParseYamlTaking(text, options, taker);
    Require(left.has_value() == whole.has_value());
    Require(!whole || *left == *whole);
    taker.take = [](const auto&, Value&) -> sluice::base::Result<bool> { return true; };
    (void)ParseYamlTaking(text, options, taker);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const YamlOptions options{.resolver = (data[0] & 1) != 0 ? Resolver::Yaml11 : Resolver::GoYaml3,
                            .duplicate_keys = (data[0] & 2) != 0 ? DuplicateKeys::LastWins : DuplicateKeys::Refuse,
                            .merge_keys = (data[0] & 4) == 0,
                            .max_nodes = 20'000,
                            .file = "fuzz.yaml"};
  CheckTaking(text, options);
  const auto documents = ParseYamlStream(text, options);
  if (!documents) {
    Require(documents.error().message.starts_with("fuzz.yaml:"));
    return 0;
  }
  const EmitOptions emit{.sort_keys = (data[0] & 8) == 0,
                         .indent = (data[0] & 16) != 0 ? 4 : 2,
                         .indent_sequences = (data[0] & 32) != 0,
                         .width = (data[0] & 64) != 0 ? -1 : 80};
  for (const Value& document : *documents) {
    Value copy = document;
    Require(copy == document);
    CheckPrinting(document, emit);
  }
  return 0;
}
