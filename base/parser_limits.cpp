#include "base/parser_limits.h"

namespace sluice::base {
namespace {

ParserLimits& Mutable() {
  static ParserLimits limits;
  return limits;
}

}  // namespace

const ParserLimits& Parsers() { return Mutable(); }

void SetParserLimits(const ParserLimits& limits) { Mutable() = limits; }

}  // namespace sluice::base
