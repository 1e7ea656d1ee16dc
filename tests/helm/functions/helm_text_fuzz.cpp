// Texts as the formats that functions read: dates, durations, zones' rules, URLs, JSON, base64, regular expressions, words.
#include <string_view>

#include "helm/functions/functions.h"
#include "helm/functions/zone.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace sluice::helm;
  static const FunctionMap functions = Functions({.dialect = Dialect::Helm4});
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(text.find('\n'), text.size());
  const Value whole[] = {Value::String(text)};
  for (const char* name :
       {"mustFromJson", "b64dec", "b32dec", "urlParse", "snakecase", "camelcase", "title", "durationSeconds", "clean", "dir"}) {
    (void)functions.find(name)->second.call(whole);
  }
  const Value pair[] = {Value::String(text.substr(0, line)), Value::String(text.substr(std::min(line + 1, size)))};
  for (const char* name : {"mustToDate", "mustRegexFind", "trimAll", "splitList"}) (void)functions.find(name)->second.call(pair);
  const Value replaced[] = {pair[0], pair[1], pair[0]};
  (void)functions.find("mustRegexReplaceAll")->second.call(replaced);
  (void)ZoneTimeByRule(text, 1'700'000'000);
  if (const auto zone = Zone::FromTzif(text)) (void)zone->At(1'700'000'000);
  return 0;
}
