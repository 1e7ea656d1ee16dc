// A line is put together by hand and leaves in one write(2): lines of several threads and processes on one stream stay whole, and a log line
// costs one string. That is all we would use of a logging library.
#include "base/log.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>

#include "base/mutex.h"
#include "base/utf8.h"

namespace sluice::base {

namespace {

void AppendEscaped(std::string& out, unsigned char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  out += "\\u00";
  out += kDigits[c >> 4];
  out += kDigits[c & 15];
}

// What a line may hold of each: together less than 8 KiB, which collectors take for one line.
constexpr std::size_t kMaxMessage = 2048, kMaxError = 4096, kMaxField = 512;

// A JSON string; bytes that are not UTF-8 become U+FFFD, so that the line stays JSON whatever a peer sent. What is longer than `max_bytes` ends in "...".
void AppendString(std::string& out, std::string_view text, std::size_t max_bytes = kMaxField) {
  out += '"';
  const std::size_t end = out.size() + max_bytes;
  while (!text.empty()) {
    if (out.size() >= end) {
      out += "...";
      break;
    }
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = Utf8Length(text);
    if (length == 0)
      out += "\xef\xbf\xbd";
    else if (first < 0x20 || first == 0x7f || first == '"' || first == '\\')
      AppendEscaped(out, first);
    else
      out += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

template <class Number>
void AppendNumber(std::string& out, Number number) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  out.append(text.data(), end);
}

void AppendField(std::string& out, const LogField& field, std::size_t max_bytes = kMaxField) {
  out += ',';
  AppendString(out, field.name);
  out += ':';
  if (const auto* text = std::get_if<std::string>(&field.value))
    AppendString(out, *text, max_bytes);
  else if (const auto* integer = std::get_if<std::int64_t>(&field.value))
    AppendNumber(out, *integer);
  else if (const auto* flag = std::get_if<bool>(&field.value))
    out += *flag ? "true" : "false";
  else if (const double number = std::get<double>(field.value); std::isfinite(number))
    AppendNumber(out, number);
  else
    out += "null";
}

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::Trace: return "trace";
    case LogLevel::Debug: return "debug";
    case LogLevel::Info: return "info";
    case LogLevel::Error: break;
  }
  return "error";
}

std::string FormatMillis(TimePoint time) {
  std::string text = FormatRfc3339Micro(time);  // ends in six digits and Z
  text.erase(text.size() - 4, 3);
  return text;
}

// A log that cannot be written has nobody to complain to: errors other than an interruption end the line.
void WriteStderr(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

struct Logger::Sink {
  LogLevel level;
  std::shared_ptr<const Clock> clock;
  std::function<void(std::string_view)> write;
  mutable Mutex mutex{};
};

Logger Logger::To(std::function<void(std::string_view line)> write, LogLevel level, std::shared_ptr<const Clock> clock) {
  Logger logger;
  logger.sink_ = std::make_shared<const Sink>(level, std::move(clock), std::move(write));
  return logger;
}

Logger Logger::ToStderr(LogLevel level) { return To(&WriteStderr, level, std::make_shared<SystemClock>()); }
Logger Logger::Null() { return Logger(); }

Logger Logger::With(std::initializer_list<LogField> fields) const {
  if (!sink_) return *this;
  std::string bound = bound_ ? *bound_ : "";
  for (const LogField& field : fields) AppendField(bound, field);
  Logger logger = *this;
  logger.bound_ = std::make_shared<const std::string>(std::move(bound));
  return logger;
}

bool Logger::Enabled(LogLevel level) const { return sink_ && level >= sink_->level; }

void Logger::Debug(std::string_view message, std::initializer_list<LogField> fields) const { Write(LogLevel::Debug, message, {}, fields); }
void Logger::Info(std::string_view message, std::initializer_list<LogField> fields) const { Write(LogLevel::Info, message, {}, fields); }
void Logger::Error(std::string_view message, std::string_view error, std::initializer_list<LogField> fields) const {
  Write(LogLevel::Error, message, error, fields);
}

void Logger::Write(LogLevel level, std::string_view message, std::string_view error, std::initializer_list<LogField> fields) const {
  if (!Enabled(level)) return;
  std::string line = R"({"ts":")" + FormatMillis(sink_->clock->Now()) + R"(","level":")";
  line += LevelName(level);
  line += R"(","msg":)";
  AppendString(line, message, kMaxMessage);
  if (bound_) line += *bound_;
  for (const LogField& field : fields) AppendField(line, field);
  if (level == LogLevel::Error) AppendField(line, {"error", error}, kMaxError);
  line += "}\n";
  MutexLock lock(sink_->mutex);
  sink_->write(line);
}

}  // namespace sluice::base
