#include "controller/spec_reader.h"

namespace sluice::controller {
namespace {
using base::Invalid;
using base::Result;
using document::Value;
}  // namespace

base::Error RefusedField(std::string_view path) {
  return base::MakeError(base::Reason::Unsupported,
                         std::string(path) + " is not supported by this version of Sluice; remove it, or leave the object to Flux");
}

const Value* SpecReader::Get(std::string_view field) const {
  const Value* found = value_ == nullptr ? nullptr : value_->Find(field);
  return found == nullptr || found->IsNull() ? nullptr : found;
}

bool SpecReader::Has(std::string_view field) const { return Get(field) != nullptr; }

SpecReader SpecReader::Child(std::string_view field) const { return {Get(field), PathOf(field)}; }

std::vector<SpecReader> SpecReader::Items(std::string_view field) const {
  std::vector<SpecReader> out;
  const Value* list = Get(field);
  if (list == nullptr) return out;
  for (std::size_t i = 0; i < list->items().size(); ++i) {
    out.emplace_back(&list->items()[i], PathOf(field) + "[" + std::to_string(i) + "]");
  }
  return out;
}

Result<std::string> SpecReader::String(std::string_view field) const {
  const Value* found = Get(field);
  if (found == nullptr) return std::string();
  const auto text = found->AsString();
  if (!text) return Invalid(PathOf(field) + ": want a string");
  return std::string(*text);
}

Result<std::string> SpecReader::RequiredString(std::string_view field) const {
  TRY(std::string text, String(field));
  if (text.empty()) return Invalid(PathOf(field) + ": required");
  return text;
}

Result<bool> SpecReader::Bool(std::string_view field, bool fallback) const {
  const Value* found = Get(field);
  if (found == nullptr) return fallback;
  const auto flag = found->AsBool();
  if (!flag) return Invalid(PathOf(field) + ": want true or false");
  return *flag;
}

Result<base::Duration> SpecReader::Duration(std::string_view field, base::Duration fallback) const {
  TRY(const std::string text, String(field));
  if (text.empty()) return fallback;
  const auto parsed = base::ParseGoDuration(text);
  if (!parsed || parsed->count() < 0) return Invalid(PathOf(field) + ": \"" + text + "\" is not a duration such as 10m or 1h30m");
  return *parsed;
}

Result<std::vector<std::string>> SpecReader::Strings(std::string_view field) const {
  std::vector<std::string> out;
  const Value* list = Get(field);
  if (list == nullptr) return out;
  if (!list->IsSequence()) return Invalid(PathOf(field) + ": want a list of strings");
  for (const Value& item : list->items()) {
    const auto text = item.AsString();
    if (!text) return Invalid(PathOf(field) + ": want a list of strings");
    out.emplace_back(*text);
  }
  return out;
}

Result<std::vector<std::pair<std::string, std::string>>> SpecReader::StringMap(std::string_view field) const {
  std::vector<std::pair<std::string, std::string>> out;
  const Value* map = Get(field);
  if (map == nullptr) return out;
  for (const document::Member& member : map->members()) {
    const auto text = member.value.AsString();
    if (!text) return Invalid(PathOf(field) + "." + member.key + ": want a string");
    out.emplace_back(member.key, std::string(*text));
  }
  return out;
}

Result<void> SpecReader::Refuse(std::string_view field) const {
  if (!Has(field)) return {};
  return RefusedField(PathOf(field));
}

}  // namespace sluice::controller
