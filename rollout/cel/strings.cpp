#include "rollout/cel/strings.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "document/utf8.h"
#include "rollout/cel/format.h"

namespace sluice::rollout::cel {
namespace {

Val OverBudget() { return Val::Error("operation cancelled: actual cost limit exceeded"); }
Val OutOfRange(std::int64_t index) { return Val::Error("index out of range: " + std::to_string(index)); }

/// Where each code point begins, and the end.
std::vector<std::size_t> Places(std::string_view text) {
  std::vector<std::size_t> out;
  for (std::size_t at = 0; at < text.size(); at += document::DecodeUtf8(text.substr(at)).size) out.push_back(at);
  out.push_back(text.size());
  return out;
}

bool IsPlace(const std::vector<std::size_t>& places, std::int64_t index) {
  return index >= 0 && static_cast<std::size_t>(index) < places.size();
}

Val CharAt(std::string_view text, std::int64_t index) {
  const auto places = Places(text);
  if (!IsPlace(places, index)) return OutOfRange(index);
  const auto at = static_cast<std::size_t>(index);
  return Val::String(at + 1 == places.size() ? "" : std::string(text.substr(places[at], places[at + 1] - places[at])));
}

Val IndexOf(std::string_view text, std::string_view sought, std::int64_t from) {
  if (sought.empty()) return Val::Int(from);
  if (from < 0) return OutOfRange(from);
  const auto places = Places(text);
  if (static_cast<std::size_t>(from) + 1 >= places.size()) return Val::Int(-1);
  const std::size_t found = text.find(sought, places[static_cast<std::size_t>(from)]);
  if (found == std::string_view::npos) return Val::Int(-1);
  return Val::Int(std::lower_bound(places.begin(), places.end(), found) - places.begin());
}

Val LastIndexOf(std::string_view text, std::string_view sought, std::int64_t from) {
  if (sought.empty()) return Val::Int(from);
  if (from < 0) return OutOfRange(from);
  const auto places = Places(text);
  if (static_cast<std::size_t>(from) + 1 >= places.size()) return Val::Int(-1);
  const std::size_t found = text.rfind(sought, places[static_cast<std::size_t>(from)]);
  if (found == std::string_view::npos) return Val::Int(-1);
  return Val::Int(std::lower_bound(places.begin(), places.end(), found) - places.begin());
}

Val LastIndexOfAll(std::string_view text, std::string_view sought) {
  const auto count = static_cast<std::int64_t>(CountCodePoints(text));
  if (sought.empty()) return Val::Int(count);
  return text.size() < sought.size() ? Val::Int(-1) : LastIndexOf(text, sought, count - 1);
}

Val Substring(std::string_view text, std::int64_t from, std::optional<std::int64_t> to) {
  if (to && from > *to) return Val::Error("invalid substring range. start: " + std::to_string(from) + ", end: " + std::to_string(*to));
  const auto places = Places(text);
  if (!IsPlace(places, from)) return OutOfRange(from);
  if (to && !IsPlace(places, *to)) return OutOfRange(*to);
  const std::size_t begin = places[static_cast<std::size_t>(from)];
  const std::size_t end = to ? places[static_cast<std::size_t>(*to)] : text.size();
  return Val::String(std::string(text.substr(begin, end - begin)));
}

/// Go's strings.Replace: an empty `old` stands before every code point and at the end.
Val Replace(std::string_view text, std::string_view old, std::string_view with, std::int64_t limit, Budget& budget) {
  std::string out;
  std::int64_t done = 0;
  std::size_t at = 0;
  const auto more = [&] { return limit < 0 || done < limit; };
  const auto put = [&](std::string_view piece) {
    if (!budget.SpendBytes(piece.size())) return false;
    out += piece;
    return true;
  };
  while (more() && !old.empty()) {
    const std::size_t found = text.find(old, at);
    if (found == std::string_view::npos) break;
    if (!put(text.substr(at, found - at)) || !put(with)) return OverBudget();
    at = found + old.size();
    ++done;
  }
  while (more() && old.empty()) {
    if (!put(with)) return OverBudget();
    ++done;
    if (at == text.size()) break;
    const std::size_t size = document::DecodeUtf8(text.substr(at)).size;
    out += text.substr(at, size);
    at += size;
  }
  return put(text.substr(at)) ? Val::String(std::move(out)) : OverBudget();
}

/// Go's strings.SplitN: at most `limit` parts (all below 0, none for 0); an empty separator separates code points.
Val Split(std::string_view text, std::string_view separator, std::int64_t limit, Budget& budget) {
  List out;
  if (limit == 0) return Val::Of(std::move(out));
  const auto room = [&] { return limit < 0 || static_cast<std::int64_t>(out.size()) + 1 < limit; };
  const auto put = [&](std::string_view piece) {
    out.push_back(Val::String(std::string(piece)));
    return budget.Spend(1);
  };
  std::size_t at = 0;
  if (separator.empty()) {
    while (at < text.size() && room()) {
      const std::size_t size = document::DecodeUtf8(text.substr(at)).size;
      if (!put(text.substr(at, size))) return OverBudget();
      at += size;
    }
    if (at < text.size()) put(text.substr(at));
    return Val::Of(std::move(out));
  }
  while (room()) {
    const std::size_t found = text.find(separator, at);
    if (found == std::string_view::npos) break;
    if (!put(text.substr(at, found - at))) return OverBudget();
    at = found + separator.size();
  }
  put(text.substr(at));
  return Val::Of(std::move(out));
}

Val Join(const Val& list, std::string_view separator, Budget& budget) {
  std::string out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Val item = list.At(i);
    if (!item.Is(Kind::String)) return Val::Error("join: invalid input: " + Printed(item));
    if (!budget.SpendBytes(item.text().size() + separator.size())) return OverBudget();
    if (i > 0) out += separator;
    out += item.text();
  }
  return Val::String(std::move(out));
}

bool IsSpace(std::uint32_t c) {
  return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

Val Trim(std::string_view text) {
  const auto places = Places(text);
  std::size_t from = 0, to = places.size() - 1;
  const auto is_space = [&](std::size_t i) { return IsSpace(document::DecodeUtf8(text.substr(places[i])).value); };
  while (from < to && is_space(from)) ++from;
  while (to > from && is_space(to - 1)) --to;
  return Val::String(std::string(text.substr(places[from], places[to] - places[from])));
}

Val Cased(std::string_view text, char first, char last) {
  std::string out(text);
  for (char& c : out) {
    if (c >= first && c <= last) c = static_cast<char>(c ^ 0x20);
  }
  return Val::String(std::move(out));
}

Val Reverse(std::string_view text) {
  const auto places = Places(text);
  std::string out;
  for (std::size_t i = places.size() - 1; i > 0; --i) out += text.substr(places[i - 1], places[i] - places[i - 1]);
  return Val::String(std::move(out));
}

Val Quote(std::string_view text) {
  constexpr std::string_view kPlain = "\a\b\f\n\r\t\v\\\"", kLetters = "abfnrtv\\\"";
  std::string out = "\"";
  for (const char c : document::CleanUtf8(text)) {
    const std::size_t at = kPlain.find(c);
    if (at == std::string_view::npos) {
      out += c;
    } else {
      out += '\\';
      out += kLetters[at];
    }
  }
  return Val::String(out + "\"");
}

/// Whether `args` have these kinds: s string, i int, l list.
bool Are(std::span<const Val> args, std::string_view kinds) {
  if (args.size() != kinds.size()) return false;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const Kind want = kinds[i] == 's' ? Kind::String : kinds[i] == 'i' ? Kind::Int : Kind::List;
    if (!args[i].Is(want)) return false;
  }
  return true;
}

std::optional<Val> CallOne(std::string_view name, std::span<const Val> args, Budget& budget) {
  const auto text = [&](std::size_t i) { return args[i].text(); };
  const auto integer = [&](std::size_t i) { return args[i].AsInt(); };
  if (name == "charAt" && Are(args, "si")) return CharAt(text(0), integer(1));
  if (name == "indexOf" && Are(args, "ss")) return IndexOf(text(0), text(1), 0);
  if (name == "indexOf" && Are(args, "ssi")) return IndexOf(text(0), text(1), integer(2));
  if (name == "lastIndexOf" && Are(args, "ss")) return LastIndexOfAll(text(0), text(1));
  if (name == "lastIndexOf" && Are(args, "ssi")) return LastIndexOf(text(0), text(1), integer(2));
  if (name == "lowerAscii" && Are(args, "s")) return Cased(text(0), 'A', 'Z');
  if (name == "upperAscii" && Are(args, "s")) return Cased(text(0), 'a', 'z');
  if (name == "replace" && Are(args, "sss")) return Replace(text(0), text(1), text(2), -1, budget);
  if (name == "replace" && Are(args, "sssi")) return Replace(text(0), text(1), text(2), integer(3), budget);
  if (name == "split" && Are(args, "ss")) return Split(text(0), text(1), -1, budget);
  if (name == "split" && Are(args, "ssi")) return Split(text(0), text(1), integer(2), budget);
  if (name == "substring" && Are(args, "si")) return Substring(text(0), integer(1), std::nullopt);
  if (name == "substring" && Are(args, "sii")) return Substring(text(0), integer(1), integer(2));
  if (name == "trim" && Are(args, "s")) return Trim(text(0));
  if (name == "reverse" && Are(args, "s")) return Reverse(text(0));
  if (name == "strings.quote" && Are(args, "s")) return Quote(text(0));
  const bool joins = name == "join" && !args.empty() && args[0].Is(Kind::List);
  if (joins && args[0].size() > 0 && !args[0].At(0).Is(Kind::String)) return std::nullopt;  // cel-go looks at the first item
  if (name == "join" && Are(args, "l")) return Join(args[0], "", budget);
  if (name == "join" && Are(args, "ls")) return Join(args[0], text(1), budget);
  if (name == "format" && Are(args, "sl")) {
    Val formatted = Format(text(0), args[1], budget.BytesLeft());
    return budget.SpendBytes(formatted.text().size()) ? formatted : OverBudget();
  }
  return std::nullopt;
}

}  // namespace

std::size_t CountCodePoints(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at += document::DecodeUtf8(text.substr(at)).size) ++count;
  return count;
}

bool CallStrings(std::string_view name, std::span<const Val> args, Budget& budget, Val& result) {
  if (!args.empty() && args[0].Is(Kind::String) && !budget.SpendBytes(args[0].text().size())) {
    result = OverBudget();
    return true;
  }
  std::optional<Val> value = CallOne(name, args, budget);
  if (!value) return false;
  result = *std::move(value);
  return true;
}

}  // namespace sluice::rollout::cel
