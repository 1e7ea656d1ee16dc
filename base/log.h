// base/log.h: JSON lines on a stream. A constant message; what varies goes into fields (docs/architecture.md lists their names).
// A Logger is a cheap handle: copy it, bind fields once, pass it down. Thread-safe.
// A line is `{"ts":...,"level":...,"msg":...`, the bound fields, those of the call, `"error":...}`, and leaves in one write.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"

namespace sluice::base {

enum class LogLevel { Trace, Debug, Info, Error };

struct LogField {
  std::string_view name;
  std::variant<std::string, std::int64_t, double, bool> value;
  LogField(std::string_view n, std::string v) : name(n), value(std::move(v)) {}
  LogField(std::string_view n, std::string_view v) : name(n), value(std::string(v)) {}
  LogField(std::string_view n, const char* v) : name(n), value(std::string(v)) {}
  LogField(std::string_view n, std::int64_t v) : name(n), value(v) {}
  LogField(std::string_view n, int v) : name(n), value(static_cast<std::int64_t>(v)) {}
  LogField(std::string_view n, std::size_t v) : name(n), value(static_cast<std::int64_t>(v)) {}
  LogField(std::string_view n, double v) : name(n), value(v) {}
  LogField(std::string_view n, bool v) : name(n), value(v) {}
};

class Logger {
 public:
  /// Writes to standard error; lines below `level` are dropped before their fields are formatted.
  static Logger ToStderr(LogLevel level);
  /// Hands every line, its line break included, to `write`, which is called from any thread, one call at a time. `clock` gives `ts`.
  static Logger To(std::function<void(std::string_view line)> write, LogLevel level, std::shared_ptr<const Clock> clock);
  /// Drops everything.
  static Logger Null();

  /// The same sink with these fields on every line.
  Logger With(std::initializer_list<LogField> fields) const;
  bool Enabled(LogLevel level) const;
  void Debug(std::string_view message, std::initializer_list<LogField> fields = {}) const;
  void Info(std::string_view message, std::initializer_list<LogField> fields = {}) const;
  /// `error` becomes the field of that name. Logged once, where it is handled.
  void Error(std::string_view message, std::string_view error, std::initializer_list<LogField> fields = {}) const;

 private:
  struct Sink;
  std::shared_ptr<const Sink> sink_;
  std::shared_ptr<const std::string> bound_;  ///< `,"name":value` pairs, already encoded
  void Write(LogLevel level, std::string_view message, std::string_view error, std::initializer_list<LogField> fields) const;
};

}  // namespace sluice::base
