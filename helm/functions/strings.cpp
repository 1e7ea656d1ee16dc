// Texts: what strings and sprig's strings.go do. The subject is the last argument.
#include <algorithm>

#include "document/letter_case.h"
#include "helm/functions/base64.h"
#include "helm/functions/json.h"
#include "helm/functions/registry.h"
#include "helm/template/print.h"
#include "helm/template/quote.h"
#include "helm/template/unicode.h"

namespace sluice::helm {

namespace {

using base::Invalid;
using base::Result;

const std::string& Text(Arguments arguments, std::size_t i) { return arguments[i].AsString(); }
std::int64_t Number(Arguments arguments, std::size_t i) { return arguments[i].AsSigned(); }

// Trimming.

std::string_view TrimLeft(std::string_view text, const auto& drop) {
  while (!text.empty()) {
    const Rune rune = DecodeRune(text);
    if (!drop(rune.value)) break;
    text.remove_prefix(rune.size);
  }
  return text;
}

std::string_view TrimRight(std::string_view text, const auto& drop) {
  while (!text.empty()) {
    const Rune rune = DecodeLastRune(text);
    if (!drop(rune.value)) break;
    text.remove_suffix(rune.size);
  }
  return text;
}

std::string TrimAll(std::string_view cutset, std::string_view text) {
  std::u32string runes;
  for (std::string_view rest = cutset; !rest.empty();) {
    const Rune rune = DecodeRune(rest);
    runes += rune.value;
    rest.remove_prefix(rune.size);
  }
  const auto drop = [&](char32_t rune) { return runes.find(rune) != std::u32string::npos; };
  return std::string(TrimRight(TrimLeft(text, drop), drop));
}

// Cutting.

std::string Truncate(std::int64_t count, const std::string& text) {
  const auto size = static_cast<std::int64_t>(text.size());
  if (count < 0 && count > -size) return text.substr(static_cast<std::size_t>(size + count));
  if (count >= 0 && size > count) return text.substr(0, static_cast<std::size_t>(count));
  return text;
}

/// What a Go program says that slices text[start:end] out of `size` bytes.
base::Error SliceError(std::int64_t start, std::int64_t end, std::int64_t size) {
  const std::string prefix = "runtime error: slice bounds out of range [";
  if (end < 0) return Invalid(prefix + ":" + std::to_string(end) + "]");
  if (end > size) return Invalid(prefix + ":" + std::to_string(end) + "] with length " + std::to_string(size));
  if (start < 0) return Invalid(prefix + std::to_string(start) + ":]");
  return Invalid(prefix + std::to_string(start) + ":" + std::to_string(end) + "]");
}

Result<Value> Substring(Arguments arguments) {
  std::int64_t start = Number(arguments, 0), end = Number(arguments, 1);
  const std::string& text = Text(arguments, 2);
  const auto size = static_cast<std::int64_t>(text.size());
  const bool open = start >= 0 && (end < 0 || end > size);
  if (start < 0) start = 0;
  if (open) end = size;
  if (end < 0 || end > size || start > end) return SliceError(start, end, size);
  return Value::String(text.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start)));
}

std::string Abbreviate(const std::string& text, std::int64_t offset, std::int64_t width) {
  constexpr std::string_view kMarker = "...";
  const auto size = static_cast<std::int64_t>(text.size());
  if (text.empty() || width < 4) return {};
  if (size <= width) return text;
  offset = std::min(offset, size);
  if (size - offset < width - 3) offset = size - (width - 3);
  if (offset <= 4) return text.substr(0, static_cast<std::size_t>(width - 3)).append(kMarker);
  if (width < 7) return {};
  const std::string tail = text.substr(static_cast<std::size_t>(offset));
  if (offset + width - 3 < size) return std::string(kMarker) + Abbreviate(tail, 0, width - 3);
  return std::string(kMarker) + text.substr(static_cast<std::size_t>(size - (width - 3)));
}

// Building.

Result<Value> Repeat(Arguments arguments) {
  const std::int64_t count = Number(arguments, 0);
  const std::string& text = Text(arguments, 1);
  if (count < 0) return Invalid("strings: negative Repeat count");
  if (text.empty()) return Value::String("");
  if (static_cast<std::uint64_t>(count) > kMaxValueBytes / text.size()) return ValueTooLarge();
  std::string out;
  out.reserve(text.size() * static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) out += text;
  return Value::String(std::move(out));
}

Result<Value> Indent(std::int64_t spaces, std::string_view text, std::string_view lead) {
  if (spaces < 0) return Invalid("strings: negative Repeat count");
  const auto lines = static_cast<std::uint64_t>(std::ranges::count(text, '\n')) + 1;
  if (static_cast<std::uint64_t>(spaces) > kMaxValueBytes / lines || text.size() > kMaxValueBytes) return ValueTooLarge();
  const auto width = static_cast<std::size_t>(spaces);
  std::string out;
  out.reserve(lead.size() + text.size() + width * lines);
  out.append(lead).append(width, ' ');
  while (true) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) break;
    out.append(text.substr(0, end + 1)).append(width, ' ');
    text.remove_prefix(end + 1);
  }
  out.append(text);
  return TextResult(std::move(out));
}

/// strings.ReplaceAll; an empty `old` stands before every rune and at the end.
Result<Value> Replace(std::string_view old, std::string_view fresh, std::string_view text) {
  std::string out;
  while (true) {
    if (out.size() > kMaxValueBytes) return ValueTooLarge();
    if (old.empty()) {
      out += fresh;
      if (text.empty()) return Value::String(std::move(out));
      const std::size_t size = DecodeRune(text).size;
      out.append(text.substr(0, size));
      text.remove_prefix(size);
      continue;
    }
    const std::size_t at = text.find(old);
    out.append(text.substr(0, at));
    if (at == std::string_view::npos) return TextResult(std::move(out));
    out.append(fresh);
    text.remove_prefix(at + old.size());
  }
}

/// `write` of every argument that is not nil, with blanks between.
Result<Value> Spaced(Arguments arguments, const auto& write) {
  std::string out;
  bool first = true;
  for (const Value& value : arguments) {
    if (value.IsNil()) continue;
    if (!first) out += ' ';
    first = false;
    write(out, value);
    if (out.size() > kMaxValueBytes) return ValueTooLarge();
  }
  return Value::String(std::move(out));
}

Result<Value> Quote(Arguments arguments) {
  return Spaced(arguments, [](std::string& out, const Value& value) { out += GoQuote(TextOf(value)); });
}

Result<Value> SingleQuote(Arguments arguments) {
  return Spaced(arguments, [](std::string& out, const Value& value) {
    out += '\'';
    AppendSprint(out, value);
    out += '\'';
  });
}

Result<Value> Cat(Arguments arguments) {
  return Spaced(arguments, [](std::string& out, const Value& value) { AppendSprint(out, value); });
}

Result<Value> Join(Arguments arguments) {
  const std::string& separator = Text(arguments, 0);
  std::string out;
  bool first = true;
  for (const std::string& text : TextsOf(arguments[1])) {
    if (!first) out += separator;
    first = false;
    out += text;
    if (out.size() > kMaxValueBytes) return ValueTooLarge();
  }
  return Value::String(std::move(out));
}

Result<Value> SortAlpha(Arguments arguments) {
  std::vector<std::string> texts = IsSlice(AsList(arguments[0])) ? TextsOf(arguments[0]) : std::vector<std::string>{TextOf(arguments[0])};
  std::ranges::sort(texts);
  return Value::Strings(std::move(texts));
}

Value TextOrError(Result<std::string> text) { return Value::String(text ? std::move(*text) : text.error().message); }

void AddTrimming(FunctionMap& map) {
  Add(map, {"trim"}, {kString}, [](Arguments a) { return Value::String(std::string(TrimSpace(Text(a, 0)))); });
  Add(map, {"trimAll", "trimall"}, {kString, kString}, [](Arguments a) { return Value::String(TrimAll(Text(a, 0), Text(a, 1))); });
  Add(map, {"trimPrefix"}, {kString, kString}, [](Arguments a) {
    const std::string &prefix = Text(a, 0), &text = Text(a, 1);
    return Value::String(text.starts_with(prefix) ? text.substr(prefix.size()) : text);
  });
  Add(map, {"trimSuffix"}, {kString, kString}, [](Arguments a) {
    const std::string &suffix = Text(a, 0), &text = Text(a, 1);
    return Value::String(text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : text);
  });
}

void AddCutting(FunctionMap& map) {
  Add(map, {"trunc"}, {kInt, kString}, [](Arguments a) { return Value::String(Truncate(Number(a, 0), Text(a, 1))); });
  Add(map, {"substr"}, {kInt, kInt, kString}, Substring);
  Add(map, {"abbrev"}, {kInt, kString},
      [](Arguments a) { return Value::String(Number(a, 0) < 4 ? Text(a, 1) : Abbreviate(Text(a, 1), 0, Number(a, 0))); });
  Add(map, {"abbrevboth"}, {kInt, kInt, kString}, [](Arguments a) {
    const std::int64_t left = Number(a, 0), right = Number(a, 1);
    return Value::String(right < 4 || (left > 0 && right < 7) ? Text(a, 2) : Abbreviate(Text(a, 2), left, right));
  });
}

void AddQuestions(FunctionMap& map) {
  Add(map, {"contains"}, {kString, kString}, [](Arguments a) { return Value::Bool(Text(a, 1).find(Text(a, 0)) != std::string::npos); });
  Add(map, {"hasPrefix"}, {kString, kString}, [](Arguments a) { return Value::Bool(Text(a, 1).starts_with(Text(a, 0))); });
  Add(map, {"hasSuffix"}, {kString, kString}, [](Arguments a) { return Value::Bool(Text(a, 1).ends_with(Text(a, 0))); });
}

void AddBuilding(FunctionMap& map) {
  Add(map, {"repeat"}, {kInt, kString}, Repeat);
  Add(map, {"indent"}, {kInt, kString}, [](Arguments a) { return Indent(Number(a, 0), Text(a, 1), ""); });
  Add(map, {"nindent"}, {kInt, kString}, [](Arguments a) { return Indent(Number(a, 0), Text(a, 1), "\n"); });
  Add(map, {"replace"}, {kString, kString, kString}, [](Arguments a) { return Replace(Text(a, 0), Text(a, 1), Text(a, 2)); });
  AddVariadic(map, {"quote"}, {kAny}, Quote);
  AddVariadic(map, {"squote"}, {kAny}, SingleQuote);
  AddVariadic(map, {"cat"}, {kAny}, Cat);
  Add(map, {"join"}, {kString, kAny}, Join);
  Add(map, {"plural"}, {kString, kString, kInt}, [](Arguments a) { return Number(a, 2) == 1 ? a[0] : a[1]; });
  Add(map, {"toString"}, {kAny}, [](Arguments a) { return Value::String(TextOf(a[0])); });
  Add(map, {"toStrings"}, {kAny}, [](Arguments a) { return Value::Strings(TextsOf(a[0])); });
  Add(map, {"sortAlpha"}, {kAny}, SortAlpha);
}

void AddBaseEncodings(FunctionMap& map) {
  Add(map, {"b64enc"}, {kString}, [](Arguments a) { return TextResult(Base64Encode(Text(a, 0))); });
  Add(map, {"b32enc"}, {kString}, [](Arguments a) { return TextResult(Base32Encode(Text(a, 0))); });
  Add(map, {"b64dec"}, {kString}, [](Arguments a) { return TextOrError(Base64Decode(Text(a, 0))); });
  Add(map, {"b32dec"}, {kString}, [](Arguments a) { return TextOrError(Base32Decode(Text(a, 0))); });
}

}  // namespace

void AddStrings(FunctionMap& map) {
  AddTrimming(map);
  AddCutting(map);
  AddQuestions(map);
  AddBuilding(map);
  AddBaseEncodings(map);
  Add(map, {"hello"}, {}, [](Arguments) { return Value::String("Hello!"); });
  Add(map, {"fail"}, {kString}, [](Arguments a) -> Result<Value> { return Invalid(Text(a, 0)); });
}

}  // namespace sluice::helm
