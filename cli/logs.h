// cli/logs.h: lines that controllers wrote (Sluice's and Flux's) as `logs` shows them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::cli {

struct LogFilter {
  std::string level, kind, name, ns;  ///< "" stands for any
};

/// `<ts> <level> <Kind>/<name>.<namespace> - <message> <error>`; nullopt for a line that is no JSON object or that `filter` leaves out.
std::optional<std::string> FormatLogLine(std::string_view line, const LogFilter& filter);

/// One JSON line of a log as `--log-encoding=console` writes it: `ts<TAB>level<TAB>msg<TAB>{what else it says}`. What is no JSON stays as it is.
std::string ConsoleLine(std::string_view line);

}  // namespace sluice::cli
