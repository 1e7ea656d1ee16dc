#include "document/yaml_merge.h"

#include <algorithm>

#include <functional>
#include <map>
#include <utility>

#include "document/scalar.h"

namespace sluice::document {

namespace {

using base::Invalid;
using base::Result;

bool IsMerge(const Member& member) { return member.key == "<<" && member.key_kind == Kind::Null; }

/// Members with the place of each key at hand.
class Merged {
 public:
  /// Adds a member unless its key is there.
  void Add(Member member) {
    if (places_.emplace(member.key, members_.size()).second) members_.push_back(std::move(member));
  }
  /// Adds a member, or puts it in the place of the one with its key.
  void Set(Member member) {
    const auto [place, is_new] = places_.emplace(member.key, members_.size());
    if (is_new) {
      members_.push_back(std::move(member));
    } else {
      members_[place->second] = std::move(member);
    }
  }
  std::vector<Member> Take() { return std::move(members_); }

 private:
  std::vector<Member> members_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

/// Calls `use` with each mapping that a merge key names, in order.
template <class Function>
Result<void> ForEachSource(const Value& value, const Function& use) {
  const auto wrong = [] { return Invalid("map merge requires map or sequence of maps as the value"); };
  if (value.IsMapping()) {
    use(value);
    return {};
  }
  if (!value.IsSequence()) return wrong();
  for (const Value& item : value.items())
    if (!item.IsMapping()) return wrong();
  for (const Value& item : value.items()) use(item);
  return {};
}

Result<void> MergeAfter(std::vector<Member>& members) {
  Merged out;
  std::vector<Member> merges;
  for (Member& member : members) {
    if (IsMerge(member)) {
      merges.push_back(std::move(member));
    } else {
      out.Add(std::move(member));
    }
  }
  for (const Member& merge : merges) {
    TRY(ForEachSource(merge.value, [&](const Value& source) {
      for (const Member& member : source.members()) out.Add(member);
    }));
  }
  members = out.Take();
  return {};
}

Result<void> MergeInPlace(std::vector<Member>& members) {
  Merged out;
  for (Member& member : members) {
    if (!IsMerge(member)) {
      out.Set(std::move(member));
      continue;
    }
    std::vector<const Value*> sources;
    TRY(ForEachSource(member.value, [&](const Value& source) { sources.push_back(&source); }));
    for (auto source = sources.rbegin(); source != sources.rend(); ++source)
      for (const Member& merged : (*source)->members()) out.Set(merged);
  }
  members = out.Take();
  return {};
}

}  // namespace

Result<void> ResolveMergeKeys(std::vector<Member>& members, Resolver resolver) {
  return resolver == Resolver::GoYaml3 ? MergeAfter(members) : MergeInPlace(members);
}

namespace {

std::string GoString(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  static constexpr std::string_view kSpecial = "\a\b\f\n\r\t\v\\\"", kLetters = "abfnrtv\\\"";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (const std::size_t special = kSpecial.find(c); special != std::string_view::npos) {
      out += {'\\', kLetters[special]};
    } else if (byte < 0x20 || byte == 0x7F) {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string GoItem(const Value& value) { return value.IsNull() ? "interface {}(nil)" : GoSyntax(value); }

}  // namespace

std::string GoSyntax(const Value& value) {
  std::string out;
  switch (value.kind()) {
    case Kind::Null: return "<nil>";
    case Kind::Bool: return *value.AsBool() ? "true" : "false";
    case Kind::Int:
      if (const auto number = value.AsInt()) return std::to_string(*number);
      return std::string(value.text());
    case Kind::Float: return GoYamlFloat32(value.AsDouble().value_or(0));
    case Kind::Sequence:
      for (const Value& item : value.items()) out += (out.empty() ? "" : ", ") + GoItem(item);
      return "[]interface {}{" + out + "}";
    case Kind::Mapping: break;
    default: return GoString(value.text());
  }
  std::vector<std::string> entries;
  for (const Member& member : value.members()) {
    const bool text = member.key_kind == Kind::String || member.key_kind == Kind::Timestamp;
    entries.push_back((text ? GoString(member.key) : member.key) + ":" + GoItem(member.value));
  }
  std::sort(entries.begin(), entries.end());
  for (const std::string& entry : entries) out += (out.empty() ? "" : ", ") + entry;
  return "map[interface {}]interface {}{" + out + "}";
}

Result<std::string> JsonKeyText(const Value& key) {
  switch (key.kind()) {
    case Kind::Bool: return std::string(*key.AsBool() ? "true" : "false");
    case Kind::Int:
      if (const auto number = key.AsInt()) return std::string(NumberText(*number).view());
      break;
    case Kind::Float:
      if (const auto number = key.AsDouble()) return GoYamlFloat32(*number);
      break;
    default: break;
  }
  const std::string_view text = key.text();
  return Invalid("unsupported map key " + (text.empty() ? std::string("null") : "`" + std::string(text) + "`"));
}

}  // namespace sluice::document
